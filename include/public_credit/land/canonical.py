"""Canonical text per field: half-width codes in upper case, ISO dates, plain decimals, one list separator.

Everything works on the distinct values of a column (``columns``): a pattern tells which are canonical already, only
the others pass through Python. The readers of single values (``read_*``) return None for an unreadable value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import polars as pl

from ..catalogue.models import CodeList, Field
from ..identifiers.codes import DASHES, INVISIBLE
from ..kernels import survey
from ..kernels.columns import Column, Marks, columns_of, constant
from .dates import BLANKS, UNUSUAL, folded, has_time, read_date, read_month

# What spreadsheet programs and exports put before a number to keep it text: ="…", '…, `…
_FORMULA_TEXT = re.compile(r'="((?:[^"]|"")*)"')
_APOSTROPHE = re.compile(r"['`]([^'`]+)")
_AMOUNT = re.compile(r"[+-]?\.[0-9]{1,12}|[+-]?[0-9]{1,18}(?:\.[0-9]{1,12}|(?:\.[0-9]{1,17})?[eE][+-]?[0-9]{1,2})?")
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
    """Columns of a chunk as ``received`` and as canonical text, and per field where there are any, marked rows.

    ``unreadable``: kept as received; ``mended``: rule R21; ``timed``: a date that lost its time of day; ``changed``: differs
    from the received text.
    """

    columns: dict[str, Column] = field(default_factory=dict)
    received: dict[str, Column] = field(default_factory=dict)
    unreadable: dict[str, Marks] = field(default_factory=dict)
    mended: dict[str, Marks] = field(default_factory=dict)
    timed: dict[str, Marks] = field(default_factory=dict)
    changed: dict[str, Marks] = field(default_factory=dict)

    @property
    def frame(self) -> pl.DataFrame:
        """The canonical values."""
        return pl.DataFrame([column.values.alias(name) for name, column in self.columns.items()])


def without_guard(text: str) -> str:
    """A value without the mark that kept it text in a spreadsheet program: ="…", or an apostrophe that stands alone."""
    value = text.strip(BLANKS)
    formula = _FORMULA_TEXT.fullmatch(value)
    if formula:
        return formula.group(1).replace('""', '"')
    apostrophe = _APOSTROPHE.fullmatch(value)
    return apostrophe.group(1) if apostrophe else text


def read_decimal(text: str) -> str | None:
    """A plain decimal(18,6) without exponent or trailing zeros; the sign is kept for the rule to judge."""
    value = folded(text)
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
    value = re.fullmatch(r"([0-9]{1,18})(?:\.0+)?", folded(text))
    return str(int(value.group(1))) if value else None


def read_list(text: str) -> str | None:
    """A list joined by ';' whatever separator it came with."""
    return ";".join(part.strip(BLANKS) for part in _LIST_MARK.split(text) if part.strip(BLANKS))


class CodeReader:
    """Reads values of one code list: accepted spellings, several values, 其他 with its text (R13).

    List values that themselves hold a separator are taken whole; 其他 keeps its text, a 、 inside it included.
    """

    def __init__(self, codes: CodeList):
        self.codes = codes
        self._known = {
            folded(spelling): value for value, spellings in codes.values.items() for spelling in (value, *spellings)
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
        known = self._known.get(folded(token))
        if known is not None or not self.codes.other:
            return known
        other = _OTHER.fullmatch(token)
        said = (other.group(1) or other.group(2)).strip(BLANKS) if other else ""
        return f"其他-{said}" if said else None

    def __call__(self, text: str) -> str | None:
        """The official spelling of a value, of every part of a list; None for one that is in no list."""
        value = text.strip(BLANKS)
        if not self.codes.multiple:
            return self._one(value)
        read: list[str] = []
        for mark, token in self._token.findall(value):
            token = token.strip(BLANKS)
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
    """What becomes of the distinct values that are not canonical, by their places in the column.

    The value at ``places[n]`` becomes ``values[n]``; places of unreadable, of mended and of values with a time of day.
    """

    places: np.ndarray | list[int] = field(default_factory=list)
    values: pl.Series | list[str] = field(default_factory=list)
    unreadable: list[int] = field(default_factory=list)
    mended: np.ndarray | list[int] = field(default_factory=list)
    timed: list[int] = field(default_factory=list)


def _trimmed(column: Column) -> _Moves:
    """Text without blanks at its ends; nothing inside is touched."""
    places = column.flagged(survey.BLANK)
    if not len(places):
        return _Moves()
    some = column.distinct[places]
    clean = some.str.strip_chars().str.strip_chars(BLANKS)
    odd = np.asarray(some != clean)
    return _Moves(places[odd], clean.filter(odd))


def _code(column: Column) -> _Moves:
    """``identifiers.normalise`` for many: half width, no blanks or hyphens, upper case (R21)."""
    places = column.flagged(survey.ODD)
    if not len(places):
        return _Moves()
    odd = column.distinct[places]
    clean = odd.str.normalize("NFKC").str.replace_all(rf"[\s{INVISIBLE}\{DASHES}]+", "").str.to_uppercase()
    moved = np.asarray(odd != clean)
    return _Moves(places[moved], clean.filter(moved), mended=places[moved & np.asarray(clean != "")])


def _read(column: Column, plain: str | None, read: Reader, timed: Callable[[str], bool] | None = None) -> _Moves:
    """Read the values that do not match ``plain``; all of them when it is None (lists of words, no R21).

    ``timed`` tells of readable ones which had a time of day.
    """
    places: list[int] = []
    values: list[str] = []
    unreadable: list[int] = []
    mended: list[int] = []
    with_time: list[int] = []
    known: dict[str, str | None] = {}
    some = column.distinct
    odd = range(len(some)) if plain is None else np.flatnonzero(~np.asarray(some.str.contains(plain))).tolist()
    for place, value in zip(odd, (some if plain is None else some[odd]).to_list(), strict=True):
        if value not in known:
            known[value] = read(value) if value.strip(BLANKS) else ""
        result = known[value]
        if result is None:
            unreadable.append(place)
            result = value.strip(BLANKS)
        elif plain and UNUSUAL.search(value):
            mended.append(place)
        if timed and result and place not in unreadable[-1:] and timed(value):
            with_time.append(place)
        if result != value:
            places.append(place)
            values.append(result)
    return _Moves(places, values, unreadable, mended, with_time)


def _reader(spec: Field, code_lists: dict[str, CodeList], spreadsheet: bool) -> Callable[[Column], _Moves]:
    """How the values of a column of this type are read."""
    if spec.type in ("code", "uscc", "org_code", "person_id"):
        return _code
    if spec.type == "text":
        return _trimmed
    if spec.type == "date":
        return lambda column: _read(column, _PLAIN_DATE, lambda value: read_date(value, spreadsheet), has_time)
    plain: dict[str, tuple[str | None, Reader]] = {
        "month": (_PLAIN_MONTH, lambda value: read_month(value, spreadsheet)),
        "decimal": (_PLAIN_DECIMAL, read_decimal),
        "integer": (_PLAIN_INTEGER, read_integer),
        "list": (None, read_list),
    }
    if spec.type in plain:
        pattern, read = plain[spec.type]
        return lambda column: _read(column, pattern, read)
    reader = CodeReader(code_lists[spec.code_list or ""])
    return lambda column: _read(column, None, reader)


def _column(result: Canonical, name: str, received: Column, moves: _Moves) -> Column:
    """The canonical column; notes which rows are unreadable, mended or changed."""
    for marked, places in (
        (result.unreadable, moves.unreadable),
        (result.mended, moves.mended),
        (result.timed, moves.timed),
        (result.changed, moves.places),
    ):
        if len(places):
            marked[name] = received.rows_at(places)
    return received.replaced(moves.places, moves.values) if len(moves.places) else received


def _unguarded(column: Column) -> tuple[Column, np.ndarray]:
    """The column without marks that kept a value text, and the places of the distinct values that had one."""
    places = column.flagged(survey.GUARD)
    if not len(places):
        return column, places
    some = column.distinct[places].to_list()
    clean = [without_guard(value) for value in some]
    moved = np.array([new != old for new, old in zip(clean, some, strict=True)])
    return column.replaced(places, clean), places[moved]


def canonicalise(
    frame: pl.DataFrame, fields: Iterable[Field], code_lists: dict[str, CodeList], spreadsheet: bool
) -> Canonical:
    """Canonical text of every field, '' for blank; fields absent from the frame become ''."""
    result = Canonical(received=columns_of(frame.get_columns()))
    blank = constant("", frame.height)
    for spec in fields:
        received = result.received.get(spec.name)
        if received is None:
            result.columns[spec.name] = blank
            continue
        bare, guarded = _unguarded(received)
        read = _column(result, spec.name, bare, _reader(spec, code_lists, spreadsheet)(bare))
        result.columns[spec.name] = read
        if len(guarded):
            rows = received.rows_at(guarded)
            for marked in (result.mended, result.changed):
                marked[spec.name] = marked[spec.name] | rows if spec.name in marked else rows
    return result
