"""How values were delivered: mended spelling, digits lost in a spreadsheet, ragged lines."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from ....kernels import survey
from ....kernels.columns import Marks
from ..chunk import Rows, any_of
from ..registry import Mask, check

_DIGIT, _POINT, _SIGN = "[0-9０-９]", "[.．,，]", "[+＋\\-－]"
# A number as programs write a float, or a spreadsheet a number with a format: exponent, point behind a whole number, thousands.
_FLOAT = (
    rf"^{_SIGN}?(?:{_DIGIT}+{_POINT}{_DIGIT}* ?[EeＥｅ] ?{_SIGN}?{_DIGIT}{{1,4}}|{_DIGIT}+ ?[EeＥｅ] ?[+＋]{_DIGIT}{{1,4}}"
    rf"|{_DIGIT}+(?:[.．]{_DIGIT}+)? ?[×xX*] ?10 ?\^ ?{_DIGIT}{{1,3}}"
    rf"|{_DIGIT}+[.．][0０]+|{_DIGIT}{{15,}}[.．]{_DIGIT}+|{_DIGIT}{{1,3}}(?:[,，]{_DIGIT}{{3}}){{2,}}(?:[.．]{_DIGIT}+)?)$"
)
_DAY = "^[0-9]{4}-[0-9]{2}-[0-9]{2}(?: |$)"


@check
def mended_spelling(rows: Rows) -> Mask:
    """Full width, lower case, blanks or hyphens in a code, date or amount, or a mark that kept a value text, were mended (R21)."""
    return any_of(list(rows.mended.values()))


@check
def time_dropped(rows: Rows) -> Mask:
    """A date came with a time of day, which was left out (R09W)."""
    return any_of(list(rows.timed.values()))


@check
def precision_lost(rows: Rows, *, digits: int) -> Mask:
    """An identifier passed through a floating-point number (R22).

    From any source it is told by its text – an exponent, a point behind a whole number, thousands –, in a spreadsheet also by
    a cell of so many digits that is a number, which keeps fifteen, or by a day, which the program made of 26-3-1.
    """
    masks = []
    for name in rows.kind.identifying:
        if name not in rows:
            continue
        column = rows.column(name)
        places = column.flagged(survey.ODD)
        if len(places):
            places = places[np.asarray(column.distinct[places].str.contains(_FLOAT))]
            if len(places):
                masks.append(column.rows_at(places))
    for name, numeric in _numbers(rows):
        if rows.context.spreadsheet:
            masks.append(
                numeric
                & rows.where(name, lambda texts: (_size(texts) >= 10.0 ** (digits - 1)) | texts.str.contains(_DAY))
            )
    return any_of(masks)


@check
def rounded_by_sender(rows: Rows) -> Mask:
    """An identifier came as a number of JSON from 2^53 on: read exactly, but many programs write such numbers rounded (R22W)."""
    if rows.context.spreadsheet:
        return None
    return any_of(
        [numeric & rows.where(name, lambda texts: _size(texts) >= 2.0**53) for name, numeric in _numbers(rows)]
    )


def _numbers(rows: Rows) -> Iterator[tuple[str, Marks]]:
    """Identifying fields with cells that were numbers, and those cells."""
    for name, numeric in rows.context.numeric_cells.items():
        if name in rows and name in rows.kind.identifying and numeric.any():
            yield name, np.asarray(numeric)


def _size(texts: pl.Series) -> pl.Series:
    return texts.cast(pl.Float64, strict=False).fill_null(0.0)


@check
def ragged(rows: Rows) -> Mask:
    """The row has more or fewer cells than the header (R23)."""
    return None if rows.context.ragged is None else np.asarray(rows.context.ragged)
