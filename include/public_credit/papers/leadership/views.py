"""What is shown for a year and a scope (the district or one unit): rows, tiles, comparison, changes.

Selects, orders and subtracts figures of the publication; it computes no rate of its own.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from .model import DISTRICT, MET, Ask, Figure, Publication, Quality, Silence, State, Target

TIMELY = "timely_rate"
UNREPORTED, NEVER = "有台账未报送", "从未报送"
HEADLINE = ("timely_rate", "compliance_rate", "reporting_rate")
SILENT = "silent_weeks"
REVISED, REDEFINED = "r", "口径调整"


@dataclass(frozen=True)
class Row:
    """A target as one view shows it."""

    target: Target
    figure: Figure
    state: State
    scope: str  # whose figure it is: '全区' or the unit's name
    own: bool  # the figure is the unit's own, not the district's
    frozen: bool  # taken from the year's newest frozen edition
    unfrozen: bool  # the year is frozen, but its edition does not hold this figure
    first: Figure | None  # the figure of the year's first edition, where the newest one holds another
    running: Figure | None  # today's figure of that month, where it differs from the frozen one
    redefined: bool  # it means something else than in the first edition
    redefined_since: bool  # today's figure means something else than in the newest one
    hidden: bool  # a cell of persons under 5
    other_goals: tuple[Target, ...] = ()  # further goals of the same figure, which the row does not judge by

    @property
    def mark(self) -> str:
        """What stands beside a restated figure: r where records changed, 口径调整 where its meaning did; '' of others."""
        return "" if self.first is None else REDEFINED if self.redefined else REVISED

    @property
    def overdue(self) -> bool:
        """The due date has passed and the goal is not met."""
        late = self.target.due_on < self.figure.month_end and self.state.name != MET
        return late and not self.target.about_persons

    @property
    def overdue_years(self) -> int | None:
        """Whole years since the due date of a goal that is not met, None where it is not overdue."""
        if not self.overdue or self.percent is None:
            return None
        due, now = self.target.due_on, self.figure.month_end
        return now.year - due.year - ((now.month, now.day) < (due.month, due.day))

    @property
    def still_missing(self) -> int | None:
        """How many (firms, items, departments …) are missing to the goal; never of persons, 0 when it is met."""
        figure = self.figure
        if self.hidden or self.target.about_persons or figure.numerator is None or not figure.denominator:
            return None
        return max(0, math.ceil(round(self.target.goal * figure.denominator, 6)) - figure.numerator)

    @property
    def percent(self) -> float | None:
        """The share as a fraction, None where it is not shown."""
        return None if self.hidden else self.figure.percent

    @property
    def distance(self) -> float | None:
        """Percentage points to the goal, None where they are not shown."""
        return None if self.hidden else self.figure.distance

    @property
    def ahead(self) -> float | None:
        """Points ahead of (or behind) the linear way to the due date."""
        if self.percent is None or self.figure.pace is None:
            return None
        return (self.percent - self.figure.pace) * 100


@dataclass(frozen=True)
class Change:
    """A target whose figure or state moved between two month ends."""

    target: Target
    scope: str
    before: Figure
    now: Figure
    of_several: bool  # its figure serves several due dates

    @property
    def own(self) -> bool:
        """Whether it is a unit's, not the district's."""
        return self.now.unit_id != DISTRICT

    @property
    def state_moved(self) -> bool:
        """Whether the state is another one than before."""
        return self.before.state != self.now.state

    @property
    def points(self) -> float | None:
        """Percentage points gained or lost, None without both figures."""
        if self.now.percent is None or self.before.percent is None:
            return None
        return (self.now.percent - self.before.percent) * 100


@dataclass(frozen=True)
class Compared:
    """One unit in the comparison of departments."""

    unit_id: str
    name: str
    quality: Quality | None
    gap: float | None  # points to the cited goal of 及时率
    silent_weeks: int | None
    attestations: int | None
    standing: str  # in one word why nothing, or too little, came; '' where the unit delivers
    on_duty: bool  # it has licences or penalties to deliver, or has delivered some


def scope_name(publication: Publication, unit: str) -> str:
    """The unit's name, 全区 for the district ('')."""
    return publication.units.get(unit, unit) if unit else "全区"


def in_scope(target: Target, unit: str) -> bool:
    """Whether a unit leads or contributes to a target; the district has them all."""
    return unit == DISTRICT or unit in target.responsible or unit in target.contributing


