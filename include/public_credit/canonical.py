"""Canonical text per field: half-width codes in upper case, ISO dates, plain decimals, one list separator.

Everything works on whole columns; only the few distinct odd values of a column pass through Python.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

import polars as pl

from .catalogue.models import CodeList, Field
from .identifiers import normalise

LONG_TERM = "2099-12-31"
_EPOCH = date(1899, 12, 30)
_SERIALS = range(20000, 73051)
_DATE_SHAPES = (
    re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})"), re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})"),
    re.compile(r"(\d{4})\.(\d{1,2})\.(\d{1,2})"), re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日"),
    re.compile(r"(\d{4})(\d{2})(\d{2})"),
)
_MIDNIGHT = re.compile(r"[ T]0{1,2}:00(:00(\.0+)?)?$")
_OTHER = re.compile(r"^其他\s*(?:[-－—–:：]\s*(.+)|[(（](.+)[)）])$", re.DOTALL)
_BLANKS = " \t\r\n\u3000\u00a0\ufeff\u200b"
_FULL_WIDTH = r"[０-９Ａ-Ｚａ-ｚ]"


@dataclass
class Canonical:
    """A frame of canonical text and, per field, which rows could not be read or were mended by rule R21."""

    frame: pl.DataFrame
    unreadable: dict[str, pl.Series] = field(default_factory=dict)
    mended: dict[str, pl.Series] = field(default_factory=dict)


def parse_date(text: str, spreadsheet: bool) -> str | None:
    """ISO date of one delivered date, or None. 长期 means 2099-12-31; serial numbers only from a spreadsheet."""
    value = unicodedata.normalize("NFKC", text).strip(_BLANKS)
    if value in ("长期", "长期有效"):
        return LONG_TERM
    if value.endswith(".0") and value[:-2].isdecimal():
        value = value[:-2]
    if len(value) == 5 and value.isdecimal() and value.isascii():
        if spreadsheet and int(value) in _SERIALS:
            return (_EPOCH + timedelta(days=int(value))).isoformat()
        return None
    value = _MIDNIGHT.sub("", value)
    for shape in _DATE_SHAPES:
        found = shape.fullmatch(value)
        if found:
            try:
                day = date(*map(int, found.groups()))
            except ValueError:
                return None
            return day.isoformat() if 1949 <= day.year <= 2099 else None
    return None


def parse_month(text: str) -> str | None:
    """A month as YYYY-MM, or None."""
    value = unicodedata.normalize("NFKC", text).strip(_BLANKS)
    found = re.fullmatch(r"(\d{4})[-/.年]?(\d{1,2})月?", value)
    if not found or not 1 <= int(found.group(2)) <= 12 or not 1949 <= int(found.group(1)) <= 2099:
        return None
    return f"{found.group(1)}-{int(found.group(2)):02d}"


def parse_decimal(text: str) -> str | None:
    """A plain decimal(18,6) without exponent or trailing zeros, or None; the sign is kept for the rule to judge."""
    value = unicodedata.normalize("NFKC", text).strip(_BLANKS)
    if not re.fullmatch(r"[+-]?\d{1,12}(\.\d+)?([eE][+-]?\d{1,2})?", value):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    if -number.normalize().as_tuple().exponent > 6 or abs(number) >= 10**12:
        return None
    plain = format(number, "f")
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    sign = "-" if plain.startswith("-") else ""
    return sign + (plain.lstrip("+-").lstrip("0") or "0") if not plain.lstrip("+-").startswith("0.") else plain.lstrip("+")


def parse_integer(text: str) -> str | None:
    """A non-negative integer without leading zeros, or None."""
    value = unicodedata.normalize("NFKC", text).strip(_BLANKS)
    value = value[:-2] if value.endswith(".0") else value
    return str(int(value)) if value.isascii() and value.isdecimal() else None


class CodeReader:
    """Reads values of one code list: accepted spellings, several values, 其他 with its text."""

    def __init__(self, codes: CodeList):
        self.codes = codes
        self.known = {unicodedata.normalize("NFKC", spelling).strip(): value
                      for value, spellings in codes.values.items() for spelling in (value, *spellings)}
        self.protected = sorted((value for value in self.known if re.search(r"[、,;]", value)), key=len, reverse=True)

    def _one(self, token: str) -> str | None:
        if token in self.known:
            return self.known[token]
        other = _OTHER.match(token) if self.codes.other else None
        if other:
            said = (other.group(1) or other.group(2)).strip()
            return f"其他-{said}" if said else None
        return None

    def __call__(self, text: str) -> str | None:
        value = unicodedata.normalize("NFKC", text).strip(_BLANKS)
        if not self.codes.multiple:
            return self._one(value)
        marks = {}
        for number, item in enumerate(self.protected):
            mark = chr(0xE000 + number)
            if item in value:
                value = value.replace(item, mark)
                marks[mark] = item
        tokens = [token.strip() for token in re.split(r"[;、,，；]", value)]
        read = [self._one("".join(marks.get(char, char) for char in token)) for token in tokens if token]
        if not read or None in read:
            return None
        return ";".join(dict.fromkeys(read))


def parse_list(text: str) -> str | None:
    """A list joined by ';' whatever separator it came with."""
    return ";".join(part.strip() for part in re.split(r"[;；、|]", text) if part.strip())


def _map_distinct(series: pl.Series, read: Callable[[str], str | None]) -> tuple[pl.Series, pl.Series]:
    """Apply ``read`` to the distinct non-blank values; (canonical series, rows that could not be read)."""
    distinct = [value for value in series.unique().to_list() if value != ""]
    if not distinct:
        return series, pl.repeat(False, len(series), eager=True)
    results = {value: read(value) for value in distinct}
    moved = {value: result for value, result in results.items() if result is not None and result != value}
    bad = [value for value, result in results.items() if result is None]
    mapped = series.replace(moved) if moved else series
    return mapped, series.is_in(bad) if bad else pl.repeat(False, len(series), eager=True)


def _odd(series: pl.Series, pattern: str) -> pl.Series:
    return (series != "") & ~series.str.contains(pattern)


def _read_where(series: pl.Series, odd: pl.Series, read: Callable[[str], str | None]) -> tuple[pl.Series, pl.Series]:
    """Read only the rows marked ``odd``; the rest is canonical already."""
    if not odd.any():
        return series, pl.repeat(False, len(series), eager=True)
    mapped, bad = _map_distinct(series.filter(odd), read)
    positions = odd.arg_true()
    return series.scatter(positions, mapped), pl.repeat(False, len(series), eager=True).scatter(
        positions.filter(bad), True) if bad.any() else pl.repeat(False, len(series), eager=True)


def _canonical_code(series: pl.Series) -> tuple[pl.Series, pl.Series]:
    odd = _odd(series, r"^[0-9A-Z]*$")
    mended, _ = _read_where(series, odd, lambda value: normalise(value)[0])
    return mended, (mended != series) if odd.any() else odd


def _plain_decimal(series: pl.Series) -> tuple[pl.Series, pl.Series]:
    odd = _odd(series, r"^(?:0|[1-9]\d{0,11})(?:\.\d{0,5}[1-9])?$")
    return _read_where(series, odd, parse_decimal)


def canonicalise(frame: pl.DataFrame, fields: list[Field], code_lists: dict[str, CodeList],
                 spreadsheet: bool) -> Canonical:
    """Canonical text of every field (rows × fields, '' for blank); fields absent from the frame become ''."""
    count = frame.height
    blank = pl.repeat("", count, dtype=pl.String, eager=True)
    present = set(frame.columns)
    result = Canonical(pl.DataFrame())
    columns: list[pl.Series] = []
    for spec in fields:
        if spec.name not in present:
            columns.append(blank.alias(spec.name))
            continue
        received = frame[spec.name].fill_null("")
        series = received.str.strip_chars(_BLANKS)
        wide: pl.Series | None = None
        bad: pl.Series | None = None
        if spec.type in ("code", "uscc", "org_code", "person_id"):
            series, wide = _canonical_code(series)
        elif spec.type in ("date", "month", "decimal", "integer"):
            wide = series.str.contains(_FULL_WIDTH)
            if spec.type == "date":
                odd = _odd(series, r"^20[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])$")
                series, bad = _read_where(series, odd, lambda value: parse_date(value, spreadsheet))
            elif spec.type == "decimal":
                series, bad = _plain_decimal(series)
            else:
                series, bad = _map_distinct(series, parse_month if spec.type == "month" else parse_integer)
        elif spec.type in ("enum", "enum_multi"):
            series, bad = _map_distinct(series, CodeReader(code_lists[spec.code_list or ""]))
        elif spec.type == "list":
            series, _ = _map_distinct(series, parse_list)
        if bad is not None and bad.any():
            result.unreadable[spec.name] = bad
        if wide is not None and wide.any():
            result.mended[spec.name] = wide
        columns.append(series.alias(spec.name))
    result.frame = pl.DataFrame(columns)
    return result
