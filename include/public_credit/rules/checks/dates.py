"""Dates: readable, in order, not after the reception, not beyond the legal term of publication."""

from __future__ import annotations

from datetime import date

import polars as pl

from ... import policy
from ..chunk import Rows, any_of
from ..registry import Mask, check


@check
def readable(rows: Rows, *, types: list[str]) -> Mask:
    """Values of these field types could be read (dates, months, integers, amounts, code lists)."""
    return any_of([mask for name, mask in rows.unreadable.items() if rows.kind.fields[name].type in types])


@check
def not_after_reception(rows: Rows, *, field: str) -> Mask:
    """A date is not later than the day of reception (R08)."""
    return rows.readable(field) & (rows[field] > rows.context.business_date.isoformat())


@check
def ordered(rows: Rows, *, first: str, second: str, strict: bool = False) -> Mask:
    """Of two readable dates the first is not later than the second; with ``strict`` it is earlier."""
    if first not in rows or second not in rows:
        return None
    both = rows.readable(first) & rows.readable(second)
    return both & (rows[first] >= rows[second] if strict else rows[first] > rows[second])


@check
def within_publication_term(rows: Rows, *, end: str, decided: str, category: str) -> Mask:
    """The declared end of publication is within the legal maximum of its class (R17W)."""
    known = rows.readable(end) & rows.readable(decided) & rows.readable(category)
    if not known.any():
        return None
    by_months: dict[int, list[str]] = {}
    for kinds in filter(None, rows.distinct(category)):
        by_months.setdefault(policy.maximum_months()[policy.severity_of(kinds)], []).append(kinds)
    beyond = []
    for months, kinds in by_months.items():
        positions = (known & rows[category].is_in(kinds)).arg_true()
        days = rows[decided].gather(positions)
        distinct = days.unique().to_list()
        latest = days.replace_strict(
            distinct,
            [policy.add_months(date.fromisoformat(day), months).isoformat() for day in distinct],
            return_dtype=pl.String,
        )
        beyond.append(rows.at(positions.filter(rows[end].gather(positions) > latest)))
    return any_of(beyond)
