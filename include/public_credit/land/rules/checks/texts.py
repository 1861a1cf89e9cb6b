"""Texts: lengths of the standard, and words that mark what must not be collected."""

from __future__ import annotations

import re

import numpy as np
import polars as pl

from ..chunk import Rows, any_of
from ..registry import Mask, Parameters, check

_MEASURED = ("text", "code", "enum", "enum_multi", "list", "person_id")
_SEARCHED = ("text", "list", "enum", "enum_multi")


class Words(Parameters):
    """Words that count, unless one of the negations stands right before them."""

    words: list[str]
    unless_after: list[str] = []


@check
def length_within_standard(rows: Rows) -> Mask:
    """No value is longer than the standard; never cut (R18).

    Codes, dates, amounts and unknown words have rules of their own.
    """
    masks = []
    for field in rows.fields:
        if field.type not in _MEASURED:
            continue
        column = rows.column(field.name)
        if column.longest > field.length:
            longer = column.rows(column.distinct.str.len_chars() > field.length)
            masks.append(longer & ~rows.unreadable[field.name] if field.name in rows.unreadable else longer)
    return any_of(masks)


@check
def contains_words(rows: Rows, *, groups: list[Words]) -> Mask:
    """Any text holds one of the words (R20)."""
    patterns = []
    for group in groups:
        one = "|".join(map(re.escape, group.words))
        before = "|".join(map(re.escape, group.unless_after))
        patterns.append((f"(?:{one})", f"(?:{before})(?:{one})" if before else None))
    searched = [word for group in groups for word in group.words]
    columns = [rows.column(field.name) for field in rows.fields if field.type in _SEARCHED]
    if not columns:
        return None
    held = np.asarray(pl.concat([column.distinct.alias("") for column in columns]).str.contains_any(searched))
    begins = np.cumsum([len(column.distinct) for column in columns])[:-1]
    masks = []
    for column, marks in zip(columns, np.split(held, begins), strict=True):
        places = np.flatnonzero(marks)
        if len(places):
            some = column.distinct[places]
            found = any_of(
                [
                    np.asarray(some.str.count_matches(one) > (some.str.count_matches(negated) if negated else 0))
                    for one, negated in patterns
                ]
            )
            masks.append(column.rows_at(places[found]))
    return any_of(masks)
