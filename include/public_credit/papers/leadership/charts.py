"""Charts, drawn to SVG by Altair and vl-convert when a publication is made: no script, no network, text stays text.

A state's colour is replaced by a hatch pattern after drawing (Vega has none); years carry an ``aria-label`` so that a
page can mark the chosen one with a style rule.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from . import drawings
from .model import Figure, Publication, Target
from .views import horizon, state_counts, too_few
from .words import percent

FONTS = "'Noto Sans CJK SC','Source Han Sans SC','Microsoft YaHei','PingFang SC','WenQuanYi Micro Hei',sans-serif"
_MEASURED = "sans-serif"  # lays a chart out the same on every machine: the renderer brings this font, those above it may or may not find
INK, MUTED, GRID = "#17212b", "#5b6875", "#dfe4ea"
BLUE, ORANGE, TEAL = "#1d5a9e", "#c4500f", "#2f7f77"
# What tells a state apart beside its word and symbol: the hatch of the rule seed picks the pattern.
TOKENS = {
    "solid": "#1d5a9e",
    "dense": "#5f8fc4",
    "sparse": "#8fa6bd",
    "cross": "#c4500f",
    "bars": "#a63d08",
    "blank": "#f3f5f7",
    "dots": "#edf0f3",
    "none": "#cfd6dd",
}
ON_TOKEN = {
    "solid": "#ffffff",
    "dense": "#ffffff",
    "sparse": INK,
    "cross": "#ffffff",
    "bars": "#ffffff",
    "blank": INK,
    "dots": INK,
    "none": INK,
}
_LINE = 16  # px that a line of 12 px needs
HATCHED = ("dense", "sparse", "cross", "bars", "blank", "dots")
_RULED = (
    '<pattern id="h-{0}" width="{3}" height="{3}" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect class="p-{0}" width="{3}" height="{3}" fill="{1}"/><rect class="q-{0}" width="{4}" height="{3}" fill="{2}"/>{5}</pattern>'
)
PATTERNS = "".join(
    (
        _RULED.format("dense", TOKENS["dense"], "#b9d0e8", 4, 1.2, ""),
        _RULED.format("sparse", TOKENS["sparse"], "#d8e0e8", 9, 1.6, ""),
        _RULED.format(
            "cross", TOKENS["cross"], "#eeb18f", 7, 1.3, '<rect class="q-cross" width="7" height="1.3" fill="#eeb18f"/>'
        ),
        '<pattern id="h-bars" width="5" height="5" patternUnits="userSpaceOnUse"><rect class="p-bars" width="5" height="5" '
        'fill="#a63d08"/><rect class="q-bars" width="1.2" height="5" fill="#f0c3a6"/></pattern>',
        '<pattern id="h-blank" width="7" height="6" patternUnits="userSpaceOnUse"><rect class="p-blank" width="7" height="6" '
        'fill="#f3f5f7"/><path class="q-blank" d="M0 3h3.5" stroke="#8a96a3" fill="none"/></pattern>',
        '<pattern id="h-dots" width="6" height="6" patternUnits="userSpaceOnUse"><rect class="p-blank" width="6" height="6" '
        'fill="#edf0f3"/><circle class="q-dots" cx="3" cy="3" r="0.9" fill="#7b8794"/></pattern>',
    )
)


@lru_cache(maxsize=1)
def _altair() -> Any:
    import altair
    from altair.utils import schemapi

    schemapi.disable_debug_mode()
    return altair


class _Data(dict[str, list[dict[str, Any]]]):
    """Values of a chart, named: Altair copies a specification many times over, with the values in it."""

    def named(self, values: list[dict[str, Any]]) -> Any:
        name = f"d{len(self)}"
        self[name] = values
        return _altair().NamedData(name)


def _draw(chart: Any, data: _Data) -> str:
    chart = (
        chart.configure(font=_MEASURED, background="transparent")
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=MUTED,
            labelFontSize=12,
            labelFontWeight=500,
            gridColor=GRID,
            domainColor="#aab4bf",
            tickColor="#aab4bf",
            title=None,
        )
    )
    # Checking each specification against its schema costs more than drawing it; the tests do it.
    svg = drawings.svg(chart.to_dict(validate=False) | {"datasets": data})
    svg = re.sub(
        r' width="([\d.]+)" height="([\d.]+)" viewBox', r' width="\1" height="\2" role="img" viewBox', svg, count=1
    )
    svg = svg.replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "").replace(' aria-hidden="true"', "")
    svg = svg.replace(' pointer-events="none"', "").replace(f'font-family="{_MEASURED}"', f'font-family="{FONTS}"')
    svg = re.sub(r'<path class="(foreground|background)"[^>]* d=""[^>]*/>', "", svg)
    for hatch in HATCHED:
        svg = svg.replace(f'fill="{TOKENS[hatch]}"', f'fill="url(#h-{hatch})"')
    return re.sub(r"-?\d+\.\d{3,}", lambda found: f"{float(found[0]):.2f}".rstrip("0").rstrip("."), svg)


def standalone(svg: str) -> str:
    """The drawing with its patterns inside, for a renderer that sees one drawing at a time."""
    svg = re.sub(r'<path aria-label="chosen-[^>]*/>', "", svg)
    return re.sub(r"(<svg[^>]*>)", rf"\1<defs>{PATTERNS}</defs>", svg, count=1)


def described(svg: str, text: str) -> str:
    """The drawing with a spoken description."""
    safe = text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return svg.replace('role="img"', f'role="img" aria-label="{safe}"', 1)


def _years_axis(alt: Any) -> Any:
    """Years side by side; every other one where they would touch."""
    return alt.Axis(
        labelAngle=0,
        labelAlign="center",
        labelBaseline="top",
        ticks=False,
        labelFontSize=13,
        labelPadding=6,
        labelOverlap="parity",
        labelSeparation=4,
    )


def states_by_year(publication: Publication, unit: str, *, width: int = 400, height: int = 158) -> str:
    """Stacked columns: how many goals stand in which state, year by year."""
    alt, data = _altair(), _Data()
    values, total, first = [], 1, horizon(publication)
    for year in publication.years:
        low = 0
        if year < first:
            continue
        for state, count in state_counts(publication, year, unit):
            values.append(
                {
                    "year": str(year),
                    "state": state.name,
                    "n": count,
                    "low": low,
                    "high": low + count,
                    "middle": low + count / 2,
                    "ink": ON_TOKEN[state.style],
                }
            )
            low += count
        total = max(total, low)
    names = [state.name for state in publication.states]
    colours = [TOKENS[state.style] for state in publication.states]
    base = alt.Chart(data.named(values), width=width, height=height).encode(
        x=alt.X(
            "year:O",
            axis=_years_axis(alt),
            scale=alt.Scale(domain=[str(year) for year in publication.years], paddingInner=0.42, paddingOuter=0.25),
        )
    )
    bars = base.mark_bar(stroke="#ffffff", strokeWidth=1.5).encode(
        y=alt.Y("low:Q", axis=None, scale=alt.Scale(domain=[0, total * 1.04])),
        y2="high:Q",
        color=alt.Color("state:N", legend=None, scale=alt.Scale(domain=names, range=colours)),
        description="state:N",
    )
    tall = f"datum.n * {height} >= {total} * {_LINE}"  # a number fits into its part of the column
    halo = (
        base.transform_filter(tall)
        .mark_text(fontSize=12, fontWeight=700, font=_MEASURED, strokeWidth=4, strokeJoin="round")
        .encode(
            y="middle:Q",
            text="n:Q",
            stroke=alt.Stroke("state:N", legend=None, scale=alt.Scale(domain=names, range=colours)),
        )
    )
    numbers = (
        base.transform_filter(tall)
        .mark_text(fontSize=12, fontWeight=700, font=_MEASURED)
        .encode(y="middle:Q", text="n:Q", color=alt.Color("ink:N", scale=None))
    )
    marks = _chosen_year(alt, data, publication, width, height)
    layers = [marks, *_before(alt, data, publication, first, "记录起点之前", width, height), bars, halo, numbers]
    spoken = "；".join(f"{item['year']} 年{item['state']} {item['n']} 项" for item in values)
    return described(_draw(alt.layer(*layers), data), f"各年目标状态：{_unrecorded(publication, first)}{spoken}")


def _unrecorded(publication: Publication, first: int) -> str:
    return f"{first} 年以前为记录起点之前；" if publication.years[0] < first else ""


def _before(
    alt: Any, data: _Data, publication: Publication, first: int, text: str, width: int, height: int
) -> list[Any]:
    """The years before ``first`` as blank columns, and why they are blank; nothing where there are none."""
    years = [str(year) for year in publication.years]
    blank = [{"year": year, "text": text} for year in years if int(year) < first]
    if not blank:
        return []
    x = alt.X("year:O", axis=_years_axis(alt), scale=alt.Scale(domain=years))
    base = alt.Chart(data.named(blank), width=width, height=height).encode(x=x)
    words = base.mark_text(angle=270, fontSize=12, font=_MEASURED, color=MUTED).encode(text="text:N")
    return [base.mark_rect(color=TOKENS["blank"]), words]


def _chosen_year(alt: Any, data: _Data, publication: Publication, width: int, height: int) -> Any:
    """One shade per year, hidden until a style rule shows the chosen one."""
    years = [{"year": str(year), "mark": f"chosen-{year}"} for year in publication.years]
    return (
        alt.Chart(data.named(years), width=width, height=height)
        .mark_rect(color="#e3ecf6", opacity=1)
        .encode(x=alt.X("year:O", scale=alt.Scale(domain=[item["year"] for item in years])), description="mark:N")
    )


def quality_by_year(publication: Publication, unit: str, *, width: int = 400, height: int = 158) -> str | None:
    """Lines: 及时率, 合规率 and 报送率 year by year; None where there is nothing to draw."""
    alt, data = _altair(), _Data()
    found = [item for year in publication.years if (item := publication.quality_of.get((unit, str(year), "")))]
    measures = (
        ("及时率", "timely_rate", BLUE, [1, 0], "circle"),
        ("合规率", "compliance_rate", TEAL, [7, 4], "diamond"),
        ("报送率", "reporting_rate", MUTED, [2, 3], "square"),
    )
    values: list[dict[str, Any]] = [
        {"year": item.period, "name": name, "rate": rate * 100, "label": percent(rate)}
        for item in found
        for name, column, *_ in measures
        if (rate := item.rate(column)) is not None and not too_few(publication, item.counts(column)[1])
    ]
    if not values:
        return None
    lowest = min(item["rate"] for item in values)
    floor = max(0, int(lowest // 10) * 10 - (5 if lowest % 10 < 2 and lowest >= 10 else 0))
    years = [str(year) for year in publication.years]
    names, colours = [item[0] for item in measures], [item[2] for item in measures]
    base = alt.Chart(data.named(values), width=width, height=height).encode(
        x=alt.X("year:O", axis=_years_axis(alt), scale=alt.Scale(domain=years)),
        y=alt.Y(
            "rate:Q",
            scale=alt.Scale(domain=[floor, 100], nice=False),
            axis=alt.Axis(tickCount=5, domain=False, ticks=False),
        ),
        color=alt.Color("name:N", legend=None, scale=alt.Scale(domain=names, range=colours)),
    )
    rated = min(int(item["year"]) for item in values)
    layers = [_chosen_year(alt, data, publication, width, height)]
    layers += _before(alt, data, publication, rated, "上线前", width, height)
    if "timely_rate" in publication.goal_lines:
        goal = publication.goal_lines["timely_rate"].goal * 100
        layers.append(
            alt.Chart(data.named([{"goal": goal}]))
            .mark_rule(color=INK, strokeWidth=1.5)
            .encode(y=alt.Y("goal:Q", scale=alt.Scale(domain=[floor, 100])))
        )
    layers.append(
        base.mark_line(strokeWidth=2.2).encode(
            strokeDash=alt.StrokeDash(
                "name:N", legend=None, scale=alt.Scale(domain=names, range=[item[3] for item in measures])
            )
        )
    )
    layers.append(
        base.mark_point(filled=True, size=46, opacity=1).encode(
            shape=alt.Shape("name:N", legend=None, scale=alt.Scale(domain=names, range=[item[4] for item in measures]))
        )
    )
    spoken = "；".join(f"{item['year']} 年{item['name']} {item['label']}" for item in values)
    return described(_draw(alt.layer(*layers), data), f"双公示质量：{spoken}")


def months_of_target(target: Target, figures: list[Figure], *, width: int = 560, height: int = 120) -> str | None:
    """One target month by month against the linear way to its due date; None without any percent."""
    alt, data = _altair(), _Data()
    drawn = [(figure, figure.percent) for figure in figures if figure.percent is not None]
    if len(drawn) < 2:
        return None

    def at(figure: Figure) -> float:
        return figure.year + figure.month_end.month / 12

    values = [{"at": at(figure), "rate": share * 100, "line": "实际"} for figure, share in drawn]
    pace = [
        {"at": at(figure), "rate": figure.pace * 100, "line": "匀速"} for figure in figures if figure.pace is not None
    ]
    first, last = int(min(at(f) for f in figures)), max(at(f) for f in figures)
    x = alt.X(
        "at:Q",
        scale=alt.Scale(domain=[first, last], nice=False),
        axis=alt.Axis(format="d", values=list(range(first, int(last) + 1)), grid=False),
    )
    y = alt.Y(
        "rate:Q",
        scale=alt.Scale(domain=[0, 100]),
        axis=alt.Axis(values=[0, 25, 50, 75, 100], domain=False, ticks=False),
    )

    def line(points: list[dict[str, Any]], **mark: Any) -> Any:
        return alt.Chart(data.named(points), width=width, height=height).mark_line(**mark).encode(x=x, y=y)

    layers = [line(pace, color=MUTED, strokeWidth=1.4, strokeDash=[3, 3])] if pace else []
    layers.append(
        alt.Chart(data.named([{"goal": target.goal * 100}]))
        .mark_rule(color=INK, strokeWidth=1.5)
        .encode(y=alt.Y("goal:Q", scale=alt.Scale(domain=[0, 100])))
    )
    layers.append(line(values, color=BLUE, strokeWidth=2.2, interpolate="step-after"))
    start = next((figure for figure in figures if figure.numerator), None)
    if start is not None and start is not figures[0]:
        layers.append(
            alt.Chart(data.named([{"at": at(start), "text": "记录起点"}]))
            .mark_text(align="left", baseline="top", dx=3, dy=2, fontSize=12, font=_MEASURED, color=MUTED)
            .encode(x=x, y=alt.value(0), text="text:N")
        )
        layers.append(alt.Chart(data.named([{"at": at(start)}])).mark_rule(color=MUTED, strokeDash=[2, 2]).encode(x=x))
    return described(_draw(alt.layer(*layers), data), f"{target.title}逐月进展，最近 {percent(drawn[-1][1])}")
