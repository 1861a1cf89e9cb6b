"""The weeks before the first shown day: what was decided since the datasets went live, in small deliveries of their own.

It is taken out of the first day's files, so that these hold the back-file and a few late rows only. Most of it comes in
time; some comes after its deadline, some is returned (the clerks correct most of that, and leave some lying).
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from district_simulator.book import Book
from district_simulator.decisions.headings import on_day
from district_simulator.decisions.shelf import free
from district_simulator.vocabulary.deliveries import INTERFACES
from district_simulator.vocabulary.dialects import Dialect
from district_simulator.vocabulary.rows import Row
from district_simulator.vocabulary.units import DECISION_DATASETS, table_of, unit_of
from district_simulator.vocabulary.workcalendar import EARLIER, deadline, live_on

TURN = 2  # a dataset delivers on every other of these days
FORGOTTEN, LATE, WRONG = (
    7,
    9,
    11,
)  # every seventh stays in the first day's file, every ninth comes late, every eleventh is wrong


def add(book: Book) -> None:
    """Deliver on the earlier days; the rows leave the first shown day."""
    for place, dataset in enumerate(DECISION_DATASETS):
        turns = [day for day in EARLIER if day % TURN == place % TURN and EARLIER[day] > live_on(dataset)]
        sent: dict[int, list[Row]] = defaultdict(list)
        moved: set[int] = set()
        recent = [row for row in free(book, dataset) if _decided(row) >= live_on(dataset)]
        for n, row in enumerate(recent, start=1):
            case = f"{dataset.replace('.', '-')}-{n:04d}"
            late = n % LATE == 0
            day = _first_turn(turns, deadline(_decided(row)) if late else _decided(row))
            if n % FORGOTTEN == 0 or day is None:
                continue
            moved.add(id(row))
            if late:
                row.plant(f"S-late-{case}", [], "accepted", f"决定日 {_decided(row)}，期限届满后才报送")
            elif n % WRONG == 0:
                row = _wrong(row, f"S-back-{case}")
            sent[day].append(row)
        first = book.main[dataset, 1]
        first.rows = [row for row in first.rows if id(row) not in moved]
        for day, rows in sorted(sent.items()):
            book.deliver(day, dataset, rows, on_day(dataset, day), note="上线以来逐日报送")
    _nothing_yet(book)


def _nothing_yet(book: Book) -> None:
    """An interface that is asked for everything for the first time and has nothing states that there is nothing to report."""
    first = min(EARLIER)
    asked = {unit_of(dataset).id for dataset in DECISION_DATASETS}
    told = {delivery.dataset for delivery in book.deliveries[first]}
    for dataset in INTERFACES:
        if unit_of(dataset).id in asked and dataset not in told:
            nothing = Dialect("nothing", table_of(dataset), ())
            book.deliver(first, dataset, [], nothing, case="zero_report", note="接口初次查询为空：零报送")


def _decided(row: Row) -> date:
    return date.fromisoformat(row.truth["decision_date"])


def _first_turn(turns: list[int], after: date) -> int | None:
    """The first day of delivery after a date, None where that is a shown day."""
    return next((day for day in turns if EARLIER[day] > after), None)


def _wrong(row: Row, case: str) -> Row:
    """The same decision, typed wrong: returned at once."""
    bad = row.clone()
    if table_of(row.dataset).startswith("xk"):
        bad.put("licence_category", "普通许可", "普通许可")
        return bad.plant(case, ["R13"], "quarantined", "类别不在代码表内：退回")
    bad.fix(
        penalty_category="罚款",
        penalty_content="处以罚款2000元。",
        fine_amount_wan="0.2",
        confiscated_amount_wan="",
        suspended_or_revoked_licence="",
    )
    bad.put("fine_amount_wan", "2000", "2000")
    return bad.plant(case, ["R12"], "quarantined", "金额以元填报：退回")
