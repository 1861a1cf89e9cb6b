"""What must come of every planted thing and every delivery."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from district_simulator.answers.decisions import TABLES as DECISIONS
from district_simulator.book import Booked
from district_simulator.vocabulary.codes import PLACEHOLDER, uscc_valid
from district_simulator.vocabulary.deliveries import Delivery
from district_simulator.vocabulary.formats import cells, plain
from district_simulator.vocabulary.rows import Row
from district_simulator.vocabulary.sector_tables import SECTOR_TABLES
from district_simulator.vocabulary.units import table_of, unit_of
from district_simulator.vocabulary.workcalendar import CALENDAR

CITY_REMARK, CITY_NAME = 200, 100  # the city's stricter lengths
_CASE_RULES = {
    "truncated_roster": "B08",
    "truncated_file": "unreadable",
    "empty_file": "unreadable",
    "renamed_column": "B02",
    "back_file_2016": "B02",
}
SIGNALS = {
    "XK_BLR": ["unknown_column"],
    "案件来源": ["unknown_column"],
    "备注说明": ["unknown_column"],
    "处罚文号新": ["unknown_column"],
    "宗教信仰": ["forbidden_column"],
    "既往病史": ["forbidden_column"],
    "联系方式": ["unknown_column", "sensitive_in_unknown_column"],
    "证件复印件编号": ["unknown_column", "sensitive_in_unknown_column"],
    "计划生育情况": ["forbidden_column"],
    "信访情况": ["forbidden_column"],
    "项目经办人": ["unknown_column"],
}


@dataclass
class Key:
    """What the accounts say about one record so far."""

    sjc: str = ""
    content: tuple[str, ...] | None = None


@dataclass
class Accounts:
    """An independent ledger of the simulated world."""

    city_registry: dict[str, str]
    keys: dict[tuple[str, str], dict[Any, Key]] = field(default_factory=lambda: defaultdict(dict))
    held: dict[tuple[str, str, str], int] = field(default_factory=lambda: defaultdict(int))
    lines: list[dict[str, Any]] = field(default_factory=list)
    counts: list[dict[str, Any]] = field(default_factory=list)
    booked: list[Booked] = field(default_factory=list)

    def book(self, delivery: Delivery) -> None:
        """Book one delivery: counts, planted cases, state of the records."""
        outcome = dict.fromkeys(("accepted", "quarantined", "duplicate", "refused"), 0)
        earlier = next(
            (
                c
                for c in self.counts
                if (c["day"], c["dataset"], c["file"]) == (delivery.day, delivery.dataset, delivery.name)
            ),
            None,
        )  # a clerk's rows in the same API receipt
        offset = earlier["rows_in"] if earlier else 0
        places = delivery.places(offset)
        for position, row in enumerate(delivery.rows):
            result = self._book_row(delivery, row)
            outcome[result] += 1
            if delivery.state == "accepted":
                self.booked.append(Booked(delivery, position + offset + 1, row, result))
            if row.case:
                self.lines.append(self._line(delivery, row, position + offset + 1, places[position], result))
        if delivery.case:
            self.lines.append(self._delivery_line(delivery))
        self.lines += self._signals(delivery)
        if delivery.state == "pending":
            return
        if delivery.state != "accepted":
            outcome = dict.fromkeys(outcome, 0)
        outcome["rows_in"] = 0 if delivery.state == "broken" else len(delivery.rows)
        if earlier:
            for name, number in outcome.items():
                earlier[name] += number
        else:
            earlier = {
                "day": delivery.day,
                "unit": unit_of(delivery.dataset).id,
                "dataset": delivery.dataset,
                "file": delivery.name,
                "state": delivery.state,
                **outcome,
            }
            self.counts.append(earlier)
        if earlier["state"] == "accepted" and earlier["quarantined"]:
            earlier["state"] = "accepted_with_quarantine"

    def _book_row(self, delivery: Delivery, row: Row) -> str:
        if delivery.state != "accepted":
            if table_of(delivery.dataset) in DECISIONS and delivery.state == "held":
                self.held[self._cell(delivery.dataset, self._month(row, delivery.day))] += 1
            return "quarantined"
        if row.expect == "refused":
            return "refused"
        key = row.key
        if row.expect == "quarantined" or key is None:
            return "quarantined"
        # A record of the sectors is the same whoever delivers it.
        whose = "" if row.table in SECTOR_TABLES else unit_of(delivery.dataset).id
        known = self.keys[whose, row.table].setdefault(key, Key())
        if known.content == row.content():
            return "duplicate"
        if row.table in SECTOR_TABLES or row.sjc >= known.sjc or not row.sjc:
            known.content, known.sjc = row.content(), row.sjc or known.sjc
        return "accepted"

    @staticmethod
    def _cell(dataset: str, month: str) -> tuple[str, str, str]:
        return unit_of(dataset).id, "licence" if table_of(dataset).startswith("xk") else "penalty", month

    @staticmethod
    def _month(row: Row, day: int) -> str:
        decided = _day(row.get("decision_date"))
        return f"{decided or CALENDAR[day]:%Y-%m}"

    def _line(self, delivery: Delivery, row: Row, row_no: int, place: int, result: str) -> dict[str, Any]:
        readable = row.document_no or row.truth.get("decision_no", "") or row.get("uscc")
        expect = row.expect if delivery.state == "accepted" else delivery.state
        if expect == "accepted" and result == "duplicate":
            expect = "duplicate"
        return {
            "case_id": row.case,
            "day": delivery.day,
            "unit": unit_of(delivery.dataset).id,
            "dataset": delivery.dataset,
            "file": delivery.name,
            "source_row": place,
            "row_no": row_no,
            "table": row.table,
            "decision_no": readable,
            "dialect": delivery.dialect.id,
            "fault": row.rules,
            "expect": expect,
            "rules": row.rules,
            "city": self.city(delivery, row),
            "current": row.current,
            "replaces": row.replaces,
            "note": row.note,
        }

    def city(self, delivery: Delivery, row: Row) -> str:
        """What the city must hold of this record after the day."""
        if row.city:
            return row.city
        arrived = delivery.state == "accepted" and row.expect in ("accepted", "duplicate")
        if not arrived or row.table not in DECISIONS:
            return "absent"
        return "rejected" if self.city_refuses(row) else "accepted"

    def city_refuses(self, row: Row) -> bool:
        """The city has its own registry and stricter lengths."""
        if len(row.get("remark")) > CITY_REMARK or len(row.get("subject_name")) > CITY_NAME:
            return True
        code = row.get("uscc")
        if not row.table.endswith("_fr") or not code or code == PLACEHOLDER or not uscc_valid(code):
            return False
        name = self.city_registry.get(code)
        return name is None or fold(name) != fold(row.get("subject_name"))

    @staticmethod
    def _delivery_line(delivery: Delivery) -> dict[str, Any]:
        expect = {"accepted": "accepted", "pending": "absent"}.get(delivery.state, delivery.state)
        if delivery.case == "exact_redelivery":
            expect = "duplicate"
        rule = _CASE_RULES.get(delivery.case)
        return {
            "case_id": f"D-{delivery.case}-{delivery.dataset}-{delivery.day}",
            "day": delivery.day,
            "unit": unit_of(delivery.dataset).id,
            "dataset": delivery.dataset,
            "file": delivery.name,
            "table": table_of(delivery.dataset),
            "decision_no": "",
            "fault": [delivery.case],
            "expect": expect,
            "rules": [rule] if rule else [],
            "city": "",
            "note": delivery.note,
        }

    @staticmethod
    def _signals(delivery: Delivery) -> list[dict[str, Any]]:
        """Columns no catalogue names: each a signal, its content stored nowhere."""
        found = [
            (heading, signals)
            for field, heading in delivery.dialect.columns
            if field is None and (signals := SIGNALS.get(heading))
        ]
        return [
            {
                "case_id": f"N-{delivery.dataset}-{delivery.day}-{heading}",
                "day": delivery.day,
                "unit": unit_of(delivery.dataset).id,
                "dataset": delivery.dataset,
                "file": delivery.name,
                "table": table_of(delivery.dataset),
                "decision_no": "",
                "fault": list(signals),
                "expect": "signal",
                "rules": list(signals),
                "city": "",
                "note": heading,
            }
            for heading, signals in found
        ]


def fold(name: str) -> str:
    """Names as the city compares them: no blanks, one kind of bracket."""
    return re.sub(r"\s", "", name).replace("（", "(").replace("）", ")")


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def planted_numbers(deliveries: Iterable[Delivery], refused: dict[int, list] | None = None) -> set[str]:
    """Every invented ID, mobile and card number that was delivered, for the canary search."""
    pattern = re.compile(r"370399(?:19|20)\d{9}[\dXx]|(?<!\d)370399\d{9}(?!\d)|1990000\d{4}|62000000\d{11}")
    found = {number for files in (refused or {}).values() for file in files for number in file.numbers}
    for delivery in deliveries:
        for row in delivery.rows:
            text = "\x1f".join(plain(v) for v in cells(row, delivery.dialect))
            found.update(n for n in pattern.findall(text) if len(n) != 15 or _looks_born(n))
            found.update(row.get(n) for n in ("id_no", "legal_rep_id_no") if row.get(n))
    return found


def _looks_born(number: str) -> bool:
    return _day(f"19{number[6:8]}-{number[8:10]}-{number[10:12]}") is not None


def write(folder: Path, day: int, accounts: Accounts, metrics: list[dict[str, Any]], numbers: set[str]) -> None:
    """``day<N>.jsonl``, ``day<N>_counts.json`` and ``day<N>_metrics.json`` (``decisions``); the day's planted numbers join those before."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(x, ensure_ascii=False) for x in accounts.lines if x["day"] == day]
    (folder / f"day{day}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    counts = [c for c in accounts.counts if c["day"] == day]
    _dump(folder / f"day{day}_counts.json", counts)
    _dump(folder / f"day{day}_metrics.json", metrics)
    planted = folder / "planted_numbers.txt"
    numbers = numbers.union(planted.read_text(encoding="utf-8").split() if planted.exists() else [])
    planted.write_text("\n".join(sorted(numbers)) + "\n", encoding="utf-8")


def _dump(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
