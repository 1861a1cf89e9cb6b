"""What changed after a year was frozen, one line per figure: restated with approval, or given differently by today's records."""

from __future__ import annotations

from dataclasses import dataclass

from . import views, words
from .model import DISTRICT, Figure, Publication, Restated, Restatement

WAITING = "未重列"
ROWS_ONLY = "全区数字不变，只有明细变化"


@dataclass(frozen=True)
class Side:
    """A figure before or after."""

    numerator: int | None
    denominator: int | None
    percent: float | None

    @property
    def told(self) -> str:
        """``40.0%（2 / 5）``."""
        return f"{words.percent(self.percent)}（{words.ratio(self.numerator, self.denominator)}）"


@dataclass(frozen=True)
class Correction:
    """A line of the one table of corrections; ``before`` and ``after`` are None where rows changed and no figure did."""

    name: str  # 'edition/figure'; '' of what is not restated yet
    year: int
    title: str
    mark: str  # r: records changed; 口径调整: the figure means something else
    state: str  # 第 11 号重列 … or 未重列
    before: Side | None
    after: Side | None
    rows: tuple[int, int, int] | None  # items that came, went and changed
    reason: str

    @property
    def moved(self) -> float | None:
        """Percentage points."""
        if self.before is None or self.after is None:
            return None
        return views.difference(self.after.percent, self.before.percent)


def version(publication: Publication, year: int) -> str:
    """Which version of a year's figures is shown, in words."""
    edition = publication.editions.get(year)
    if year < views.horizon(publication):
        return "记录起点之前，还没有信用记录"
    later = [each.edition_id for each in publication.restatements if each.year == year]
    if edition is None:
        return "动态数，未定版"
    return f"已定版（第 {edition.edition_id} 号）" + (f"，更正重列（第 {'、'.join(later)} 号）" if later else "")


def _restated(each: Restatement, figure: Restated | None) -> Correction:
    state = f"第 {each.edition_id} 号重列（改第 {each.restates} 号）· {each.on} · {each.approved_by}"
    if figure is None:
        return Correction("", each.year, ROWS_ONLY, views.REVISED, state, None, None, None, each.reason)
    return Correction(
        f"{each.edition_id}/{figure.figure_id}",
        each.year,
        figure.title,
        views.REDEFINED if figure.redefined else views.REVISED,
        state,
        Side(figure.old_numerator, figure.old_denominator, figure.old_percent),
        Side(figure.numerator, figure.denominator, figure.percent),
        (figure.came, figure.went, figure.changed),
        each.reason,
    )


def _side(figure: Figure) -> Side:
    return Side(figure.numerator, figure.denominator, figure.percent)


def _waiting(publication: Publication, year: int) -> list[Correction]:
    found: dict[tuple[str, str], Correction] = {}
    for target in publication.targets:
        for unit in (DISTRICT, *target.responsible):
            row = views.shown(publication, target, unit, year)
            if row is None or row.running is None or row.figure.unit_id != unit or row.hidden:
                continue
            if (target.figure_id, unit) in found:
                continue  # another goal of the same figure
            mark = views.REDEFINED if row.redefined_since else views.REVISED
            title = f"{target.title} · {row.scope}"
            sides = _side(row.figure), _side(row.running)
            found[target.figure_id, unit] = Correction("", year, title, mark, WAITING, *sides, None, "")
    return list(found.values())


def corrections(publication: Publication) -> list[Correction]:
    """All of them, by year: what was restated, each figure once, then what waits to be."""
    found = []
    for year in sorted(publication.editions):
        for each in (item for item in publication.restatements if item.year == year):
            figures = {figure.figure_id: figure for figure in reversed(each.figures)}
            found += [_restated(each, figure) for figure in reversed(figures.values())] or [_restated(each, None)]
        found += _waiting(publication, year) if year in publication.years else []
    return found
