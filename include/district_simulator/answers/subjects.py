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
from collections import defaultdict
from pathlib import Path
from typing import Any

from district_simulator.answers import targets
from district_simulator.book import Book, Booked, Registry
from district_simulator.population.organisations import Organisations
from district_simulator.sectors import food
from district_simulator.sectors.registers import REGISTERS
from district_simulator.sectors.stories import ROSTER
from district_simulator.vocabulary.deliveries import Delivery
from district_simulator.vocabulary.rows import Row
from district_simulator.vocabulary.sector_tables import SECTOR_TABLES
from district_simulator.vocabulary.workcalendar import DAYS

LISTS = {
    "honour.entity": "red",
    "breach_list.entity": "black",
    "abnormal_operation.entity": "abnormal",
    "judgment_debtor.entity": "debtor",
}
_WORDS = {"red": "荣誉", "black": "名单", "abnormal": "异常", "debtor": "失信"}


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


def write(folder: Path, day: int, booked: list[Booked], book: Book, organisations: Organisations) -> None:
    """All files of a day."""
    known = registry(booked)
    lines = [json.dumps(x, ensure_ascii=False) for x in subjects(booked, known)]
    (folder / f"day{day}_subjects.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    grades = [
        {"subject": firm.uscc, "name": firm.name, "grade": food.grade(day, story)}
        for story, firm in food.firms(organisations)
    ]
    refused = [{"unit": r.unit, "file": r.name, "title": r.title, "rows": len(r.numbers)} for r in book.refused[day]]
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
