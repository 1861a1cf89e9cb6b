"""A delivery: rows in a shape, through a channel, on a day."""

from __future__ import annotations

from dataclasses import dataclass, field

from district_simulator.vocabulary.dialects import Dialect
from district_simulator.vocabulary.rows import Row
from district_simulator.vocabulary.sector_datasets import SECTOR_DATASETS, SECTOR_ENCODINGS
from district_simulator.vocabulary.units import table_of, unit_of
from district_simulator.vocabulary.workcalendar import CALENDAR

FORMATS = {
    "wsjk.penalty_entity": "xlsx",
    "wsjk.licence_person": "xlsx",
    "jtys.penalty_entity": "xls",
    "jtys.penalty_person": "xls",
    "sthj.penalty_entity": "xml",
    "sthj.licence_entity": "xml",
    "zhzf.penalty_entity": "csv",
    "zhzf.penalty_person": "csv",
    "zjj.licence_entity": "csv",
    "sfj.decision_ledger": "csv",
    "nync.penalty_entity": "csv",
    **{d.id: d.form for d in SECTOR_DATASETS.values()},
}
ENCODINGS = {"zhzf": "gb18030", "zjj": "utf-8-sig", **SECTOR_ENCODINGS}
INTERFACES = {
    "xzsp.licence_entity": "xk_fr",
    "xzsp.licence_person": "xk_zrr",
    "xzsp.decision_event": "events",
    "yjgl.penalty_entity": "cf_fr",
    **{d.id: d.place for d in SECTOR_DATASETS.values() if d.form == "json"},
}
DB_TABLES = {"events": "jdbg"}
PATTERNS = {
    "wsjk.penalty_entity": "xzcf_fr_{day}{tail}.xlsx",
    "wsjk.licence_person": "xzxk_zrr_{day}{tail}.xlsx",
    "jtys.penalty_entity": "ZHXYXT0000_XYGJJH1-0301_{day}08{tail}.xls",
    "jtys.penalty_person": "ZHXYXT0000_XYGJJH2-0301_{day}08{tail}.xls",
    "sthj.penalty_entity": "sthj_cf_fr{tail}_{day}.zip",
    "sthj.licence_entity": "sthj_xk_fr{tail}_{day}.zip",
    "zhzf.penalty_entity": "双公示_行政处罚_法人_{day}{tail}.csv",
    "zhzf.penalty_person": "双公示_行政处罚_自然人_{day}{tail}.csv",
    "zjj.licence_entity": "zjj_xk_{day}{tail}.csv",
    "sfj.decision_ledger": "执法台账_{day}{tail}.csv",
    "nync.penalty_entity": "nync_cf_{day}{tail}.csv",
    **{d.id: d.place for d in SECTOR_DATASETS.values() if d.is_file},
}


def format_of(dataset: str) -> str:
    """csv | xlsx | xls | xml | json | db."""
    if dataset in FORMATS:
        return FORMATS[dataset]
    return "json" if unit_of(dataset).channel == "api" else "db"


def api_version(day: int) -> str:
    """What the department APIs call their state at the end of a day."""
    return f"{CALENDAR[day].isoformat()}T18:00:00"


@dataclass
class Delivery:
    """One receipt as the department sends it."""

    day: int
    dataset: str
    dialect: Dialect
    rows: list[Row] = field(default_factory=list)
    tail: str = ""
    batch_no: str = ""  # exchange database
    done: bool = True  # exchange database: listed in batch_done
    damage: str = ""  # truncated | empty
    state: str = "accepted"  # accepted | held | broken | pending: what must become of the batch
    case: str = ""
    note: str = ""
    content: bytes | None = None  # a slip edited in place
    same: Delivery | None = None  # exact redelivery: byte for byte the file of this delivery

    @property
    def format(self) -> str:
        return format_of(self.dataset)

    @property
    def name(self) -> str:
        """File name or locator."""
        if self.dataset in PATTERNS:
            return PATTERNS[self.dataset].format(day=f"{CALENDAR[self.day]:%Y%m%d}", tail=self.tail)
        if self.format == "json":
            return f"{INTERFACES[self.dataset]}@{api_version(self.day)}"
        return f"{self.db_table}@{self.batch_no}"

    @property
    def db_table(self) -> str:
        if self.dataset in SECTOR_DATASETS:
            return SECTOR_DATASETS[self.dataset].place
        table = table_of(self.dataset)
        return DB_TABLES.get(table, table)

    def places(self, offset: int = 0) -> list[int]:
        """Row numbers a person sees: below the heading in a sheet, lines in a CSV, from 1 elsewhere."""
        line = 1 + offset if self.format in ("json", "db", "xml") else 2
        found = []
        for row in self.rows:
            found.append(line)
            line += 1
            if self.format == "csv":  # a quoted line break moves everything below
                line += sum(row.get(name).count("\n") for name in row.truth)
        return found

    @property
    def encoding(self) -> str:
        return ENCODINGS.get(self.dataset.split(".")[0], "utf-8")


@dataclass(frozen=True)
class RefusedFile:
    """A file of a dataset nobody may collect, laid into a unit's folder."""

    unit: str
    name: str
    title: str
    content: bytes
    numbers: tuple[str, ...]  # ID numbers in it, which must be found nowhere afterwards
