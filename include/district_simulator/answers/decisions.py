"""What supervision must count of licences and penalties per unit, kind and decision month (domain.md 2.2).

``day<N>_metrics.json``, as of the end of day N: ``backlog`` decided before the dataset's first day of service, and in no
other number; ``R`` received, ``A`` accepted, ``A_first_pass`` at once, ``due`` with a
deadline that has passed and ``L`` of them not accepted by it, ``running`` with one that has not; ``organisations`` accepted
decisions about organisations, ``linked`` of them, ``to_publish`` of them; ``G`` by the ledger, ``reported`` of it and
``surplus`` beyond it (null without a ledger); ``R_unreadable`` rows whose key nobody can read, ``R_held`` rows of held
deliveries, which are in no other number. Month '' holds decisions whose date cannot be true: they count in no year.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from district_simulator.book import Booked, Registry
from district_simulator.vocabulary.rows import Row
from district_simulator.vocabulary.units import UNITS, table_of, unit_of
from district_simulator.vocabulary.workcalendar import CALENDAR, DAYS, deadline, live_on

TABLES = ("xk_fr", "xk_zrr", "cf_fr", "cf_zrr")
_COUNTS = (
    *("backlog", "R", "A", "A_first_pass", "due", "running", "L", "organisations", "linked", "to_publish"),
    *("R_unreadable", "R_held"),
)
_MINOR = {"警告", "通报批评"}


@dataclass
class Decision:
    """All that was delivered of one decision."""

    items: list[Booked]

    @property
    def accepted(self) -> list[Booked]:
        """Its rows that passed, repeats included."""
        return [item for item in self.items if item.result != "quarantined"]

    @property
    def standing(self) -> Booked:
        """The current accepted version, the newest delivery where none was accepted."""
        found: Booked | None = None
        for item in self.accepted or self.items:
            if found is None or not item.row.sjc or item.row.sjc >= found.row.sjc:
                found = item
        assert found is not None
        return found

    @property
    def counted_on(self) -> date | None:
        """The day it counts by, None where the date told cannot be true."""
        told, received = _day(self.standing.row.get("decision_date")), CALENDAR[self.standing.delivery.day]
        if told is None:
            return CALENDAR[min(item.delivery.day for item in self.items)]
        return told if date(1949, 1, 1) <= told <= received else None


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _gathered(booked: list[Booked]) -> dict[tuple[str, ...], Decision]:
    found: dict[tuple[str, ...], Decision] = {}
    for place, item in enumerate(booked):
        if item.row.table in TABLES and item.result != "refused":
            key = item.row.key or ("row", str(place))
            found.setdefault((unit_of(item.delivery.dataset).id, *key), Decision([])).items.append(item)
    return found


def _notices(booked: Iterable[Booked]) -> dict[tuple[str, str, str], list[Row]]:
    found = defaultdict(list)
    for item in booked:
        row = item.row
        if row.table == "events" and item.result == "accepted" and row.get("event_type") in ("撤销", "修复"):
            found[row.get("decision_table"), row.get("decision_no"), row.get("authority_uscc")].append(row)
    return found


def _stands(row: Row, today: date, notices: dict[tuple[str, str, str], list[Row]]) -> bool:
    """Whether an accepted decision about an organisation must be public today."""
    licence = row.table == "xk_fr"
    told = notices.get(("许可" if licence else "处罚", row.get("decision_no"), row.get("authority_uscc")), [])
    if any(notice.get("uscc") in ("", row.get("uscc")) for notice in told):
        return False
    if licence:
        until = _day(row.get("valid_to"))
        return row.get("licence_state") != "2" and (until is None or until >= today)
    decided, stated = date.fromisoformat(row.get("decision_date")), _day(row.get("publication_end"))
    year_on = decided.replace(year=decided.year + 1, day=min(decided.day, 28) if decided.month == 2 else decided.day)
    return not set(row.get("penalty_category").split(";")) <= _MINOR and min(stated or year_on, year_on) >= today


def metrics(
    booked: list[Booked],
    known: Registry,
    generated: dict[tuple[str, str, str], int],
    held: dict[tuple[str, str, str], int],
    day: int,
) -> list[dict[str, Any]]:
    """One entry per unit, kind and decision month."""
    today, notices = CALENDAR[day], _notices(booked)
    table: dict[tuple[str, str, str], dict[str, int]] = defaultdict(lambda: dict.fromkeys(_COUNTS, 0))
    decisions = _gathered(booked)
    replaced = {
        (item.row.table, item.row.get("authority_uscc"), item.row.replaces, item.row.subject_ref())
        for decision in decisions.values()
        for item in decision.accepted
        if item.row.replaces
    }
    for (unit, *_), decision in decisions.items():
        row, on, accepted = decision.standing.row, decision.counted_on, decision.accepted
        counts = table[unit, "licence" if row.table.startswith("xk") else "penalty", f"{on:%Y-%m}" if on else ""]
        if on and on < live_on(decision.standing.delivery.dataset):
            counts["backlog"] += 1
            continue
        first = CALENDAR[min(item.delivery.day for item in accepted)] if accepted else None
        counts["R"] += 1
        counts["A"] += first is not None
        counts["A_first_pass"] += decision.items[0].result != "quarantined"
        counts["R_unreadable"] += row.key is None
        if on:
            last = deadline(on)
            counts["due"] += last < today
            counts["running"] += last >= today
            counts["L"] += last < today and (first is None or first > last)
        if accepted and row.table.endswith("_fr"):
            counts["organisations"] += 1
            counts["linked"] += bool(known.who(row)["subject"])
            # A row that was handed in again under its own key needs no other in its place.
            gone = row.key in replaced and decision.items[-1].result == "quarantined"
            counts["to_publish"] += not gone and _stands(row, today, notices)
    for cell, number in held.items():
        table[cell]["R_held"] += number
    ledger = {}
    for (unit, name, month), number in generated.items():
        tables = ("xk_fr", "xk_zrr") if name == "许可" else ("cf_fr", "cf_zrr")
        since = max(
            [live_on(dataset) for dataset in UNITS[unit].datasets if table_of(dataset) in tables], default=DAYS[1]
        )
        if date.fromisoformat(f"{month}-01") >= since:
            ledger[unit, "licence" if name == "许可" else "penalty", month] = number
    for cell in ledger:
        table[cell]  # a month of the ledger in which nothing came
    return [
        {"unit": cell[0], "kind": cell[1], "month": cell[2], **counts, **_reported(counts["R"], ledger.get(cell))}
        for cell, counts in sorted(table.items())
    ]


def _reported(received: int, generated: int | None) -> dict[str, int | None]:
    if generated is None:
        return {"G": None, "reported": None, "surplus": None}
    return {"G": generated, "reported": min(received, generated), "surplus": max(received - generated, 0)}