def shown(publication: Publication, target: Target, unit: str, year: int) -> Row | None:
    """A target as the year shows it to a unit: frozen where the year is, the unit's own where it has one; None without a figure."""
    month = publication.month_of(year)
    figure = publication.figure_at.get((*target.key, unit, month))
    own = figure is not None and unit != DISTRICT
    if figure is None:
        figure = publication.figure_at.get((*target.key, DISTRICT, month))
    if figure is None:
        return None
    edition, place = publication.editions.get(year), (*target.key, figure.unit_id)
    held = edition.figures.get(place) if edition else None
    first = edition.first.get(place) if edition else None
    running = figure if held and _differ(held, figure) else None
    figure = held or figure
    state = publication.state_of.get(figure.state) or State(figure.state, "·", "", 0, "规则中没有这个状态")
    return Row(
        target,
        figure,
        state,
        scope_name(publication, figure.unit_id),
        own,
        held is not None,
        edition is not None and held is None,
        first if held and first and _differ(first, held) else None,
        running,
        edition is not None and target.key in edition.redefined,
        edition is not None and target.key in edition.redefined_since,
        figure.suppressed,
    )


def _differ(one: Figure, other: Figure) -> bool:
    return (one.numerator, one.denominator, one.state) != (other.numerator, other.denominator, other.state)


def _worst_first(row: Row) -> tuple[Any, ...]:
    return row.state.order, -(row.distance if row.distance is not None else 0), row.target.key, row.figure.unit_id


def rows(publication: Publication, year: int, unit: str = DISTRICT) -> list[Row]:
    """Targets that are advanced, each figure once, worst first: by state, then by distance to the goal.

    A figure with several goals (T02, T04) is judged by the first one that is not met, by the last one when all are or where
    persons are counted.
    """
    goals: dict[str, list[Row]] = {}
    for target in sorted(publication.targets, key=lambda target: target.due_on):
        if target.advances and in_scope(target, unit) and (row := shown(publication, target, unit, year)):
            goals.setdefault(target.figure_id, []).append(row)
    found = []
    for several in goals.values():
        open_goals = (row for row in several if row.state.name != MET and not row.target.about_persons)
        judged = next(open_goals, several[-1])
        found.append(replace(judged, other_goals=tuple(row.target for row in several if row is not judged)))
    return sorted(found, key=_worst_first)


def all_rows(publication: Publication, year: int, scopes: list[str]) -> list[tuple[Row, list[str]]]:
    """Every row of a year once, with the scopes that show it; what one scope shows stays in its order."""
    shown: dict[tuple[str, int, str], tuple[Row, list[str]]] = {}
    for scope in scopes:
        for row in rows(publication, year, scope):
            shown.setdefault((*row.target.key, row.figure.unit_id), (row, []))[1].append(scope)
    return sorted(shown.values(), key=lambda item: _worst_first(item[0]))


def counted_only(publication: Publication, year: int, unit: str = DISTRICT) -> list[Row]:
    """Targets that are not advanced under today's law: the number reported, nothing else."""
    return [
        row
        for target in publication.targets
        if not target.advances and in_scope(target, unit)
        if (row := shown(publication, target, unit, year))
    ]


def reporters(publication: Publication, row: Row) -> list[str]:
    """The units whose reports a number of ``counted_only`` is made of."""
    found = []
    for unit in publication.units:
        figure = publication.figure_at.get((*row.target.key, unit, row.figure.month_end))
        if figure and (figure.numerator is not None or figure.suppressed):
            found.append(unit)
    return found


def horizon(publication: Publication) -> int:
    """The first year there are records of: before it no organisation has an archive because nothing was recorded yet."""
    covered = {target.key for target in publication.targets if target.measure == "家" and target.advances}
    recorded = {
        figure.year
        for figure in publication.figures
        if figure.key in covered and not figure.unit_id and figure.numerator
    }
    return min(recorded, default=publication.years[0])


def _judged(publication: Publication, year: int, unit: str) -> list[Row]:
    return [row for row in rows(publication, year, unit) if not row.target.about_persons]


def state_counts(publication: Publication, year: int, unit: str = DISTRICT) -> list[tuple[State, int]]:
    """How many goals stand in each state, best first; states without any are left out."""
    found = _judged(publication, year, unit)
    return [
        (state, count)
        for state in sorted(publication.states, key=lambda state: -state.order)
        if (count := sum(row.state == state for row in found))
    ]


def met(publication: Publication, year: int, unit: str = DISTRICT) -> tuple[int, int]:
    """Goals met, and all goals of the view that are judged."""
    found = _judged(publication, year, unit)
    return sum(row.state.name == MET for row in found), len(found)


def changes(publication: Publication, unit: str = DISTRICT) -> list[Change]:
    """What moved between the last two month ends; moved states first, then the largest movement."""
    if len(publication.months) < 2:
        return []
    before, now = publication.months[-2:]
    found = []
    several = Counter(target.figure_id for target in publication.targets)
    for target in publication.targets:
        if not target.advances or not in_scope(target, unit):
            continue
        for scope in dict.fromkeys((unit, DISTRICT)):
            old = publication.figure_at.get((*target.key, scope, before))
            new = publication.figure_at.get((*target.key, scope, now))
            if old and new:
                if not old.suppressed and not new.suppressed:
                    change = Change(target, scope_name(publication, scope), old, new, several[target.figure_id] > 1)
                    if change.state_moved or abs(change.points or 0) > 1e-9:
                        found.append(change)
                break
    found.sort(key=lambda change: (not change.state_moved, -abs(change.points or 0), change.target.key))
    told: set[str] = set()
    kept = []
    for change in found:
        if change.state_moved or change.target.figure_id not in told:
            kept.append(change)
        if not change.state_moved:
            told.add(change.target.figure_id)
    return kept


