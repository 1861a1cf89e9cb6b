"""Working days of China as data: a versioned seed, never a rule in code.

Source: the State Council's yearly notice on public holidays (国务院办公厅关于部分节假日安排的通知), including make-up working days. Where
the table has no entry nothing is computed.
"""

from __future__ import annotations

import bisect
import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ..base import settings
from ..base.files import kept_while_unchanged
from ..base.messages import UserError


@dataclass(frozen=True)
class WorkCalendar:
    """Days known to the calendar; ``workdays`` is sorted."""

    workdays: tuple[date, ...]
    first_day: date
    last_day: date

    @classmethod
    def load(cls, path: Path | None = None) -> WorkCalendar:
        """Read the seed ``working_days.csv`` (day, is_workday, note, source)."""
        return _load(path or settings.checkout() / "dbt_project" / "seeds" / "policy" / "working_days.csv")

    def _require(self, day: date) -> None:
        if not self.first_day <= day <= self.last_day:
            raise UserError(
                f"工作日历没有 {day} 的安排（现有 {self.first_day} 至 {self.last_day}）。",
                remedy="按国务院办公厅放假通知补充种子表 working_days.csv。",
                code=3,
            )

    def add_workdays(self, day: date, count: int) -> date:
        """The ``count``-th working day after ``day``; day 1 is the first working day after it."""
        self._require(day)
        index = bisect.bisect_right(self.workdays, day) + count - 1
        if index >= len(self.workdays):
            self._require(date.max)
        return self.workdays[index]

    def deadline(self, decided_on: date, days: int = 7) -> date:
        """Last day on which a decision is still in time: 7 working days (发改办财金〔2018〕424号)."""
        return self.add_workdays(decided_on, days)


@kept_while_unchanged
def _load(path: Path) -> WorkCalendar:
    with path.open(encoding="utf-8", newline="") as source:
        rows = [(date.fromisoformat(row["day"]), row["is_workday"] == "true") for row in csv.DictReader(source)]
    if not rows:
        raise UserError("工作日历是空的。", remedy="恢复种子表 working_days.csv。", code=3)
    days = [day for day, _ in rows]
    return WorkCalendar(tuple(sorted(day for day, works in rows if works)), min(days), max(days))
