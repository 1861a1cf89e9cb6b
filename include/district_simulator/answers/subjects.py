"""What must come of the sectors' records: who each is about, who stands on which list, which grade a firm has.

Files beside ``day<N>.jsonl``, each as of the end of day N and over everything delivered up to it:

``day<N>_subjects.jsonl``  one line per delivered, accepted row about an organisation: ``day, dataset, file, row_no,
    document_no`` (where it lies), ``subject`` (the subject's current USCC, '' when it cannot be told), ``resolvable``
    (true, false, or null where either answer is right), ``scheme, value`` (what it is named by) and ``reason``
    ('' | not_in_registry | ambiguous | name_unknown | placeholder).
``day<N>_lists.json``  entries of red, black, abnormal and debtor lists about organisations: ``list, dataset,
    document_no, title, subject, entered_on, term_to, removed_on, state`` (current | expired | ended | revoked |
    repaired), ``objected`` and ``on`` (state current).
``day<N>_grades.json``  food and drug firms: ``subject, name, grade`` by the words of ``food``.
``day<N>_refused.json``  deliveries of refused datasets: ``unit, file, title, rows``.
``day<N>_targets.json``  every figure of the target ledger, see ``targets``.
``day<N>_successions.json``  个体工商户 that became firms: ``old, new`` (two subjects), and ``reissued``: old → current code.
"""

from __future__ import annotations

import json
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from district_simulator.answers import targets
from district_simulator.sectors import food
from district_simulator.sectors.registers import REGISTERS
from district_simulator.sectors.stories import ROSTER, two_digit_family
from district_simulator.vocabulary.codes import PLACEHOLDER, uscc_valid
from district_simulator.vocabulary.rows import Row
from district_simulator.vocabulary.sector_tables import SECTOR_TABLES
from district_simulator.vocabulary.workcalendar import DAYS

if TYPE_CHECKING:
    from district_simulator.sectors.ordinary import SectorPlan
    from district_simulator.vocabulary.deliveries import Delivery

_SCHEMES = {
    "org_code": "org",
    "business_reg_no": "reg",
    "tax_reg_no": "tax",
    "institution_cert_no": "inst",
    "social_org_cert_no": "soc",
}
LISTS = {
    "honour.entity": "red",
    "breach_list.entity": "black",
    "abnormal_operation.entity": "abnormal",
    "judgment_debtor.entity": "debtor",
}
_WORDS = {"red": "荣誉", "black": "名单", "abnormal": "异常", "debtor": "失信"}


@dataclass
class Booked:
    """One row as it was received."""

    delivery: Delivery
    row_no: int
    row: Row
    result: str


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
        if before and two_digit_family(before) == two_digit_family(code):
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


def registry(booked: list[Booked]) -> Registry:
    """The registers as last accepted."""
    newest: dict[str, Delivery] = {}
    for item in booked:
        if item.row.dataset == ROSTER or item.row.dataset in REGISTERS:
            newest[item.row.dataset] = item.delivery
    made = Registry()
    for item in booked:
        if newest.get(item.row.dataset) is item.delivery and item.result in ("accepted", "duplicate"):
            made.add(item.row)
    return made


def about_organisations(row: Row) -> bool:
    """Records about organisations; registers, rosters of a sector and counts are none."""
    if row.table == "sector_roster.entity":
        return False
    if row.table in SECTOR_TABLES:
        return SECTOR_TABLES[row.table].about == "organisation" and row.dataset not in REGISTERS
    return row.table in ("xk_fr", "cf_fr")


def subjects(booked: list[Booked], known: Registry) -> list[dict[str, Any]]:
    return [
        {
            "day": b.delivery.day,
            "dataset": b.row.dataset,
            "file": b.delivery.name,
            "row_no": b.row_no,
            "document_no": b.row.document_no,
            **known.who(b.row),
        }
        for b in booked
        if b.result in ("accepted", "duplicate") and about_organisations(b.row)
    ]


def _state(row: Row, word: str, notices: dict[tuple, list[Row]], today: str) -> tuple[str, bool]:
    told = notices.get((word, row.document_no, row.get("authority_uscc"), row.get("uscc")), [])
    kinds = [n.get("event_type") for n in told]
    objected = "异议受理" in kinds and "异议办结" not in kinds
    if "撤销" in kinds:
        return "revoked", objected
    if "修复" in kinds:
        return "repaired", objected
    if row.get("removed_on") and row.get("removed_on") <= today:
        return "ended", objected
    term = row.get("term_to") or row.get("valid_to")
    return ("expired" if term and term < today else "current"), objected


def lists(booked: list[Booked], known: Registry, day: int) -> list[dict[str, Any]]:
    """Every list entry in its newest version."""
    newest: dict[Any, Row] = {}
    notices: dict[tuple, list[Row]] = defaultdict(list)
    for item in booked:
        if item.result != "accepted":
            continue
        if item.row.table in LISTS:
            newest[item.row.key] = item.row
        elif item.row.table == "events":
            row = item.row
            notices[
                row.get("decision_table"), row.get("decision_no"), row.get("authority_uscc"), row.get("uscc")
            ].append(row)
    out = []
    for row in newest.values():
        name = LISTS[row.table]
        state, objected = _state(row, _WORDS[name], notices, DAYS[day].isoformat())
        out.append(
            {
                "list": name,
                "dataset": row.dataset,
                "document_no": row.document_no,
                "title": row.get("honour_title") or row.get("list_name") or row.get("reason") or "失信被执行人",
                "kind": row.get("honour_kind"),
                "subject": known.who(row)["subject"],
                "entered_on": row.get("entered_on") or row.get("decided_on") or row.get("published_on"),
                "term_to": row.get("term_to") or row.get("valid_to"),
                "removed_on": row.get("removed_on"),
                "state": state,
                "objected": objected,
                "on": state == "current",
            }
        )
    return out


def write(folder: Path, day: int, booked: list[Booked], sectors: SectorPlan) -> None:
    """All files of a day."""
    known = registry(booked)
    lines = [json.dumps(x, ensure_ascii=False) for x in subjects(booked, known)]
    (folder / f"day{day}_subjects.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    grades = [
        {"subject": firm.uscc, "name": firm.name, "grade": food.grade(day, story)}
        for story, firm in food.firms(sectors)
    ]
    refused = [
        {"unit": r.unit, "file": r.name, "title": r.title, "rows": len(r.numbers)} for r in sectors.turned_away[day]
    ]
    answers = {
        "lists": lists(booked, known, day),
        "grades": grades,
        "refused": refused,
        "successions": {"grown": known.grown, "reissued": known.reissued},
    }
    for name, value in answers.items():
        (folder / f"day{day}_{name}.json").write_text(
            json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )
    targets.write(folder, day, booked, known)
