"""What ``district.yml`` says of a district beside its departments, receivers and evidence: its name, who answers for what, since when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated

from pydantic import Field as Attribute

from ..base.messages import UserError
from .models import Authority, Dataset, Unit
from .sectors import SECTOR_IDS, Mistake, Refused
from .strict import Strict


class Charged(Strict):
    """Ids of the units that answer for a figure of the target ledger and of those that contribute, in the order they are shown."""

    responsible: list[str] = Attribute(min_length=1)
    contributing: list[str] = []


class SignInAt(Strict):
    """The district's identity provider (OpenID Connect): its issuer, and what it calls the desk. The secret is a file."""

    issuer: str = Attribute(pattern=r"^https?://[^\s?#]+$")
    client_id: str = Attribute(min_length=1)
    title: str = "统一身份认证"


OWNERS = ("data_engineer", "leadership", "city", "department")  # who may be asked to act; a department also by its id


class Contact(Strict):
    """Whom to ask for an owner of open things: told in alerts."""

    name: str = Attribute(min_length=1, max_length=60)
    phone: str = Attribute(default="", pattern=r"^[-+0-9 ()转]{0,30}$")
    mail: str = Attribute(default="", pattern=r"^([^@\s]+@[^@\s]+)?$")

    @property
    def told(self) -> str:
        """In one line."""
        return "，".join(part for part in (self.name, self.phone, self.mail) if part)


class AlertReceiver(Strict):
    """Who is told what is new and open: by a connection, named as in the connections file, where address and secrets stand.

    ``to``: addresses of a mail, instead of those of the connection; ``owners``: whose things it is told (``OWNERS`` or ids of
    units), everybody's where none is named.
    """

    connection: str = Attribute(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$")
    to: list[Annotated[str, Attribute(pattern=r"^[^@\s,]+@[^@\s,]+$")]] = []
    owners: list[str] = []

    @property
    def id(self) -> str:
        """What he is remembered by: what he was told is told again to another one."""
        return " ".join([self.connection, *self.to])

    def concerns(self, owner: str) -> bool:
        """Whether what waits for an owner (``department:<unit>``) is told."""
        kind, _, unit = owner.partition(":")
        return not self.owners or bool({kind, unit} & set(self.owners))


class District(Strict):
    """A district. ``region_code`` is that of GB/T 2260, told beside the name; ``name`` is printed on the pages, '' where no district is named; ``issuing_body`` on reports.

    ``sectors``: sector → ids of the responsible units; ``targets``: figure of the target ledger or milestone → its units;
    ``planned``: sectors that are not served yet → the day they are to be; ``key_departments`` and ``report_areas``: what the plan names for T19 and T20; ``live_from``: the first day of service of all datasets, ``go_live``:
    of single ones; the warehouse's first business day where nothing is said. What was decided before it is 存量补录.
    ``single_handed``: why one person alone approves what he prepared himself (booked as 单人), '' where two do.
    ``oidc``: where people of the district sign in, None where the desk asks for a password of its own.
    ``contacts``: owner → whom to ask; ``alerts``: who is told, the connection ``alert`` alone where nobody is named.
    """

    name: str = Attribute(min_length=2)
    region_code: str = Attribute(default="", pattern=r"^([1-9]\d{5})?$")
    issuing_body: str = ""
    authorities: list[Authority] = []
    sectors: dict[str, list[str]] = {}
    planned: dict[str, date] = {}
    targets: dict[str, Charged] = {}
    key_departments: list[str] = []
    report_areas: list[str] = []
    live_from: date | None = None
    go_live: dict[str, date] = {}
    single_handed: str = Attribute(default="", pattern=r"^(.{4,})?$")
    oidc: SignInAt | None = None
    contacts: dict[str, Contact] = {}
    alerts: list[AlertReceiver] = []

    @property
    def alert_receivers(self) -> list[AlertReceiver]:
        """Who is told what is open."""
        return self.alerts or [AlertReceiver(connection="alert")]

    @property
    def title(self) -> str:
        """The name with the region code, where it is told."""
        return f"{self.name}（{self.region_code}）" if self.region_code else self.name

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


def check_district(district: District) -> Iterable[Mistake]:
    """Mistakes of ``district.yml``: sectors the plan does not have, names given twice, contacts of nobody."""
    for owner in district.contacts:
        if owner not in OWNERS[:3]:
            yield (
                ("contacts", owner),
                f"没有责任人 {owner}",
                f"写 {'、'.join(OWNERS[:3])}；单位的联系人写在它的 contact",
            )
    for name, sectors in (("sectors", district.sectors), ("planned", district.planned)):
        for sector in sectors:
            if sector not in SECTOR_IDS:
                yield (name, sector), f"没有领域 {sector}", "编号为 D01 至 D35"
    for name, listed in (("key_departments", district.key_departments), ("report_areas", district.report_areas)):
        for number, item in enumerate(listed):
            if item in listed[:number]:
                yield (name, number), "名称重复", "每个名称只写一次"


@dataclass(frozen=True)
class Absent:
    """What a district counts on and is not there yet: no mistake, a thing to be done.

    ``units`` and ``datasets``: ids that ``district.yml`` names and no department has; ``sectors``: those nobody serves and no
    entry of the product refuses → the day they are planned for, None without a plan.
    """

    units: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    sectors: dict[str, date | None] = field(default_factory=dict)

    def reminders(self, on: date) -> list[str]:
        """A line for each sort of thing, with its count, as of a day."""
        lines = []
        if self.units:
            lines.append(f"{len(self.units)} 个责任单位尚不在目录中：{'、'.join(self.units)}")
        if self.datasets:
            lines.append(f"{len(self.datasets)} 个写有上线日期的数据集尚不在目录中：{'、'.join(self.datasets)}")
        unplanned = [sector for sector, day in self.sectors.items() if day is None]
        overdue = [sector for sector, day in self.sectors.items() if day and day < on]
        if self.sectors:
            lines.append(
                f"{len(self.sectors)} 个领域尚未接入"
                + (f"，其中 {len(overdue)} 个已过计划日期：{'、'.join(overdue)}" if overdue else "")
                + (f"，{len(unplanned)} 个没有计划日期（planned）：{'、'.join(unplanned)}" if unplanned else "")
            )
        return lines


def absent(
    district: District, units: dict[str, Unit], datasets: dict[str, Dataset], refused: dict[str, Refused]
) -> Absent:
    """What ``district.yml`` counts on and is not there yet."""
    charged = [unit for ids in district.sectors.values() for unit in ids]
    charged += [unit for entry in district.targets.values() for unit in (*entry.responsible, *entry.contributing)]
    served = {item for dataset in datasets.values() for item in dataset.sectors}
    served |= {item for entry in refused.values() for item in entry.sectors}
    return Absent(
        units=tuple(sorted({unit for unit in charged if unit not in units})),
        datasets=tuple(dataset for dataset in district.go_live if dataset not in datasets),
        sectors={sector: district.planned.get(sector) for sector in SECTOR_IDS if sector not in served},
    )
