"""数据质量提示: what is said beside a figure so that it is read right, the same words in page, workbook and PDF.

The rule seed ``quality_note_rule`` says which number about a figure (a fact) is told beside which figures, between which values
and in which words, with its clause. A fact is looked up here by its name; one that is not known of a figure says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from . import views
from .model import DISTRICT, RATES, Publication, Quality, Returned

ON_TILES = "指标卡"  # where a rule is shown only there; elsewhere the number has a column of its own
_LINES, _AMOUNT = "ask_lines:", "ask_amount:"


def _said(
    publication: Publication, metric: str, fact: Callable[[str], int | None], *, tile: bool, but: frozenset[str]
) -> str:
    found = []
    for rule in publication.note_rules:
        if metric not in rule.metrics or rule.fact in but or (rule.shown_in == ON_TILES and not tile):
            continue
        value = fact(rule.fact)
        if value is not None and value >= rule.at_least and (rule.at_most is None or value <= rule.at_most):
            found.append(rule.words.replace("{n}", f"{value:,}"))
    return "，".join(found)


def _asked(publication: Publication, unit: str, fact: str) -> int:
    """Lines of one rule of 需要您过问 (rosters concern every unit), or what they amount to for a unit (district: all)."""
    if fact.startswith(_LINES):
        return sum(ask.rule == fact.removeprefix(_LINES) for ask in publication.asks)
    rule = fact.removeprefix(_AMOUNT)
    return sum(ask.amount for ask in publication.asks if ask.rule == rule and unit in (DISTRICT, ask.unit_id))


def _today(publication: Publication, unit: str) -> dict[str, int]:
    """Facts known of today only."""
    clock = publication.clock_of.get(unit)
    silent = (item.standing for item in views.compared(publication, publication.years[-1]) if item.on_duty)
    return {
        "impossible_date": clock.impossible_date if clock else 0,
        "provisional": clock.provisional if clock else 0,
        "unheard": sum(word in (views.UNREPORTED, views.NEVER) for word in silent) if unit == DISTRICT else 0,
    }


def of_rate(publication: Publication, quality: Quality, metric: str, *, tile: bool = False, less: bool = False) -> str:
    """What stands beside a rate of a unit in a year; ``tile``: in a headline, ``less``: the small denominator is said already.

    What is known of today only stands beside the newest year, and beside the whole, not beside licences or penalties alone.
    """
    months = {
        item.month
        for item in publication.decision_months
        if item.unit_id == quality.unit_id
        and item.month[:4] == quality.period
        and item.generated is not None
        and quality.table in ("", item.table)
    }
    known: dict[str, int | None] = {
        "denominator": quality.counts(metric)[1],
        "running": quality.running,
        "backlog": quality.backlog,
        "surplus": quality.surplus,
        "ledger_to": int(quality.ledger_to[5:]) if quality.ledger_to else None,
        "ledger_months": len(months) if quality.ledger_to else None,
    }
    now = quality.period == str(publication.years[-1]) and not quality.table
    if now:
        known |= _today(publication, quality.unit_id)

    def fact(name: str) -> int | None:
        if name.startswith((_LINES, _AMOUNT)):
            return _asked(publication, quality.unit_id, name) if now else None
        return known.get(name)

    if quality.rate(metric) is None:
        return ""
    return _said(publication, metric, fact, tile=tile, but=frozenset({"denominator"}) if less else frozenset())


def of_rates(publication: Publication, quality: Quality | None) -> str:
    """All rates of a unit that are to be read with care, each with why, in one cell."""
    told = {metric: of_rate(publication, quality, metric) for metric in RATES} if quality else {}
    return "；".join(f"{RATES[metric][0].removeprefix('双公示')}：{note}" for metric, note in told.items() if note)


def of_returned(publication: Publication, returned: Returned) -> str:
    """What stands beside the share of returned rows that was put right, and beside the days it took."""
    counts: Mapping[str, int] = {"fix_rate": returned.returned, "fix_days": returned.corrected}
    said = (
        _said(publication, metric, {"denominator": count}.get, tile=False, but=frozenset())
        for metric, count in counts.items()
    )
    return "，".join(filter(None, said))
