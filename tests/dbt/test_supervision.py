"""Supervision counters over seven builds: every way a figure can change, and a refresh that changes none."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from public_credit.build import command
from public_credit.ledger import ids
from public_credit.oversight.figure import lines as lines_behind

from tests.helpers.records import Records

pytestmark = pytest.mark.slow
RECORD = ids.record_id("record_id")
DAYS = [date(2026, 2, day) for day in (24, 25, 26, 27, 28)] + [date(2026, 3, day) for day in (2, 3)]
CODE = "91370399MA30000108"
FIGURES = (
    *("received", "accepted", "accepted_at_once", "due", "running", "late", "overdue"),
    *("organisations", "linked", "to_publish", "published"),
)
KEPT = (
    "intermediate.int_supervision__receipt",
    "intermediate.int_receiver_event__published",
    "marts.mart_supervision__monthly",
    "marts.mart_supervision__breach_ahead",
    "marts.mart_supervision__assessment_line",
    "marts.mart_supervision__unit_month",
)


def penalties(*numbers: int) -> list[dict[str, str]]:
    """Number 3 was decided on 2026-02-12 (in time until 02-28), the others on 02-09 (until 02-25)."""
    return [
        {"uscc": CODE, "decision_no": f"罚{number}", "decision_date": "2026-02-12" if number == 3 else "2026-02-09"}
        for number in numbers
    ]


def figures(r: Records) -> tuple[int, ...]:
    ((*found,),) = r.query(
        f"select {', '.join(FIGURES)} from marts.mart_supervision__monthly "
        "where unit_id = 'zhzf' and decision_table = 'penalty' and decision_month = '2026-02'"
    )
    return tuple(found)


def waiting(r: Records) -> list[tuple[Any, ...]]:
    return r.query("select workdays_left, clock from marts.mart_supervision__breach_ahead")


def tables(r: Records) -> dict[str, list[str]]:
    return {
        name: sorted(
            json.dumps(row, default=str, sort_keys=True)
            for (row,) in r.query(f"select to_jsonb(t) - 'build_id' from {name} t")
        )
        for name in KEPT
    }


def behind(metric: str) -> tuple[int, int]:
    """Sums of the lines behind a rate of the unit, as ``trace figure`` tells them."""
    found = lines_behind(f"{metric}/zhzf/2026")
    assert found.numerator is not None and found.denominator is not None and len(found.rows) + found.untold > 0
    return found.numerator, found.denominator


def test_counters_follow_every_change_and_a_full_refresh_gives_the_same_rows(warehouse: Any):
    r, days = Records(warehouse), iter(DAYS)

    def returned(batch: int, attempt: int) -> None:
        r.run("insert into ledger.row_outcome values (%s, %s, 2, 'quarantined', null)", batch, attempt)

    first = r.deliver("administrative_penalty", DAYS[0], penalties(1, 2, 3))
    returned(first, 1)
    r.run("update ledger.dataset set live_on = '2026-02-01' where dataset_id = 'zhzf.administrative_penalty'")
    r.build(next(days))
    assert figures(r) == (3, 2, 2, 0, 3, 0, 0, 2, 0, 2, 0) and waiting(r) == [(1, "will_breach")]

    r.register(2, **{f"uscc_{CODE}": "S1"})
    r.build(next(days))
    assert figures(r) == (3, 2, 2, 0, 3, 0, 0, 2, 2, 2, 0), "the register names the subject from now on"

    r.build(next(days))
    assert figures(r) == (3, 2, 2, 2, 1, 1, 1, 2, 2, 2, 0) and waiting(r) == [(-1, "breached")], "a day passed"

    r.deliver("administrative_penalty", DAYS[3], penalties(2))
    r.run(
        "insert into ledger.release (build_id, receiver, business_date, adds, mods, dels, diff_hash) values (3, 'city', %s, 1, 0, 0, '')",
        DAYS[3],
    )
    r.run(
        f"insert into ledger.receiver_event (receiver, seq, record_id, event) select 'city', 1, {RECORD}, 'published' "
        "from raw.administrative_penalty where decision_no = '罚1'"
    )
    r.build(next(days))
    assert figures(r) == (3, 3, 2, 2, 1, 1, 0, 3, 3, 3, 1) and waiting(r) == [], (
        "accepted two days late; the city published the first"
    )
    assert (behind("timely_rate"), behind("compliance_rate"), behind("link_rate")) == ((1, 2), (3, 3), (3, 3))

    with warehouse.connect("builder") as connection:
        connection.execute(
            "update policy.working_days set is_workday = false where day in ('2026-02-25', '2026-02-26')"
        )
    r.run(
        f"insert into ledger.receiver_event (receiver, seq, record_id, event) select 'city', seq, {RECORD}, 'published' "
        "from raw.administrative_penalty join (values ('罚1', 2), ('罚3', 3)) told(decision_no, seq) using (decision_no)"
    )
    r.build(next(days))
    assert figures(r) == (3, 3, 2, 2, 1, 0, 0, 3, 3, 3, 2), "two more holidays; published twice is published once"

    r.replay(first, penalties(1, 2))
    returned(first, 2)
    r.build(next(days))
    assert figures(r) == (2, 2, 1, 2, 0, 0, 0, 2, 2, 2, 1), (
        "a replay took the third back; the second was returned at first, as before"
    )

    r.register(len(DAYS), **{f"uscc_{CODE}": None})
    r.build(next(days))
    assert figures(r) == (2, 2, 1, 2, 0, 0, 0, 2, 0, 2, 1), "whom the code means cannot be told any more"

    before = tables(r)
    # Without the seeds: the calendar keeps its two holidays.
    command.invoke(["run", "--full-refresh"], {"build_id": len(DAYS), "business_date": DAYS[-1].isoformat()})
    assert tables(r) == before
