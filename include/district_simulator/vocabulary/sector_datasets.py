"""What the sectors' units deliver: ``sector_units.yml`` read once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class SectorDataset:
    """One delivery stream of a unit."""

    id: str
    table: str  # <kind>.<variant>
    form: str  # csv | xlsx | xls | xml | json | db
    place: str  # file name pattern, API interface or exchange table
    rows: int
    style: str
    dates: str
    snapshot: bool = False
    own: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def unit(self) -> str:
        return self.id.split(".")[0]

    @property
    def is_file(self) -> bool:
        return self.form not in ("json", "db")


_DATA = yaml.safe_load((Path(__file__).parent / "sector_units.yml").read_text(encoding="utf-8"))
SECTOR_UNITS: dict[str, tuple[str, str, int, str]] = {uid: tuple(values) for uid, values in _DATA["units"].items()}
SECTOR_ENCODINGS: dict[str, str] = _DATA["encodings"]
SECTOR_DATASETS: dict[str, SectorDataset] = {
    dataset: SectorDataset(dataset, **values) for dataset, values in _DATA["datasets"].items()
}