def series(publication: Publication, target: Target, unit: str) -> list[Figure]:
    """The figures of one target month by month."""
    return [figure for month in publication.months if (figure := publication.figure_at.get((*target.key, unit, month)))]


def by_year(publication: Publication, target: Target, unit: str) -> list[Figure]:
    """The figures of one target as each year shows them."""
    ends = [publication.month_of(year) for year in publication.years]
    return [figure for end in ends if (figure := publication.figure_at.get((*target.key, unit, end)))]


def pointed_out(publication: Publication, metric: str, value: float | None) -> bool:
    """Whether a value is one the rule seed points out."""
    rule = publication.notices.get(metric)
    return rule is not None and value is not None and value >= rule.threshold


def notice_text(publication: Publication, metric: str) -> str:
    """Why a metric is pointed out, in words; '' without a rule."""
    rule, title = publication.notices.get(metric), publication.metrics.get(metric)
    if rule is None:
        return ""
    return f"{title.title if title else metric}达 {rule.threshold:g} 的点名（{rule.clause}）：{rule.reason}。"


def _standing(quality: Quality | None, silence: Silence | None, silent: bool) -> str:
    if quality and quality.generated and not quality.received:
        return UNREPORTED
    if silence and silence.not_due:
        return "未到应报日"
    if silence and silence.nothing_yet:
        return NEVER
    if silent:
        return "长期未报"
    return "零报送" if silence and silence.attestations and not silence.batches else ""


def compared(publication: Publication, year: int) -> list[Compared]:
    """Departments by their distance to the cited goal of 及时率, farthest first.

    Worst of all is one with a ledger of decisions and no delivery. One with too few decisions has no distance;
    those without records come last, and after all those that have no duty of 双公示.
    """
    goal = publication.goal_lines.get(TIMELY)
    found = []
    for unit, name in publication.units.items():
        quality = publication.quality_of.get((unit, str(year), ""))
        silence = publication.silence_of.get((unit, year))
        if quality is None and silence is None:
            continue
        rate = quality.timely_rate if quality else None
        enough = quality is not None and not too_few(publication, quality.due)
        gap = (rate - goal.goal) * 100 if goal and rate is not None and enough else None
        weeks = silence.silent_weeks if silence else None
        found.append(
            Compared(
                unit,
                name,
                quality,
                gap,
                weeks,
                silence.attestations if silence else None,
                _standing(quality, silence, pointed_out(publication, SILENT, weeks)),
                quality is not None or unit in publication.on_duty,
            )
        )
    if goal is None:
        return found
    return sorted(
        found,
        key=lambda item: (
            not item.on_duty,
            item.standing != UNREPORTED,
            item.gap is None,
            item.gap or 0,
            -(item.silent_weeks or 0),
            list(publication.units).index(item.unit_id),
        ),
    )


def without_duty(publication: Publication, year: int) -> str:
    """The units without a duty of 双公示 in one line, each with what is to be said of its other deliveries; '' without any."""
    names = [
        item.name + (f"（{item.standing}）" if item.standing else "")
        for item in compared(publication, year)
        if not item.on_duty
    ]
    return f"另有 {len(names)} 个单位没有双公示职责：{'、'.join(names)}。" if names else ""


@dataclass(frozen=True)
class Asks:
    """What the first card shows, and how many things it leaves to the workbook."""

    shown: list[Ask]
    rest: int


def asks(publication: Publication) -> Asks:
    """The first card: the lines its rule seed puts there, most pressing first."""
    shown = [ask for ask in publication.asks if ask.shown]
    return Asks(shown, len(publication.asks) - len(shown))


def too_few(publication: Publication, denominator: int | None) -> str:
    """That a rate's denominator is too small for a judgement or a trend, in the words of its rule; '' where it is not."""
    rule = publication.few
    if rule is None or denominator is None or rule.at_most is None or denominator > rule.at_most:
        return ""
    return rule.words


def change(publication: Publication, now: Quality, before: Quality | None, metric: str) -> float | None:
    """Percentage points a rate gained or lost, None without both or where one rests on too few."""
    if before is None or any(too_few(publication, item.counts(metric)[1]) for item in (now, before)):
        return None
    return difference(now.rate(metric), before.rate(metric))


def difference(now: float | None, before: float | None) -> float | None:
    """Percentage points between two rates of the marts; None where one has no denominator."""
    return None if now is None or before is None else (now - before) * 100
