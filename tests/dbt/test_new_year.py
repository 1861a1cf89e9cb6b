"""Decisions of the last days of a year whose successor nobody announced: a deadline each, the same in marts and in Python."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from public_credit.policy.workdays import WorkCalendar

from tests.conftest import DEMO
from tests.helpers.commands import credit
from tests.helpers.records import Records

pytestmark = pytest.mark.slow
FIRST, SECOND = date(2027, 1, 4), date(2027, 1, 5)
NOTICE = "day,is_workday,note\n2027-01-01,false,元旦\n2027-01-09,true,\n2027-10-01,false,国庆节\n"
# By hand, from a wall calendar: the 7th weekday after 22 … 31 December 2026, and with the notice above.
BY_WEEKDAY = ["12-31", "01-01", "01-04", "01-05", "01-05", "01-05", "01-06", "01-07", "01-08", "01-11"]
ANNOUNCED = ["12-31", "01-04", "01-05", "01-06", "01-06", "01-06", "01-07", "01-08", "01-09", "01-11"]


def _days(texts: list[str]) -> list[date]:
    return [date.fromisoformat(f"{2026 if text[:2] == '12' else 2027}-{text}") for text in texts]


def _deadlines(r: Records) -> list[tuple[date, bool]]:
    return r.query(
        "select deadline, deadline_provisional from marts.mart_shuanggongshi__licence order by decision_date"
    )


def _agree(r: Records, on: date) -> None:
    """Every day a decision can have by then has a deadline, and it is the one that Python computes."""
    calendar = WorkCalendar.load()
    found = r.query(
        "select day, deadline, deadline_provisional from intermediate.int_working_days__deadlines where day between '2026-01-01' and %s",
        on,
    )
    assert found[-1][0] == on and len(found) > 365
    for day, deadline, provisional in found:
        assert (deadline, provisional) == (calendar.deadline(day), calendar.is_provisional(day)), day


def test_new_year_is_crossed_by_weekday_and_announced_afterwards(warehouse: Any, root: Path, tmp_path: Path) -> None:
    r, received = Records(warehouse), date(2026, 12, 31)
    licence = [{"decision_no": f"许{day}", "decision_date": f"2026-12-{day}"} for day in range(22, 32)]
    r.deliver("administrative_licence", received, licence)
    seq = r.deliver("administrative_penalty", received, [{"decision_no": "罚1", "decision_date": "2026-12-29"}])
    r.run("insert into ledger.row_outcome values (%s, 1, 1, 'quarantined', null)", seq)
    r.build(FIRST)
    assert _deadlines(r) == [(day, day.year == 2027) for day in _days(BY_WEEKDAY)]
    _agree(r, FIRST)
    waiting = "select deadline, deadline_provisional, workdays_left, clock from marts.mart_supervision__breach_ahead"
    assert r.query(waiting) == [(date(2027, 1, 7), True, 3, "will_breach")]
    assert r.query("select provisional from marts.mart_supervision__clock where unit_id = ''") == [(1,)]
    assert r.query("select max(month_end) from intermediate.int_targets__months") == [(date(2027, 1, 31),)]

    notice = tmp_path / "notice.csv"
    notice.write_text(NOTICE, encoding="utf-8")
    assert credit("calendar", "import", 2027, "--file", notice, "--source", "国办发明电〔2026〕9号").code == 0
    assert (root / DEMO.relative_to(DEMO.parents[2]) / "calendar.csv").exists()
    assert r.build(SECOND).message.endswith("辖区的工作日历有改动，全量重建")
    assert _deadlines(r) == [(day, False) for day in _days(ANNOUNCED)]
    _agree(r, SECOND)
    assert r.query(waiting) == [(date(2027, 1, 8), False, 3, "will_breach")]
    assert r.query("select provisional from marts.mart_supervision__clock where unit_id = ''") == [(0,)]
    assert r.build(SECOND).build_id is None
