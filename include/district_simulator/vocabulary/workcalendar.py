"""The simulator's own working-day arithmetic (State Council notices via chinesecalendar)."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import chinese_calendar

DAYS = {1: date(2026, 2, 25), 2: date(2026, 2, 26), 3: date(2026, 3, 2)}  # the days that are shown
FIRST_DECISION = date(2025, 9, 1)
LAST_DECISION = date(2026, 2, 24)
LIVE_FROM = date(2026, 1, 26)  # licences and penalties decided before are 存量补录
_LATER = {"zjj.licence_entity": date(2026, 2, 9), "wlj.penalty_entity": date(2026, 2, 1)}


def live_on(dataset: str) -> date:
    """First day of service of a dataset of licences or penalties."""
    return _LATER.get(dataset, LIVE_FROM)


@lru_cache(maxsize=4096)
def is_workday(day: date) -> bool:
    """Working day incl. 调休 make-up days."""
    return chinese_calendar.is_workday(day)


@lru_cache(maxsize=4096)
def deadline(decision: date, days: int = 7) -> date:
    """Last day of the n-th working day after the decision; day 1 is the first working day after it."""
    day = decision
    while days:
        day += timedelta(days=1)
        if is_workday(day):
            days -= 1
    return day


def workdays(first: date, last: date) -> list[date]:
    """All working days of a closed interval."""
    span = (last - first).days
    return [d for d in (first + timedelta(days=i) for i in range(span + 1)) if is_workday(d)]


def _earlier() -> dict[int, date]:
    found = workdays(LIVE_FROM + timedelta(days=1), DAYS[1] - timedelta(days=1))[1::2]
    return {number - len(found) + 1: day for number, day in enumerate(found)}


EARLIER = (
    _earlier()
)  # days with deliveries before the first shown one, every other working day; the last of them is day 0
CALENDAR = DAYS | EARLIER
