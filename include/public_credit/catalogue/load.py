"""The catalogue: what the product's and the district's folder say, read again when a file changed.

A mistake in the product's folder ends every start; one in the district's leaves out what its file says, and everything else runs.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path

from ..base import settings
from ..base.messages import UserError
from . import remembered
from .district import NOWHERE, Absent, District, absent
from .folder import Folder, read_folder
from .models import Dataset, Forbidden, Kind, Receiver, Unit
from .product import read_product
from .sectors import Refused, Sector
from .source import Problem
from .users import NAME as USERS
from .users import Account

Stamp = tuple[tuple[str, int], ...]
_YAML = "*.y*ml"


class CatalogueError(UserError):
    """The product's catalogue has mistakes, or the district has no name; nothing runs until they are mended."""

    def __init__(self, problems: list[Problem]):
        super().__init__(
            f"目录有 {len(problems)} 处错误：\n" + "\n".join(map(str, problems)),
            remedy="改正后运行 public-credit catalogue check。",
        )


class LeftOut(UserError):
    """A file of the district has a mistake, so what it names is left out until it is mended."""

    def __init__(self, whose: str, problems: tuple[Problem, ...]):
        super().__init__(f"{whose}：{'；'.join(map(str, problems))}", remedy="改正后即生效，不必重启。", code=3)


@dataclass(frozen=True)
class Catalogue:
    """Everything the catalogue names.

    ``left_out``: file of the district → its mistakes; ``stale``: unit → its file, of units that are in force as they were when
    it was good last; ``good``: file → text; ``absent``: what ``district.yml`` counts on and is not there yet.
    """

    kinds: dict[str, Kind]
    units: dict[str, Unit]
    receivers: dict[str, Receiver]
    forbidden: Forbidden
    version: str
    district: District = NOWHERE
    datasets: dict[str, Dataset] = field(default_factory=dict)
    sectors: dict[str, Sector] = field(default_factory=dict)
    refused: dict[str, Refused] = field(default_factory=dict)
    left_out: dict[str, tuple[Problem, ...]] = field(default_factory=dict)
    stale: dict[str, str] = field(default_factory=dict)
    good: dict[str, str] = field(default_factory=dict)
    absent: Absent = Absent()
    users: dict[str, Account] = field(default_factory=dict)

    @property
    def collected(self) -> list[Unit]:
        """The units of which something is pulled: each has a DAG."""
        return [unit for unit in self.units.values() if any(item.channel.type != "hand_in" for item in unit.datasets)]

    def unit_name(self, unit_id: str) -> str:
        """What people call a unit; its id where the catalogue does not name it."""
        unit = self.units.get(unit_id)
        return unit.name if unit else unit_id

    def interface_name(self, interface_id: str) -> str:
        """What a receiver is told by an interface; its id where no receiver has it."""
        for receiver in self.receivers.values():
            if found := receiver.interfaces.get(interface_id):
                kind = self.kinds[found.kind]
                return f"{kind.title}（{kind.tables[found.variant].title}）"
        return interface_id

    def sound(self, unit_id: str) -> None:
        """Raises LeftOut while the file of a unit has a mistake: nothing new is taken of it."""
        file = self.stale.get(unit_id, "" if unit_id in self.units else f"departments/{unit_id}.yml")
        if file in self.left_out:
            raise LeftOut(f"{self.unit_name(unit_id)}暂不采集，它的目录文件有误", self.left_out[file])

    def unit(self, unit_id: str) -> Unit:
        """A unit something new may be taken of. Raises LeftOut while its file has a mistake, UserError for an unknown one."""
        self.sound(unit_id)
        if unit_id not in self.units:
            raise UserError(f"目录中没有单位 {unit_id}。", remedy=f"可用的单位编号：{'、'.join(sorted(self.units))}")
        return self.units[unit_id]

    def has_receivers(self) -> bool:
        """Whether anything leaves the house. Raises LeftOut while the file of a receiver has a mistake: nothing leaves then."""
        for file, problems in self.left_out.items():
            if file.startswith("receivers/"):
                raise LeftOut("暂不报送，接收方的目录文件有误", problems)
        return bool(self.receivers)

    def refusal(self, text: str) -> str | None:
        """Id of the entry of ``refused.yml`` that a dataset's id, a title or a file name speaks of."""
        if text in self.refused:
            return text
        return next((name for name, entry in self.refused.items() if entry.speaks_of(text)), None)

    @property
    def supplier_usccs(self) -> frozenset[str]:
        """Codes that may stand as authority or source unit (rule R15)."""
        return frozenset(
            {unit.uscc for unit in self.units.values()} | {item.uscc for item in self.district.authorities}
        )

    def receiver(self, receiver_id: str) -> Receiver:
        """A receiver of the district. Raises UserError (code 3) when it has none of this id, or one whose file has a mistake."""
        self.has_receivers()
        if receiver_id not in self.receivers:
            raise UserError(
                f"没有接收方 {receiver_id}。", remedy="在辖区文件夹的 receivers 中补上，并设置 PCW_DISTRICT。", code=3
            )
        return self.receivers[receiver_id]


