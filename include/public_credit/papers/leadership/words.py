"""How figures are written: percent with its denominator, signs, dates. Used by page, workbook and PDF."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from .model import Figure

NONE = "—"
FEW = "少于 5"


def _tenth(value: float) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.1"), ROUND_HALF_UP)


def percent(rate: float | None) -> str:
    """``90.2%``; never rounded up to 100 % or down to 0 % (99.96 % is written 99.9 %)."""
    if rate is None:
        return NONE
    shown = _tenth(round(rate * 100, 6))
    if rate < 1 and shown >= 100:
        shown = Decimal("99.9")
    if rate > 0 and shown <= 0:
        shown = Decimal("0.1")
    return f"{shown}%"


def goal(rate: float) -> str:
    """A goal as a share: ``100%``, ``92.5%``."""
    return percent(rate).replace(".0%", "%")


def points(value: float | None) -> str:
    """Percentage points with a sign (``−4.5``); a difference is never rounded away."""
    if value is None:
        return NONE
    shown = _tenth(abs(round(value, 6)))
    if shown == 0:
        if abs(value) < 1e-9:
            return "±0.0"
        shown = Decimal("0.1")
    return f"{'−' if value < 0 else '+'}{shown}"


def number(value: int | None) -> str:
    """``1,234``; — where there is none."""
    return NONE if value is None else f"{value:,}"


def day(value: date | None) -> str:
    """An ISO date; — where there is none."""
    return NONE if value is None else value.isoformat()


def fraction(figure: Figure) -> str:
    """``1,234 / 1,368``: what a percent rests on; a missing denominator is said."""
    if figure.suppressed:
        return FEW
    return ratio(figure.numerator, figure.denominator)


def ratio(numerator: int | None, denominator: int | None) -> str:
    """``1,234 / 1,368``, or what is missing."""
    if denominator is None:
        return f"{number(numerator)} / 缺分母" if numerator is not None else "缺分母"
    return f"{number(numerator)} / {number(denominator)}"


def missing(value: float | None) -> str:
    """Points to the goal in words: ``差 4.5``, ``达到``, ``超 0.6``."""
    if value is None:
        return NONE
    text = points(value)[1:]
    return "达到" if abs(value) < 1e-9 else f"{'差' if value > 0 else '超'} {text}"


def ahead(value: float | None) -> str:
    """Points against the linear way in words: ``快 1.2``, ``慢 3.4``."""
    if value is None:
        return NONE
    return "持平" if abs(value) < 1e-9 else f"{'快' if value > 0 else '慢'} {points(value)[1:]}"


def left(count: int | None, measure: str) -> str:
    """How many are missing to the goal: ``还差 12 家``, ``不差``; — where it is not told."""
    if count is None:
        return NONE
    return f"还差 {count:,} {measure}" if count else "不差"


def past_due(years: int | None) -> str:
    """`` · 逾期 5 年`` of a goal whose due date has passed; '' of others."""
    if years is None:
        return ""
    return f" · 逾期 {years} 年" if years else " · 逾期不足 1 年"
