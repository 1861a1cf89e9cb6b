"""Dates and months as they are delivered: every way of writing one that can mean only one day."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta

from ..identifiers.codes import DASHES, INVISIBLE

LONG_TERM = "2099-12-31"
BLANKS = " \t\r\n\x0b\x0c\u3000\u00a0\u2002\u2003\u2009" + INVISIBLE
_NUMERALS = "〇一二三四五六七八九"
# Not as a date or number is written: full width, other dashes, marks a Chinese keyboard gives for . and /, numerals.
UNUSUAL = re.compile(rf"[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff0e\uff0d{DASHES[1:]}。、\\{_NUMERALS}○零十]")
_MARKS = str.maketrans(f"{DASHES}。、\\", "-" * len(DASHES) + "../")
_EPOCH = date(1899, 12, 30)
_SERIALS = range(20000, 73051)
_DATE_SHAPES = tuple(
    re.compile(shape)
    for shape in (
        r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})",
        r"([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})",
        r"([0-9]{4})\.([0-9]{1,2})\.([0-9]{1,2})",
        r"([0-9]{4})年([0-9]{1,2})月([0-9]{1,2})[日号]?",
        r"([0-9]{4})([0-9]{2})([0-9]{2})",
    )
)
# A time of day behind a date: another zone than ours could mean another day.
_TIME = re.compile(
    r"(?:T|[ T] ?)(?:[上下]午 ?)?(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]+)?)?(?: ?\+08:?(?:00)?| ?[AP]M)?$"
    r"|(?<=[日号]) ?(?:[01]?[0-9]|2[0-3])[时点](?:[0-5]?[0-9]分(?:[0-5]?[0-9]秒)?)?$"
    r"|(?<=^[0-9]{8})(?:[01][0-9]|2[0-3])(?:[0-5][0-9]){2}$"
)
_MIDNIGHT = re.compile(r"[ T] ?0{1,2}:00(?::00(?:[.,]0+)?)?(?: ?\+08:?(?:00)?)?$|^[0-9]{8}0{6}$")
# A day as decisions are dated: 二〇二六年二月五日.
_IN_WORDS = re.compile(
    rf"([{_NUMERALS}○零]{{4}})年(十?[一二]|十|[三四五六七八九])月((?:[二三]?十)?[一二三四五六七八九]|[二三]?十)[日号]?"
)
_AROUND = re.compile(r"\s*([-/.年月日号])\s*")
_SERIAL = re.compile(r"([0-9]{5})(?:\.([0-9]+))?")
_MONTH = re.compile(r"([0-9]{4})(?:[-/.]?([0-9]{2})|[-/.年]([0-9]{1,2})月?)")


def folded(text: str) -> str:
    """A value in half width, without blanks at its ends."""
    return unicodedata.normalize("NFKC", text).strip(BLANKS)


def _digit(numeral: str) -> str:
    return str(max(_NUMERALS.find(numeral), 0))


def _count(numeral: str) -> int:
    """A number up to 99 in words: 五, 十, 十五, 二十, 三十一."""
    tens, ten, ones = numeral.rpartition("十")
    return (int(_digit(tens)) if tens else len(ten)) * 10 + int(_digit(ones))


def read_date(text: str, spreadsheet: bool = False) -> str | None:
    """ISO date of one delivered date, in digits or words. 长期 means 2099-12-31; serial numbers only from a spreadsheet (R09).

    A time of day is left out (``has_time``); one of another zone is unreadable.
    """
    value = folded(text)
    if value in ("长期", "长期有效"):
        return LONG_TERM
    serial = _SERIAL.fullmatch(value)
    if serial:
        days = int(serial.group(1))
        return (_EPOCH + timedelta(days=days)).isoformat() if spreadsheet and days in _SERIALS else None
    value = _AROUND.sub(r"\1", _TIME.sub("", value).translate(_MARKS))
    in_words = _IN_WORDS.fullmatch(value)
    if in_words:
        year, month, day_of_month = in_words.groups()
        value = f"{''.join(map(_digit, year))}-{_count(month)}-{_count(day_of_month)}"
    if spreadsheet:
        value = re.sub(r"^([0-9]{8})\.0+$", r"\1", value)
    for shape in _DATE_SHAPES:
        found = shape.fullmatch(value)
        if found:
            try:
                day = date(*map(int, found.groups()))
            except ValueError:
                return None
            return day.isoformat() if 1949 <= day.year <= 2099 else None
    return None


def has_time(text: str) -> bool:
    """Whether a readable date has a time of day other than midnight."""
    value = folded(text)
    serial = _SERIAL.fullmatch(value)
    if serial:
        return bool((serial.group(2) or "").strip("0"))
    return bool(_TIME.search(value)) and not _MIDNIGHT.search(value)


def read_month(text: str, spreadsheet: bool = False) -> str | None:
    """A month as YYYY-MM; in a spreadsheet also the first day of it, which the program made of the month."""
    value = folded(text)
    found = _MONTH.fullmatch(value)
    if found:
        year, month = int(found.group(1)), int(found.group(2) or found.group(3))
        return f"{year}-{month:02d}" if 1 <= month <= 12 and 1949 <= year <= 2099 else None
    day = read_date(value, True) if spreadsheet else None
    return day[:7] if day and day.endswith("-01") else None