def default_root() -> Path:
    """The product's own catalogue, ``include/catalogue`` of the checkout."""
    return settings.checkout() / "include" / "catalogue"


def _version(*places: Path | None) -> str:
    digest = hashlib.sha256()
    for place in filter(None, places):
        for path in (path for path in _paths(place) if path.name != USERS):  # who signs in changes no verdict
            content = path.read_bytes() if path.is_file() else b""
            digest.update(path.relative_to(place).as_posix().encode() + b"\0" + content + b"\0")
    return digest.hexdigest()[:12]


def _paths(place: Path) -> list[Path]:
    return [path for path in sorted(place.rglob(_YAML)) if not path.name.startswith(".")]


def read(root: Path, folder: Path | None, last: Mapping[str, str] | None = None) -> tuple[Catalogue, list[Problem]]:
    """The catalogue of a product's and a district's folder as far as it is good, and every mistake found on the way.

    ``last``: files of the district as they were when they were good last, file → text.
    """
    problems: list[Problem] = []
    product = read_product(root, problems)
    found = read_folder(folder, product, last or {}) if folder else Folder()
    datasets = found.datasets
    catalogue = Catalogue(
        kinds=product.kinds,
        units=found.units,
        receivers=found.receivers,
        forbidden=product.forbidden,
        version=_version(root, folder),
        district=found.district,
        datasets=datasets,
        sectors=product.sectors,
        refused=product.refused,
        left_out={name: tuple(mistakes) for name, mistakes in sorted(found.left_out.items())},
        stale=found.stale,
        good=found.good,
        absent=absent(found.district, found.units, datasets, product.refused) if folder else Absent(),
        users=found.users,
    )
    return catalogue, problems + [problem for mistakes in catalogue.left_out.values() for problem in mistakes]


@lru_cache(maxsize=4)
def _read(
    root: Path, folder: Path | None, stamp: Stamp, last: tuple[tuple[str, str], ...]
) -> tuple[Catalogue, list[Problem]]:
    return read(root, folder, dict(last))


def _stamps(place: Path) -> list[tuple[str, int]]:
    """The files ``_paths`` names with the time each was changed last; asked some times for every page, so without a Path for each."""
    found = []
    for folder, _, names in os.walk(place):
        for name in names:
            if fnmatchcase(name, _YAML) and not name.startswith("."):
                path = os.path.join(folder, name)
                with suppress(FileNotFoundError):
                    found.append((path, os.stat(path).st_mtime_ns))
    return sorted(found)


def load_catalogue() -> Catalogue:
    """The catalogue; read again when a file changed.

    Raises CatalogueError for a mistake of the product, UserError for a district that is none.
    """
    root, folder = default_root(), settings.district_folder()
    stamp = tuple(stamp for place in (root, folder) if place for stamp in _stamps(place))
    catalogue, problems = _read(root, folder, stamp, ())
    if catalogue.left_out:
        catalogue, problems = _read(root, folder, stamp, remembered.recall(stamp))
    if (folder and catalogue.district is NOWHERE) or any(item.file not in catalogue.left_out for item in problems):
        raise CatalogueError(problems)
    return catalogue


def dataset_of(batch_seq: int, dataset_id: str) -> Dataset:
    """The dataset of a batch. Raises UserError (code 3) when it has left the catalogue: the batch waits as it is."""
    dataset = load_catalogue().datasets.get(dataset_id)
    if dataset is None:
        raise UserError(
            f"批次 {batch_seq} 的数据集 {dataset_id} 已不在目录内。",
            remedy=f"恢复目录中的数据集，或运行 public-credit batches set-aside {batch_seq} --reason “……”（已放行的用 batches withdraw）。",
            code=3,
        )
    return dataset
