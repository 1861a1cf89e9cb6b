"""Canonical text per field: half-width codes in upper case, ISO dates, plain decimals, one list separator.

Everything works on whole columns: a pattern tells which values are canonical already, only the distinct
others pass through Python. The readers of single values (``read_*``) return None for an unreadable value.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import polars as pl

from .catalogue.models import CodeList, Field
from .identifiers import INVISIBLE
from .kernels import blanks, codes
from .kernels.views import Texts

LONG_TERM = "2099-12-31"
_BLANKS = " \t\r\n\x0b\x0c\u3000\u00a0\u2002\u2003\u2009" + INVISIBLE
_WIDE = re.compile("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff0e\uff0d]")
_EPOCH = date(1899, 12, 30)
_SERIALS = range(20000, 73051)
_SAMPLE = 512
_DATE_SHAPES = tuple(
    re.compile(shape)
    for shape in (
        r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})",
        r"([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})",
        r"([0-9]{4})\.([0-9]{1,2})\.([0-9]{1,2})",
        r"([0-9]{4})年([0-9]{1,2})月([0-9]{1,2})日",
        r"([0-9]{4})([0-9]{2})([0-9]{2})",
    )
)
_MIDNIGHT = re.compile(r"[ T]0{1,2}:00(?::00(?:\.0+)?)?$")
_MONTH = re.compile(r"([0-9]{4})(?:[-/.]?([0-9]{2})|[-/.年]([0-9]{1,2})月?)")
_AMOUNT = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,12}|(?:\.[0-9]{1,17})?[eE][+-]?[0-9]{1,2})?")
_OTHER = re.compile(r"其他\s*(?:[-－—–:：]\s*(.+)|[(（](.+)[)）])", re.DOTALL)
_LIST_MARK = re.compile(r"[;；、|]")

# Canonical already: no value that matches needs to be read ('' is matched by all of them).
_PLAIN_DATE = (
    r"^$|^(?:19[5-9]|20[0-9])[0-9]-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
    r"|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)$"
)
_PLAIN_DECIMAL = r"^$|^(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{0,5}[1-9])?$"
_PLAIN_INTEGER = r"^$|^(?:0|[1-9][0-9]{0,17})$"
_PLAIN_MONTH = r"^$|^(?:19[5-9]|20[0-9])[0-9]-(?:0[1-9]|1[0-2])$"

Reader = Callable[[str], "str | None"]


@dataclass
class Canonical:
    """A frame of canonical text and, per field where there are any, marked rows.

    ``unreadable``: kept as received; ``mended``: rule R21; ``changed``: differs from the received text.
    ``distinct``: the values (each at least once) of columns that arrived canonical.
    """

    frame: pl.DataFrame
    unreadable: dict[str, pl.Series] = field(default_factory=dict)
    mended: dict[str, pl.Series] = field(default_factory=dict)
    changed: dict[str, pl.Series] = field(default_factory=dict)
    distinct: dict[str, pl.Series] = field(default_factory=dict)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip(_BLANKS)


def read_date(text: str, spreadsheet: bool = False) -> str | None:
    """ISO date of one delivered date. 长期 means 2099-12-31; serial numbers only from a spreadsheet (R09)."""
    value = _folded(text)
    if value in ("长期", "长期有效"):
        return LONG_TERM
    serial = re.fullmatch(r"([0-9]{5})(?:\.0+)?", value)
    if serial:
        days = int(serial.group(1))
        return (_EPOCH + timedelta(days=days)).isoformat() if spreadsheet and days in _SERIALS else None
    value = _MIDNIGHT.sub("", value)
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


def read_month(text: str, spreadsheet: bool = False) -> str | None:
    """A month as YYYY-MM; in a spreadsheet also the first day of it, which the program made of the month."""
    value = _folded(text)
    found = _MONTH.fullmatch(value)
    if found:
        year, month = int(found.group(1)), int(found.group(2) or found.group(3))
        return f"{year}-{month:02d}" if 1 <= month <= 12 and 1949 <= year <= 2099 else None
    day = read_date(value, True) if spreadsheet else None
    return day[:7] if day and day.endswith("-01") else None


def read_decimal(text: str) -> str | None:
    """A plain decimal(18,6) without exponent or trailing zeros; the sign is kept for the rule to judge."""
    value = _folded(text)
    if not _AMOUNT.fullmatch(value):
        return None
    number = Decimal(value)
    if abs(number) >= 10**12 or number != round(number, 6):
        return None
    plain = format(number, "f").lstrip("+")
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    sign, plain = ("-", plain[1:]) if plain.startswith("-") else ("", plain)
    plain = plain.lstrip("0") or "0"
    plain = f"0{plain}" if plain.startswith(".") else plain
    return plain if plain == "0" else sign + plain


def read_integer(text: str) -> str | None:
    """A non-negative integer without leading zeros."""
    value = re.fullmatch(r"([0-9]{1,18})(?:\.0+)?", _folded(text))
    return str(int(value.group(1))) if value else None


def read_list(text: str) -> str | None:
    """A list joined by ';' whatever separator it came with."""
    return ";".join(part.strip(_BLANKS) for part in _LIST_MARK.split(text) if part.strip(_BLANKS))


class CodeReader:
    """Reads values of one code list: accepted spellings, several values, 其他 with its text (R13).

    List values that themselves hold a separator are taken whole; 其他 keeps its text, a 、 inside it included.
    """

    def __init__(self, codes: CodeList):
        self.codes = codes
        self._known = {
            _folded(spelling): value
            for value, spellings in codes.values.items()
            for spelling in (value, *spellings)
        }
        whole = sorted(
            (
                spelling
                for value, spellings in codes.values.items()
                for spelling in (value, *spellings)
                if re.search(r"[;；、,，]", spelling)
            ),
            key=len,
            reverse=True,
        )
        alternatives = [*map(re.escape, whole), r"其他\s*[(（][^()（）]*[)）]", r"[^;；、,，]"]
        self._token = re.compile(rf"([;；、,，]?)((?:{'|'.join(alternatives)})+)")

    def _one(self, token: str) -> str | None:
        known = self._known.get(_folded(token))
        if known is not None or not self.codes.other:
            return known
        other = _OTHER.fullmatch(token)
        said = (other.group(1) or other.group(2)).strip(_BLANKS) if other else ""
        return f"其他-{said}" if said else None

    def __call__(self, text: str) -> str | None:
        value = text.strip(_BLANKS)
        if not self.codes.multiple:
            return self._one(value)
        read: list[str] = []
        for mark, token in self._token.findall(value):
            token = token.strip(_BLANKS)
            if not token:
                continue
            one = self._one(token)
            if one is None and mark == "、" and read and read[-1].startswith("其他-"):
                read[-1] += f"、{token}"
            elif one is None:
                return None
            else:
                read.append(one)
        return ";".join(dict.fromkeys(read)) or None


@dataclass
class _Moves:
    """What becomes of the values that are not canonical: ``old`` → ``new``; unreadable and mended ones."""

    old: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)


def _trimmed(values: pl.Series) -> _Moves:
    """Text without blanks at its ends; nothing inside is touched."""
    texts, marks = Texts([values]), np.empty(len(values), dtype=bool)
    if not blanks.mark(texts.views, texts.buffers, 0, texts.count, marks):
        return _Moves()
    some = values.filter(pl.Series(marks)).unique()
    clean = some.str.strip_chars().str.strip_chars(_BLANKS)
    odd = some != clean
    return _Moves(some.filter(odd).to_list(), clean.filter(odd).to_list())


def _code(values: pl.Series) -> _Moves:
    """``identifiers.normalise`` for many: half width, no blanks or hyphens, upper case (R21)."""
    texts, marks = Texts([values]), np.empty(len(values), dtype=bool)
    if not codes.mark(texts.views, texts.buffers, 0, texts.count, marks):
        return _Moves()
    odd = values.filter(pl.Series(marks)).unique()
    clean = odd.str.normalize("NFKC").str.replace_all(rf"[\s{INVISIBLE}\-]+", "").str.to_uppercase()
    moved = odd != clean
    return _Moves(
        odd.filter(moved).to_list(),
        clean.filter(moved).to_list(),
        mended=odd.filter(moved & (clean != "")).to_list(),
    )


def _read(values: pl.Series, plain: str | None, read: Reader) -> _Moves:
    """Read the values that do not match ``plain``; all of them when it is None (lists of words, no R21)."""
    moves = _Moves()
    for value in dict.fromkeys(
        (values if plain is None else values.filter(~values.str.contains(plain))).to_list()
    ):
        stripped = value.strip(_BLANKS)
        result = read(value) if stripped else ""
        if result is None:
            moves.unreadable.append(value)
            result = stripped
        elif plain and _WIDE.search(value):
            moves.mended.append(value)
        if result != value:
            moves.old.append(value)
            moves.new.append(result)
    return moves


def _reader(spec: Field, code_lists: dict[str, CodeList], spreadsheet: bool) -> Callable[[pl.Series], _Moves]:
    """How the values of a column of this type are read."""
    if spec.type in ("code", "uscc", "org_code", "person_id"):
        return _code
    if spec.type == "text":
        return _trimmed
    plain: dict[str, tuple[str | None, Reader]] = {
        "date": (_PLAIN_DATE, lambda value: read_date(value, spreadsheet)),
        "month": (_PLAIN_MONTH, lambda value: read_month(value, spreadsheet)),
        "decimal": (_PLAIN_DECIMAL, read_decimal),
        "integer": (_PLAIN_INTEGER, read_integer),
        "list": (None, read_list),
    }
    if spec.type in plain:
        pattern, read = plain[spec.type]
        return lambda values: _read(values, pattern, read)
    reader = CodeReader(code_lists[spec.code_list or ""])
    return lambda values: _read(values, None, reader)


def distinct_of(series: pl.Series) -> pl.Series:
    """Every value of the column at least once, as few as is cheap to find.

    Many columns hold one value in a department's file; others hardly repeat any and are taken as they are.
    """
    if not len(series):
        return series
    if (series == series[0]).all():
        return series.head(1)
    sample = series.head(_SAMPLE)
    return series if len(series) > _SAMPLE and sample.n_unique() > 0.7 * _SAMPLE else series.unique()


def _column(
    result: Canonical, name: str, received: pl.Series, read: Callable[[pl.Series], _Moves]
) -> pl.Series:
    """Read one column and note which rows are unreadable, mended or changed."""
    distinct = distinct_of(received)
    moves = read(distinct)
    if moves.unreadable:
        result.unreadable[name] = received.is_in(moves.unreadable)
    if moves.mended:
        result.mended[name] = received.is_in(moves.mended)
    if not moves.old:
        result.distinct[name] = distinct
        return received
    changed = received.is_in(moves.old)
    result.changed[name] = changed
    positions = changed.arg_true()
    return received.clone().scatter(positions, received.gather(positions).replace(moves.old, moves.new))


def canonicalise(
    frame: pl.DataFrame, fields: Iterable[Field], code_lists: dict[str, CodeList], spreadsheet: bool
) -> Canonical:
    """Canonical text of every field, '' for blank; fields absent from the frame become ''."""
    blank = pl.repeat("", frame.height, dtype=pl.String, eager=True)
    present = set(frame.columns)
    result = Canonical(pl.DataFrame())
    columns: list[pl.Series] = []
    for spec in fields:
        values = blank
        if spec.name in present:
            received = frame[spec.name].fill_null("") if frame[spec.name].null_count() else frame[spec.name]
            values = _column(result, spec.name, received, _reader(spec, code_lists, spreadsheet))
        columns.append(values.alias(spec.name))
    result.frame = pl.DataFrame(columns)
    return result
