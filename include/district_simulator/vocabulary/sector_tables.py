"""Record formats of the sectors as data: ``sector_kinds/<kind>.yml``, one table per kind and variant."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

CODES = ("uscc", "org_code", "business_reg_no", "tax_reg_no", "institution_cert_no", "social_org_cert_no")
DATES = ("date", "month")


@dataclass(frozen=True)
class Spec:
    """One field."""

    name: str
    code: str
    title: str
    type: str
    length: int
    required: bool
    aliases: tuple[str, ...]


@dataclass(frozen=True)
class SectorTable:
    """One kind in one variant; its id is ``<kind>.<variant>``."""

    kind: str
    variant: str
    key: tuple[str, ...]
    fields: dict[str, Spec]
    values: dict[str, dict[str, list[str]]]

    @property
    def id(self) -> str:
        return f"{self.kind}.{self.variant}"

    @property
    def about(self) -> str:
        """Whom its rows are about: organisation | person | count."""
        if "id_no" in self.fields:
            return "person"
        return "organisation" if "uscc" in self.fields else "count"

    def of_type(self, *types: str) -> list[str]:
        """Names of the fields of these types."""
        return [f.name for f in self.fields.values() if f.type in types]


def _load() -> dict[str, SectorTable]:
    tables = {}
    for path in sorted((Path(__file__).parent / "sector_kinds").glob("*.yml")):
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        specs = {
            name: Spec(name, code, title, kind, length, required, tuple(aliases))
            for name, (code, title, kind, length, required, aliases) in data["fields"].items()
        }
        for variant, names in data["variants"].items():
            table = SectorTable(
                data["kind"],
                variant,
                tuple(data["key"]),
                {n: specs[n] for n in names},
                {n: v for n, v in data["values"].items() if n in names},
            )
            tables[table.id] = table
    return tables


SECTOR_TABLES: dict[str, SectorTable] = _load()
