"""The page: one self-contained HTML file that opens from a file share, needs no network and shows no record.

All views (year × scope) are rendered into it; the script of the page only chooses which one is seen. The
Content-Security-Policy forbids everything but this very style and this very script, by hash.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from . import charts, corrections, lists, notes, views, words
from .model import DISTRICT, RATES, Metric, Publication, State

TEMPLATES = Path(__file__).parent / "templates"
MILESTONE = {
    "按期完成": ("solid", "●"),
    "逾期完成": ("dense", "◐"),
    "推进中": ("sparse", "▲"),
    "逾期未完成": ("cross", "▼"),
    "未启动": ("blank", "－"),
}
MOVES_SHOWN = 6


@dataclass(frozen=True)
class View:
    """How many goals stand where, for one year and the scopes for which that is so."""

    year: int
    unit: str
    scopes: list[str]
    states: list[tuple[State, int]]
    met: tuple[int, int]

    @property
    def tally(self) -> list[tuple[State, int, str, str]]:
        """Segments of the headline bar: state, count, start and width in percent."""
        total, start, found = max(self.met[1], 1), 0.0, []
        for state, count in self.states:
            width = 100 * count / total
            found.append((state, count, f"{start:.2f}", f"{max(width - 0.4, 0.1):.2f}"))
            start += width
        return found


@dataclass(frozen=True)
class Rate:
    """A rate of supervision in a headline tile, for one year and the scopes for which it is so."""

    year: int
    unit: str
    scopes: list[str]
    rate: float | None
    gap: float | None
    change: float | None
    count: int | None
    total: int | None
    beside: str


@dataclass(frozen=True)
class Symbol:
    """A drawing kept once and shown by reference."""

    id: str
    box: str
    body: Markup


def scopes(publication: Publication) -> list[str]:
    """The district, then every unit that has a target or 双公示 figures."""
    with_quality = {item.unit_id for item in publication.quality}
    with_target = {unit for target in publication.targets for unit in (*target.responsible, *target.contributing)}
    return [DISTRICT, *(unit for unit in publication.units if unit in with_quality | with_target)]


def _views(publication: Publication, every: list[str]) -> list[View]:
    found, idle = [], []
    for unit in every:
        for year in publication.years:
            reached = views.met(publication, year, unit)
            if reached[1]:
                found.append(View(year, unit, [unit], views.state_counts(publication, year, unit), reached))
            else:
                idle.append((year, unit))
    return found + [
        View(year, "", units, [], (0, 0))
        for year in publication.years
        if (units := [unit for each, unit in idle if each == year])
    ]


def _rates(publication: Publication, every: list[str], metric: str) -> list[Rate]:
    """The values of one rate; the scopes without any in a year share one."""
    goal, found = publication.goal_lines.get(metric), []
    for year in publication.years:
        without = []
        for unit in every:
            now, before = (publication.quality_of.get((unit, str(each), "")) for each in (year, year - 1))
            rate = now.rate(metric) if now else None
            if now is None or rate is None:
                without.append(unit)
                continue
            found.append(
                Rate(
                    year,
                    unit,
                    [unit],
                    rate,
                    (goal.goal - rate) * 100
                    if goal and not views.too_few(publication, now.counts(metric)[1])
                    else None,
                    views.change(publication, now, before, metric),
                    *now.counts(metric),
                    notes.of_rate(publication, now, metric, tile=True, less=True),
                )
            )
        if without:
            found.append(Rate(year, "", without, None, None, None, None, None, ""))
    return found


def _month_charts(publication: Publication) -> dict[tuple[str, int, str], Symbol]:
    found = {}
    units = {(figure.target_id, figure.goal_no, figure.unit_id) for figure in publication.figures}
    for target in publication.targets:
        for unit in (DISTRICT, *target.responsible, *target.contributing):
            if not target.advances or (*target.key, unit) not in units:
                continue
            svg = charts.months_of_target(target, views.series(publication, target, unit))
            if svg:
                box = re.findall(r'viewBox="([^"]+)"', svg)[0]
                name = "-".join(filter(None, ("c", target.target_id, str(target.goal_no), unit)))
                found[(*target.key, unit)] = Symbol(name, box, Markup(re.sub(r"^<svg[^>]*>|</svg>$", "", svg)))
    return found


def _sparks(publication: Publication) -> dict[tuple[str, int, str], Symbol]:
    """The share of every target year by year, as a line of 60 × 18; none of fewer than two years."""
    found = {}
    for target in publication.targets:
        for unit in (DISTRICT, *target.responsible, *target.contributing):
            shares = [figure.percent for figure in views.by_year(publication, target, unit)]
            known = [(place, share) for place, share in enumerate(shares) if share is not None]
            if not target.advances or len(known) < 2:
                continue
            step = 56 / (len(shares) - 1)
            points = [(f"{2 + place * step:.1f}", f"{16 - 14 * min(share, 1):.1f}") for place, share in known]
            line = " ".join(",".join(point) for point in points)
            body = (
                f'<polyline points="{line}" fill="none" stroke="currentColor" stroke-width="1.6"/>'
                f'<circle cx="{points[-1][0]}" cy="{points[-1][1]}" r="2" fill="currentColor"/>'
            )
            name = "-".join(filter(None, ("s", target.target_id, str(target.goal_no), unit)))
            found[(*target.key, unit)] = Symbol(name, "0 0 60 18", Markup(body))
    return found


def _chart(svg: str | None) -> Markup | None:
    return Markup(re.sub(r'^<svg[^>]*? width="[\d.]+" height="[\d.]+"', '<svg class="chart"', svg)) if svg else None


def _moved(publication: Publication, unit: str) -> dict[str, Any]:
    found = views.changes(publication, unit)
    more = []
    if len(publication.months) >= 2:
        before, now = publication.months[-2:]
        old, new = (publication.quality_of.get((unit, f"{month:%Y-%m}", "")) for month in (before, now))
        change = views.change(publication, new, old, views.TIMELY) if new else None
        if old and new and change is not None:
            more.append(
                f"双公示及时率（当月）{words.percent(old.timely_rate)} → {words.percent(new.timely_rate)}，"
                f"{words.points(change)} 个百分点（按期 {new.in_time} / 期限已过 {new.due}）"
            )
        if not unit:
            more += [
                f"里程碑 {item.title}：{item.state}（{item.evidence}，{item.on}）"
                for item in publication.milestones_of(publication.years[-1])
                if item.on and before < item.on <= publication.business_date
            ]
    return {"targets": found[:MOVES_SHOWN], "rest": max(len(found) - MOVES_SHOWN, 0), "more": more}


def widest(items: list[views.Compared]) -> int:
    """Where the scale of distances begins: the largest one, rounded up to 5 points."""
    return 5 * max(1, math.ceil(max([-item.gap for item in items if item.gap is not None], default=0) / 5 - 1e-9))


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _style(publication: Publication) -> str:
    chosen = ",".join(f'[data-year="{year}"] .chart [aria-label="chosen-{year}"]' for year in publication.years)
    return (TEMPLATES / "page.css").read_text(encoding="utf-8") + chosen + "{opacity:1}\n"


def render(publication: Publication, year: int | None = None) -> str:
    """The whole page, opened on ``year`` (default: the newest) and the district."""
    year = year or publication.years[-1]
    css, js = _style(publication), (TEMPLATES / "page.js").read_text(encoding="utf-8")
    csp = (
        f"default-src 'none'; script-src '{_digest(js)}'; style-src '{_digest(css)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    units, every = publication.units, scopes(publication)
    unknown = Metric("", "", "口径见数据字典。", "数仓集市")
    metrics = dict(publication.metrics)
    comparisons = {each: views.compared(publication, each) for each in publication.years}
    environment.globals |= {
        "percent": words.percent,
        "goal_text": words.goal,
        "points": words.points,
        "number": words.number,
        "fraction": words.fraction,
        "ratio": words.ratio,
        "version": lambda year: corrections.version(publication, year),
        "missing": words.missing,
        "ahead": words.ahead,
        "left": words.left,
        "past_due": words.past_due,
        "tokens": lambda units: " ".join(unit or "all" for unit in units),
        "hide": lambda each, units: "" if each == year and DISTRICT in units else Markup(" hidden"),
        "assessment_file": lists.assessment_name(publication, year),
        "without_duty": lambda each: views.without_duty(publication, each),
        "reporters": lambda row: views.reporters(publication, row),
        "list_of": lambda unit: lists.name(publication, unit),
        "names": lambda ids: "、".join(units.get(unit, unit) for unit in ids),
        "p": publication,
        "rate_words": RATES,
        "note": lambda quality, metric: notes.of_rate(publication, quality, metric),
        "note_but_few": lambda quality, metric: notes.of_rate(publication, quality, metric, less=True),
        "rule_titles": lambda rule: (
            [publication.metrics[metric].title for metric in rule.metrics if metric in publication.metrics]
            or ["退回更正"]
        ),
        "returned_note": lambda returned: notes.of_returned(publication, returned),
        "too_few": lambda total: views.too_few(publication, total),
        "metrics": metrics | {metric: unknown for metric in RATES if metric not in metrics},
        "goals": {metric: publication.goal_lines.get(metric) for metric in {*RATES, *metrics}},
        "scope_title": lambda unit: units[unit] if unit else "全区各部门",
    }
    months = publication.months[-2:]
    month_charts, sparks = _month_charts(publication), _sparks(publication)
    return environment.get_template("page.html.j2").render(
        title=f"{publication.district}社会信用体系建设目标看板",
        csp=csp,
        css=Markup(css),
        js=Markup(js),
        year=year,
        years=publication.years,
        scopes=every,
        asks=views.asks(publication),
        views=_views(publication, every),
        rates={metric: _rates(publication, every, metric) for metric in views.HEADLINE},
        rows={each: views.all_rows(publication, each, every) for each in publication.years},
        counted={each: views.counted_only(publication, each) for each in publication.years},
        without_target=[unit for unit in every if not views.rows(publication, publication.years[-1], unit)],
        patterns=Markup(charts.PATTERNS),
        month_charts=month_charts,
        sparks=sparks,
        drawn=[*month_charts.values(), *sparks.values()],
        comparisons=comparisons,
        widest={each: widest(items) for each, items in comparisons.items()},
        has_tables={unit: any(item.unit_id == unit and item.table for item in publication.quality) for unit in every},
        state_charts={unit: _chart(charts.states_by_year(publication, unit)) for unit in every},
        quality_charts={unit: _chart(charts.quality_by_year(publication, unit)) for unit in every},
        moved={unit: _moved(publication, unit) for unit in every},
        last_months=" → ".join(f"{month:%Y-%m}" for month in months),
        corrections=corrections.corrections(publication),
        silence_rule=views.notice_text(publication, views.SILENT),
        milestone_style={state: style for state, (style, _) in MILESTONE.items()},
        milestone_symbol={state: symbol for state, (_, symbol) in MILESTONE.items()},
        not_advanced=sum(not target.advances for target in publication.targets),
    )
