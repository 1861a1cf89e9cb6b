"""A year's announcement of public holidays as the days of that year: from the package that carries it, or from a file.

The State Council's notice names the days that differ from the week: days off and make-up working days. A file lists them
(``day,is_workday,note``); every other day of the year follows its weekday.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from chinese_calendar import constants

from ..base.messages import UserError
from . import calendar_file
from .calendar_file import Day
from .workdays import by_weekday

COLUMNS = ("day", "is_workday", "note")
WEEKEND, MADE_UP = "周末", "调休上班"
_NAMES = {"清明": "清明节", "端午": "端午节", "中秋": "中秋节"}  # as the notices write them


def _year(year: int, different: dict[date, str], source: str) -> list[Day]:
    """All days of a year; ``different``: those that do not follow the week, and what the notice calls them."""
    first = date(year, 1, 1)
    days = []
    for number in range((date(year + 1, 1, 1) - first).days):
        day = first + timedelta(days=number)
        works = by_weekday(day)
        if day in different:
            days.append(Day(day, different[day] == MADE_UP, different[day], source))
        else:
            days.append(Day(day, works, "" if works else WEEKEND, source))
    return days


def of_package(year: int) -> list[Day]:
    """The year as ``chinesecalendar`` has it. Raises UserError (code 4) for a year it does not know."""
    names = {day: constants.Holiday(name).chinese for day, name in constants.holidays.items() if day.year == year}
    free = {day: _NAMES.get(name, name) for day, name in names.items()}
    if not free:
        raise UserError(
            f"软件包 chinesecalendar 还没有 {year} 年的放假安排。",
            remedy="等放假通知公布后更新软件包，或把通知中的日子写成文件，用 --file 导入。",
            code=4,
        )
    worked = {day: MADE_UP for day in constants.workdays if day.year == year}
    return _year(year, free | worked, f"国务院办公厅{year}年放假安排")


def of_file(year: int, path: Path, source: str) -> list[Day]:
    """The year as a file of differing days tells it; ``source`` is the notice's number.

    Raises UserError (code 3) for a row that is wrong, and for a file that leaves out New Year or the National Day, which
    no year does (全国年节及纪念日放假办法): it is not the whole notice.
    """
    different = {}
    for line, day, works, row in calendar_file.read_rows(path, COLUMNS):
        if day.year != year:
            raise calendar_file.wrong(path, line, f"{day} 不在 {year} 年", COLUMNS)
        if works and by_weekday(day):
            raise calendar_file.wrong(path, line, f"{day} 本来就是工作日，只列与平常不同的日子", COLUMNS)
        different[day] = MADE_UP if works else (row["note"] or "").strip() or "放假"
    for day in (date(year, 1, 1), date(year, 10, 1)):
        if different.get(day, MADE_UP) == MADE_UP:
            raise UserError(
                f"工作日历 {path.name} 中 {day} 没有放假。", remedy="写全通知中的放假和调休上班各日后再导入。", code=3
            )
    return _year(year, different, source)
