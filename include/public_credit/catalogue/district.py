"""What ``district.yml`` says of a district beside its departments, receivers and evidence: its name, who answers for what, since when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from pydantic import Field as Attribute

from ..base.messages import UserError
from .models import Authority, Dataset, Unit
from .sectors import SECTOR_IDS, Mistake, Refused
from .strict import Strict


class Charged(Strict):
    """Ids of the units that answer for a figure of the target ledger and of those that contribute, in the order they are shown."""

    responsible: list[str] = Attribute(min_length=1)
    contributing: list[str] = []


class District(Strict):
    """A district. ``name`` is printed on the pages, '' where no district is named; ``issuing_body`` on reports.

    ``sectors``: sector → ids of the responsible units; ``targets``: figure of the target ledger or milestone → its units;
    ``key_departments`` and ``report_areas``: what the plan names for T19 and T20; ``live_from``: the first day of service of all datasets, ``go_live``:
    of single ones; the warehouse's first business day where nothing is said. What was decided before it is 存量补录.
    """

    name: str = Attribute(min_length=2)
    issuing_body: str = ""
    authorities: list[Authority] = []
    sectors: dict[str, list[str]] = {}
    targets: dict[str, Charged] = {}
    key_departments: list[str] = []
    report_areas: list[str] = []
    live_from: date | None = None
    go_live: dict[str, date] = {}

    @property
    def issuer(self) -> str:
        """The body that issues reports; where the district names none, its platform."""
        return self.issuing_body or f"{self.name}公共信用信息平台"

    def live_on(self, dataset: str) -> date | None:
        """First day of service of a dataset, None where the warehouse's first business day is it."""
        return self.go_live.get(dataset, self.live_from)

    def area(self, name: str, purpose: str) -> str:
        """A named area of use, or ''. Raises UserError when it is none of ``report_areas``, or no purpose says what the use is for."""
        name = name.strip()
        if name and name not in self.report_areas:
            raise UserError(
                f"没有应用领域“{name}”。",
                remedy=f"可用的领域：{'、'.join(self.report_areas) or '无（district.yml 的 report_areas）'}",
            )
        if name and not purpose.strip():
            raise UserError(f"用于“{name}”的报告须说明目的。", remedy="加上 --purpose “……”，使用将留痕。")
        return name


NOWHERE = District.model_construct(name="")


def check_district(
    district: District, units: dict[str, Unit], datasets: dict[str, Dataset], refused: dict[str, Refused]
) -> Iterable[Mistake]:
    """Mistakes of ``district.yml``: unknown units, sectors and datasets; sectors with neither dataset nor refusal; repeated names."""
    served = {item for dataset in datasets.values() for item in dataset.sectors}
    served |= {item for entry in refused.values() for item in entry.sectors}
    charged: list[tuple[tuple[object, ...], list[str]]] = [
        (("sectors", key), ids) for key, ids in district.sectors.items()
    ]
    for figure, entry in district.targets.items():
        charged += [
            (("targets", figure, "responsible"), entry.responsible),
            (("targets", figure, "contributing"), entry.contributing),
        ]
    for location, ids in charged:
        if unknown := [unit for unit in ids if unit not in units]:
            yield location, f"责任单位不在目录中：{'、'.join(unknown)}", "写 departments 中单位的编号"
    for sector in district.sectors:
        if sector not in SECTOR_IDS:
            yield ("sectors", sector), f"没有领域 {sector}", "编号为 D01 至 D35"
        elif sector not in served:
            yield (
                ("sectors", sector),
                f"领域 {sector} 既没有数据集，也没有不予归集的说明",
                "为责任单位补一个数据集（sectors 写上本领域）；尚未接入的领域先不写",
            )
    for name, listed in (("key_departments", district.key_departments), ("report_areas", district.report_areas)):
        if len(set(listed)) < len(listed):
            yield (name,), "名称重复", "每个名称只写一次"
    for dataset in district.go_live:
        if dataset not in datasets:
            yield ("go_live", dataset), f"没有数据集 {dataset}", "写 departments 中数据集的编号"
