"""The book of one district: what is planned, given away and told, and what the registers know.

State only: parts write into it and read what earlier parts wrote (``assemble`` says in which order); it calls none of them.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from district_simulator.vocabulary.codes import PLACEHOLDER, family, uscc_valid
from district_simulator.vocabulary.deliveries import Delivery, RefusedFile
from district_simulator.vocabulary.dialects import Dialect
from district_simulator.vocabulary.rows import Row
from district_simulator.vocabulary.units import unit_of
from district_simulator.vocabulary.workcalendar import CALENDAR, DAYS


@dataclass
class Book:
    """Everything the departments of one seed will send. The clerks' resubmissions are not in it: they answer slips."""

    seed: int
    scale: float
    deliveries: dict[int, list[Delivery]] = field(default_factory=lambda: {day: [] for day in CALENDAR})
    main: dict[tuple[str, int], Delivery] = field(default_factory=dict)  # (dataset, day) → its ordinary delivery
    refused: dict[int, list[RefusedFile]] = field(default_factory=lambda: {day: [] for day in DAYS})
    taken: dict[int, Row] = field(
        default_factory=dict
    )  # id → clean row that a scenario uses; kept alive, so ids stay theirs
    wrong_numbers: list[tuple[int, Row, str]] = field(
        default_factory=list
    )  # (day, row, basis) of a revocation still to tell
    revoked_penalties: list[Row] = field(default_factory=list)  # of food firms, ended by a notice on day 2
    rekey: dict[str, str] = field(
        default_factory=dict
    )  # decision numbers the clerk will find wrong on day 3 → the right ones
    reissued: dict[str, str] = field(default_factory=dict)  # old code → new code on day 3
    city_register: dict[str, str] = field(default_factory=dict)  # USCC → name, as the city knows them
    _batches: dict[tuple[str, int], int] = field(default_factory=dict)

    def deliver(
        self, day: int, dataset: str, rows: list[Row], dialect: Dialect, *, main: bool = False, **options: Any
    ) -> Delivery:
        """Add a delivery (its place in the day's list is its order of arrival); ``options`` are fields of ``Delivery``."""
        delivery = Delivery(day, dataset, dialect, rows, **options)
        if delivery.format == "db" and not delivery.batch_no:
            delivery.batch_no = self.batch_number(unit_of(dataset).id, day)
        self.deliveries[day].append(delivery)
        if main:
            self.main[dataset, day] = delivery
        return delivery

    def batch_number(self, unit: str, day: int) -> str:
        """Next batch number of an exchange schema."""
        number = self._batches[unit, day] = self._batches.get((unit, day), 0) + 1
        return f"{CALENDAR[day]:%Y%m%d}{number:03d}"

    def insert(self, day: int, row: Row) -> Row:
        """Add a row to the ordinary delivery of its dataset."""
        self.main[row.dataset, day].rows.append(row)
        return row

    def take(self, row: Row) -> None:
        """Give a clean row away: no other scenario may use it."""
        self.taken[id(row)] = row

    def is_free(self, row: Row) -> bool:
        """Neither planted nor given away."""
        return not row.case and id(row) not in self.taken


@dataclass
class Booked:
    """One row as it was received."""

    delivery: Delivery
    row_no: int
    row: Row
    result: str  # accepted | quarantined | duplicate | refused


_SCHEMES = {
    "org_code": "org",
    "business_reg_no": "reg",
    "tax_reg_no": "tax",
    "institution_cert_no": "inst",
    "social_org_cert_no": "soc",
}


def fold(name: str) -> str:
    """Names as the warehouse compares them."""
    return "".join(unicodedata.normalize("NFKC", name).upper().split()).translate(str.maketrans("〔〕【】[]", "()()()"))


@dataclass
class Registry:
    """Identifiers of the registers in force: scheme and value → subjects (current USCCs)."""

    found: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    grown: dict[str, str] = field(default_factory=dict)
    reissued: dict[str, str] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        code, before = row.get("uscc"), row.get("predecessor_uscc")
        self.found["uscc", code].add(code)
        self.found["org", code[8:17]].add(code)
        for name, scheme in _SCHEMES.items():
            if row.get(name):
                self.found[scheme, row.get(name)].add(code)
        self.found["name", fold(row.get("name") or row.get("subject_name"))].add(code)
        for name in filter(None, row.get("former_names").split(";")):
            self.found["name", fold(name)].add(code)
        if before and family(before) == family(code):
            self.reissued[before] = code
            self.found["uscc", before].add(code)
            self.found["org", before[8:17]].add(code)
        elif before:
            self.grown[before] = code

    def who(self, row: Row) -> dict[str, Any]:
        """Whom a row is about, by the first identifier it names."""
        code = row.get("uscc")
        scheme, value = "", ""
        if code and code != PLACEHOLDER and uscc_valid(code):
            scheme, value = "uscc", code
        else:
            name = next((n for n in _SCHEMES if row.get(n)), "")
            scheme, value = (_SCHEMES[name], row.get(name)) if name else ("name", fold(row.get("subject_name")))
        hits = self.found.get((scheme, value), set())
        if scheme == "tax" and len(value) == 15:  # 区划 + 组织机构代码
            hits = hits | self.found.get(("org", value[6:]), set())
        told = {"scheme": scheme, "value": value, "subject": next(iter(hits)) if len(hits) == 1 else ""}
        if len(hits) > 1:
            return told | {"resolvable": False, "reason": "ambiguous"}
        if scheme == "name" and code == PLACEHOLDER:
            return told | {"resolvable": None, "reason": "placeholder"}
        if not hits:
            return told | {"resolvable": False, "reason": "name_unknown" if scheme == "name" else "not_in_registry"}
        return told | {"resolvable": True, "reason": ""}
