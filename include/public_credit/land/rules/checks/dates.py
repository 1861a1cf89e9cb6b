"""Dates: readable, in order, not after the reception, not beyond the legal term of publication."""

from __future__ import annotations

from datetime import date
from functools import lru_cache, partial

from ....policy import seeds as policy
from ..chunk import Rows, any_of, comes_after
from ..registry import Mask, check


@check
def readable(rows: Rows, *, types: list[str]) -> Mask:
    """Values of these field types could be read (dates, months, integers, amounts, code lists)."""
    return any_of([mask for name, mask in rows.unreadable.items() if rows.kind.fields[name].type in types])


@check
def not_after_reception(rows: Rows, *, field: str) -> Mask:
    """A date is not later than the day of reception (R08)."""
    reception = rows.context.business_date.isoformat()
    return rows.readable(field) & rows.where(field, lambda days: days > reception)


@check
def ordered(rows: Rows, *, first: str, second: str, strict: bool = False) -> Mask:
    """Of two readable dates the first is not later than the second; with ``strict`` it is earlier."""
    if first not in rows or second not in rows:
        return None
    return rows.readable(first) & rows.readable(second) & rows.later(first, second, strict=not strict)


@lru_cache(maxsize=1 << 14)
def _later_by(day: str, months: int) -> str:
    """An ISO date so many months later; '' for what is no date."""
    try:
        return policy.add_months(date.fromisoformat(day), months).isoformat()
    except ValueError:
        return ""


@check
def within_publication_term(rows: Rows, *, end: str, decided: str, category: str) -> Mask:
    """The declared end of publication is within the legal maximum of its class (R17W)."""
    known = rows.readable(end) & rows.readable(decided) & rows.readable(category)
    if not known.any():
        return None
    by_months: dict[int, list[str]] = {}
    for value, months in policy.publication_months(filter(None, set(rows.column(category).texts))).items():
        by_months.setdefault(months, []).append(value)
    beyond = []
    for months, kinds in by_months.items():
        latest = rows.column(decided).mapped(partial(_later_by, months=months))
        beyond.append(known & rows.one_of(category, kinds) & comes_after(rows.column(end), latest))
    return any_of(beyond)
