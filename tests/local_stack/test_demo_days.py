"""Which simulated day is due, and the logical dates of the runs the demo starts."""

from __future__ import annotations

import json
import time
from datetime import date, datetime
from pathlib import Path

from local_stack.days import earlier_days, instant, next_day, played_days


def test_an_interrupted_day_is_due_again(tmp_path: Path) -> None:
    assert next_day(tmp_path)[0] == 1 and played_days(tmp_path) == []
    (tmp_path / "state.json").write_text(json.dumps({"played": [1]}))
    assert next_day(tmp_path)[0] == 1 and played_days(tmp_path) == [1], "delivered, not settled"
    (tmp_path / "completed").write_text("1")
    assert next_day(tmp_path) == (2, date(2026, 2, 26))
    (tmp_path / "completed").write_text("3")
    assert next_day(tmp_path) is None


def test_no_two_runs_share_a_logical_date_and_all_lie_on_the_day() -> None:
    found = []
    for _ in range(20):
        found.append(instant(date(2026, 2, 25)))
        time.sleep(0.002)
    assert len(set(found)) == len(found)
    assert {datetime.fromisoformat(text).date() for text in found} == {date(2026, 2, 25)}


def test_the_days_before_the_first_shown_one_are_due_until_each_is_settled(tmp_path: Path):
    every = earlier_days(tmp_path)
    assert (
        list(every.values()) == sorted(every.values()) and max(every.values()) < date(2026, 2, 25) and max(every) == 0
    )
    (tmp_path / "completed").write_text(str(min(every)))
    assert list(earlier_days(tmp_path)) == list(every)[1:] and next_day(tmp_path) == (1, date(2026, 2, 25))
    (tmp_path / "state.json").write_text(json.dumps({"played": [1]}))
    assert earlier_days(tmp_path) == {}, "a shown day has begun"
    (tmp_path / "state.json").unlink()
    (tmp_path / "completed").write_text("0")
    assert earlier_days(tmp_path) == {} and next_day(tmp_path) == (1, date(2026, 2, 25))
