"""One row on its way from a department: what is true, what was typed, what must come of it."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from district_simulator.vocabulary.codes import PLACEHOLDER, uscc_valid
from district_simulator.vocabulary.sector_tables import SECTOR_TABLES
from district_simulator.vocabulary.subjects import Person, Subject

DOCUMENT_NUMBERS = (
    "decision_no",
    "document_no",
    "entry_no",
    "case_no",
    "inspection_no",
    "contract_no",
    "commitment_no",
    "certificate_no",
    "item_no",
)


def kept_by_a_number(digits: str) -> str:
    """What a numeric cell keeps of a long number: nothing, unless a float happens to hold all its digits (one in 128 of 18)."""
    return digits if int(float(digits)) == int(digits) else ""


@dataclass(frozen=True)
class NumberCell:
    """A numeric spreadsheet cell."""

    value: float


@dataclass(frozen=True)
class DateCell:
    """A real date cell of a spreadsheet."""

    value: date


@dataclass(slots=True)
class Row:
    """``truth`` holds the right canonical values; ``canon`` what canonically results where it differs;
    ``shown`` the cells as typed where they differ from the dialect's normal writing."""

    dataset: str
    table: str
    truth: dict[str, str]
    subject: Subject | Person | None = None
    canon: dict[str, str] = field(default_factory=dict)
    shown: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    ragged: str = ""
    expect: str = "accepted"
    rules: list[str] = field(default_factory=list)
    case: str = ""
    note: str = ""
    city: str = ""
    current: bool = True  # False: an older version that enters history only
    replaces: str = ""  # decision number of the record that a corrected key ends
    sjc: str = ""  # row version where the channel has one

    def get(self, name: str) -> str:
        """Canonical value as delivered."""
        return self.canon.get(name, self.truth.get(name, ""))

    def put(self, name: str, value: str, cell: Any = None) -> None:
        """Deliver another value: canonically ``value``, typed as ``cell`` if given."""
        self.canon[name] = value
        if cell is not None:
            self.shown[name] = cell

    def fix(self, **values: str) -> Row:
        """Change the truth itself (the decision really says so)."""
        self.truth.update(values)
        return self

    @property
    def organisation(self) -> Subject:
        """The organisation it is about; rows about persons and counts have none (AssertionError)."""
        assert isinstance(self.subject, Subject), f"{self.dataset}: not about an organisation"
        return self.subject

    def clone(self) -> Row:
        """An independent copy with the planted part removed: the same decision, typed well."""
        row = copy.copy(self)
        row.truth, row.canon, row.shown, row.extra = dict(self.truth), {}, {}, {}
        row.rules, row.expect, row.case, row.note, row.ragged, row.city = [], "accepted", "", "", "", ""
        row.current, row.replaces = True, ""
        return row

    def amended(self, text: str) -> Row:
        """The same licence or penalty with an amended content."""
        row = self.clone()
        name = "licence_content" if row.table.startswith("xk") else "violation_facts"
        row.fix(**{name: row.truth[name] + text})
        row.sjc = ""
        return row

    def again(self) -> Row:
        """The same row typed the same way, for a redelivery."""
        row = copy.copy(self)
        row.truth, row.canon = dict(self.truth), dict(self.canon)
        row.shown, row.extra, row.rules = dict(self.shown), dict(self.extra), list(self.rules)
        return row

    @property
    def key(self) -> tuple[str, ...] | None:
        """Identity of a decision: table, authority, number, subject reference; None if unreadable."""
        if self.table == "qydj":
            return ("qydj", self.get("uscc"))
        if self.table in SECTOR_TABLES:
            parts = tuple(
                self.subject_ref() if part == "subject" else self.get(part) for part in SECTOR_TABLES[self.table].key
            )
            return (self.table, *parts) if all(parts) else None
        if self.table not in ("xk_fr", "xk_zrr", "cf_fr", "cf_zrr"):
            return (self.table, *(self.get(n) for n in sorted(self.truth)))
        authority, number = self.get("authority_uscc"), self.get("decision_no")
        if not authority or not number:
            return None
        return (self.table, authority, number, self.subject_ref())

    def subject_ref(self) -> str:
        if self.table.endswith(("zrr", ".person")):
            return f"person:{self.get('id_no')}"
        code = self.get("uscc")
        if code and code != PLACEHOLDER and uscc_valid(code):
            return f"uscc:{code}"
        for tag, name in (
            ("org", "org_code"),
            ("reg", "business_reg_no"),
            ("tax", "tax_reg_no"),
            ("inst", "institution_cert_no"),
            ("soc", "social_org_cert_no"),
        ):
            if self.get(name):
                return f"{tag}:{self.get(name)}"
        return f"name:{self.get('subject_name')}"

    def content(self) -> tuple[str, ...]:
        """Canonical content, for the duplicate question."""
        return tuple(self.get(n) for n in self.truth)

    @property
    def document_no(self) -> str:
        """The number by which a person finds the record: decision, case, certificate, contract …"""
        return next((self.get(name) for name in DOCUMENT_NUMBERS if self.get(name)), "")

    def plant(self, case: str, rules: list[str], expect: str, note: str = "") -> Row:
        self.case, self.rules, self.expect, self.note = case, rules, expect, note
        return self
