"""Working days of China as data, never a rule in code.

Source: the State Council's yearly notice on public holidays (国务院办公厅关于部分节假日安排的通知), make-up working days included, in the
product's table; a district's own table overrides it. A day nobody announced yet counts by its weekday, and every deadline
that rests on such a day is marked 暂按周末推算. Before the first day of the table nothing is computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

from ..base.messages import UserError
from . import calendar_file
from .calendar_file import Day

PROVISIONAL = "暂按周末推算"
_ONE = timedelta(days=1)


def by_weekday(day: date) -> bool:
    """Monday to Friday."""
    return day.weekday() < 5


@dataclass(frozen=True)
class WorkCalendar:
    """The announced days, and all others from the first of them on by weekday."""

    announced: dict[date, Day]
    first_day: date

    @classmethod
    def load(cls, seed: Path | None = None, district: Path | None = None) -> WorkCalendar:
        """The product's table with the district's over it. Raises UserError (code 3) with file, line and what is wrong."""
        district = district or calendar_file.district_path()
        return _joined(
            calendar_file.read(seed or calendar_file.seed_path()),
            calendar_file.read(district) if district and district.exists() else (),
        )

    def is_workday(self, day: date) -> bool:
        """Whether a day is worked. Raises UserError (code 3) before the first day of the calendar."""
        if day < self.first_day:
            raise UserError(
                f"工作日历没有 {day} 的安排（自 {self.first_day} 起）。",
                remedy="以前的年份用 public-credit calendar import 补入辖区的 calendar.csv。",
                code=3,
            )
        said = self.announced.get(day)
        return by_weekday(day) if said is None else said.is_workday

    def deadline(self, decided_on: date, days: int = 7) -> date:
        """Last day on which a decision is still in time: 7 working days (发改办财金〔2018〕424号).

        Day 1 is the first working day after the decision.
        """
        self.is_workday(decided_on)
        day = decided_on
        while days:
            day += _ONE
            days -= self.is_workday(day)
        return day

    def is_provisional(self, decided_on: date, days: int = 7) -> bool:
        """Whether that deadline rests on a day nobody announced."""
        until = self.deadline(decided_on, days)
        return any(decided_on + n * _ONE not in self.announced for n in range(1, (until - decided_on).days + 1))

    def through(self, last: date) -> list[tuple[Day, bool]]:
        """Every day from the first to ``last``, and whether it was announced."""
        days = (self.first_day + n * _ONE for n in range((last - self.first_day).days + 1))
        return [
            (self.announced.get(day) or Day(day, by_weekday(day), "", PROVISIONAL), day in self.announced)
            for day in days
        ]

    def announced_through(self) -> date:
        """Last day before the first that nobody announced."""
        day = self.first_day
        while day + _ONE in self.announced:
            day += _ONE
        return day


@lru_cache(maxsize=4)
def _joined(seed: tuple[Day, ...], district: tuple[Day, ...]) -> WorkCalendar:
    if not seed:
        raise UserError("工作日历是空的。", remedy="恢复种子表 working_days.csv。", code=3)
    announced = {item.day: item for item in (*seed, *district)}
    return WorkCalendar(announced, min(announced))
