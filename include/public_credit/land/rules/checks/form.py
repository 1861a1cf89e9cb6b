"""How values were delivered: mended spelling, digits lost in a spreadsheet, ragged lines."""

from __future__ import annotations

import numpy as np
import polars as pl

from ..chunk import Rows, any_of
from ..registry import Mask, check

_CODES = ("code", "uscc", "org_code", "person_id")


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
    """A code of so many digits came as a number of a spreadsheet, which keeps fifteen (R22)."""
    masks = []
    for name, numeric in rows.context.numeric_cells.items():
        if name in rows and rows.kind.fields[name].type in _CODES and numeric.any():
            long = rows.where(
                name, lambda texts: texts.cast(pl.Float64, strict=False).fill_null(0.0) >= 10.0 ** (digits - 1)
            )
            masks.append(np.asarray(numeric) & long)
    return any_of(masks)


@check
def ragged(rows: Rows) -> Mask:
    """The row has more or fewer cells than the header (R23)."""
    return None if rows.context.ragged is None else np.asarray(rows.context.ragged)
