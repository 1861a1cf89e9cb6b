"""The PDF: typeset by Typst from the same views as the page, with a CJK font that comes as a Python package.

Needs neither a browser nor fonts of the machine. The template gets ready words and shares; it computes nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import manimgx_fonts_cjk
import typst

from . import charts, corrections, notes, page, views, words
from .model import DISTRICT, RATES, Ask, Milestone, Publication, Quality, State, Target

TEMPLATE = Path(__file__).parent / "templates" / "paper.typ"
CHARTS_PER_UNIT = 5


def _state(state: State) -> dict[str, str]:
    return {"name": state.name, "symbol": state.symbol, "style": state.style}


def _line(text: str, bad: bool = False) -> dict[str, Any]:
    return {"text": text, "bad": bad}


def _row(row: views.Row, scoped: bool, units: str) -> dict[str, Any]:
    tags = [_tag("部门填报")] if row.target.figure_kind == "部门填报" else []
    tags += [_tag("本部门" if row.own else "全区")] if scoped else []
    tags += [_tag("动态，未定版", True)] if row.unfrozen else []
    if row.first is not None:
        tags.append(
            _tag(f"{row.mark} 首次定版 {words.percent(row.first.percent)}（{words.fraction(row.first)}）", True)
        )
    tags += [_tag("定版后有更正，未重列", True)] if row.running else []
    tags += [_tag(f"数据质量提示：{row.figure.quality_note}", True)] if row.figure.quality_note else []
    source = row.figure.denominator_source or "无分母，不出比率"
    day = f" · {row.figure.denominator_on}" if row.figure.denominator_on else ""
    return {
        "state": _state(row.state),
        "id": row.target.target_id,
        "title": row.target.title,
        "units": units,
        "tags": tags,
        "share": row.percent,
        "goal": row.target.goal,
        "pace": row.figure.pace,
        "percent": words.percent(row.percent),
        "fraction": words.fraction(row.figure),
        "left": words.left(row.still_missing, row.target.measure),
        "due": f"{row.target.goal_text} · {row.target.due_on.year}{words.past_due(row.overdue_years)}",
        "source": f"分母 {source}{day} · {row.target.clause}",
    }


def _names(publication: Publication, units: tuple[str, ...]) -> str:
    return "、".join(publication.units.get(unit, unit) for unit in units)


def _proof(item: Milestone) -> str:
    return f"{item.evidence} · {item.on}" if item.evidence else ""


def _tag(text: str, warn: bool = False) -> dict[str, Any]:
    return {"text": text, "warn": warn}


def _rate_tile(
    publication: Publication, metric: str, scope: str, now: Quality | None, before: Quality | None
) -> dict[str, Any]:
    label, *parts = RATES[metric]
    rate = now.rate(metric) if now else None
    if now is None or rate is None:
        return {
            "label": label,
            "scope": scope,
            "big": words.NONE,
            "rest": "",
            "segments": [],
            "lines": [_line(f"本年没有“{parts[1]}”的数，不出比率")],
        }
    goal = publication.goal_lines.get(metric)
    lines, (count, total) = [], now.counts(metric)
    if few := views.too_few(publication, total):
        lines.append(_line(few))
    elif goal:
        gap = (goal.goal - rate) * 100
        lines.append(
            _line(
                f"▼ 距{goal.word} {words.goal(goal.goal)} {words.missing(gap)}" if gap > 0 else f"● 达到{goal.word}",
                gap > 0,
            )
        )
    change = views.change(publication, now, before, metric)
    numbers = f"{parts[0]} {words.number(count)} / {parts[1]} {words.number(total)}"
    numbers = "，".join(filter(None, (numbers, notes.of_rate(publication, now, metric, tile=True, less=True))))
    lines += [_line(f"较上年 {words.points(change)} 个百分点"), _line(numbers)]
    return {"label": label, "scope": scope, "big": words.percent(rate), "rest": "", "segments": [], "lines": lines}


def _segments(publication: Publication, year: int, unit: str) -> list[dict[str, Any]]:
    total, start, found = max(views.met(publication, year, unit)[1], 1), 0.0, []
    for state, count in views.state_counts(publication, year, unit):
        found.append({"style": state.style, "start": start / total, "part": count / total})
        start += count
    return found


def _tiles(publication: Publication, year: int, unit: str) -> list[dict[str, Any]]:
    scope = "本部门" if unit else "全区"
    reached, total = views.met(publication, year, unit)
    states = "　".join(
        f"{state.symbol}{state.name} {count}" for state, count in views.state_counts(publication, year, unit)
    )
    now, before = (publication.quality_of.get((unit, str(each), "")) for each in (year, year - 1))
    tiles = [
        {
            "label": f"{year} 年目标达成",
            "scope": "牵头和配合的目标" if unit else "全区",
            "big": str(reached),
            "rest": f"/ {total} 项已达标",
            "segments": _segments(publication, year, unit),
            "lines": [_line(states)],
        }
    ]
    tiles += [_rate_tile(publication, metric, scope, now, before) for metric in views.HEADLINE]
    if unit:
        silence = publication.silence_of.get((unit, year))
        weeks = silence.silent_weeks if silence else None
        tiles.append(
            {
                "label": "未报周数",
                "scope": scope,
                "big": words.number(weeks),
                "rest": "周",
                "segments": [],
                "lines": [
                    _line(
                        f"零报送登记 {words.number(silence.attestations if silence else None)} 次",
                        views.pointed_out(publication, views.SILENT, weeks),
                    ),
                    *([_line("本年从未报送，也无零报送登记", True)] if silence and silence.nothing_yet else []),
                ],
            }
        )
    else:
        milestones = publication.milestones_of(year)
        done = sum(item.done for item in milestones)
        late = sum(item.state == "逾期未完成" for item in milestones)
        tiles.append(
            {
                "label": "里程碑",
                "scope": scope,
                "big": str(done),
                "rest": f"/ {len(milestones)} 项已完成",
                "segments": [],
                "lines": [_line(f"▼ 逾期未完成 {late} 项" if late else "没有逾期未完成", bool(late))],
            }
        )
    return tiles


def _moves(publication: Publication, unit: str, limit: int) -> list[str]:
    lines = []
    for move in views.changes(publication, unit)[:limit]:
        moved = f" {move.before.state}→{move.now.state}" if move.state_moved else ""
        whose = "" if not unit else "（本部门）" if move.own else "（全区）"
        lines.append(
            f"{move.target.title}{whose}{moved} {words.percent(move.before.percent)}→{words.percent(move.now.percent)} "
            f"{words.points(move.points)}（{words.fraction(move.now)}）"
        )
    return lines


def _chart(svg: str | None) -> str | None:
    return charts.standalone(svg) if svg else None


def _unit(publication: Publication, year: int, unit: str) -> dict[str, Any]:
    rows = views.rows(publication, year, unit)
    drawn: list[tuple[Target, views.Row]] = []
    for row in rows:
        if row.target.figure_id in {target.figure_id for target, _ in drawn}:
            continue
        drawn.append((row.target, row))
    small = []
    for target, row in drawn[:CHARTS_PER_UNIT]:
        svg = charts.months_of_target(
            target, views.series(publication, target, row.figure.unit_id), width=330, height=105
        )
        if svg:
            small.append(
                {"title": target.title, "note": "本部门" if row.own else "全区", "svg": charts.standalone(svg)}
            )
    names = [
        f"{row.target.title} {words.FEW if row.hidden else words.number(row.figure.numerator)}"
        for row in views.counted_only(publication, year, unit)
    ]
    return {
        "name": publication.units[unit],
        "tiles": _tiles(publication, year, unit),
        "rows": [_row(row, True, _names(publication, row.target.responsible)) for row in rows],
        "quality_chart": _chart(charts.quality_by_year(publication, unit, width=330, height=105)),
        "charts": small,
        "moves": _moves(publication, unit, 3),
        "counted": names,
    }


def _ask(publication: Publication, ask: Ask) -> list[str]:
    until = (
        f"{'已过期限' if ask.deadline < publication.business_date else '期限'} {ask.deadline}{ask.deadline_note}"
        if ask.deadline
        else ""
    )
    return [
        publication.units.get(ask.unit_id, "未定单位"),
        f"{ask.title}（{ask.about}）",
        f"{ask.amount:,} {ask.measure}",
        f"自 {ask.since}" if ask.since else "",
        until,
    ]


def _compared(publication: Publication, year: int) -> tuple[list[str], list[dict[str, Any]]]:
    items, goal = views.compared(publication, year), publication.goal_lines.get(views.TIMELY)
    widest = page.widest(items)

    def share(q: Quality | None, metric: str) -> str:
        if q is None or q.rate(metric) is None:
            return words.NONE
        top, bottom = q.counts(metric)
        note = notes.of_rate(publication, q, metric)
        return f"{words.percent(q.rate(metric))}  {words.number(top)}/{words.number(bottom)} {note}".rstrip()

    found = []
    for item in (item for item in items if item.on_duty):
        q = item.quality
        marks = f"〔{item.standing}〕" if item.standing else ""
        found.append(
            {
                "name": item.name + marks,
                "part": None if item.gap is None else max(0.0, -item.gap / widest),
                "cells": [
                    f"{words.percent(q.timely_rate)} {notes.of_rate(publication, q, views.TIMELY, less=True)}".rstrip()
                    if q
                    else words.NONE,
                    f"{q.in_time:,} / {q.due:,}" if q else words.NONE,
                    words.number(q.running if q else None),
                    *(share(q, metric) for metric in RATES if metric != "timely_rate"),
                    f"{words.number(item.silent_weeks)} / {words.number(item.attestations)}",
                ],
            }
        )
    return [f"差 {widest}", goal.word if goal else ""], found


def _correction(item: corrections.Correction) -> str:
    where = f"{item.state}{'，' + item.reason if item.reason else ''}"
    if item.before is None or item.after is None:
        return f"{item.year} 年：{item.title}。{where}"
    rows = "，明细增 {}、减 {}、变 {}".format(*item.rows) if item.rows else ""
    return (
        f"{item.year} 年 {item.title}〔{item.mark}〕：{item.before.told} → {item.after.told}，"
        f"{words.points(item.moved)} 个百分点{rows}。{where}"
    )


def content(publication: Publication, year: int) -> dict[str, Any]:
    """What the template prints."""
    p, rows = publication, views.rows(publication, year)
    scale, compared = _compared(p, year)
    goal = p.goal_lines.get("timely_rate")
    styles = {
        name: {"style": style, "symbol": symbol, "name": name} for name, (style, symbol) in page.MILESTONE.items()
    }
    return {
        "title": f"{p.district}社会信用体系建设目标 · {year} 年",
        "district": p.district,
        "simulated": p.simulated,
        "edition": corrections.version(p, year),
        "subtitle": f"数据截至 {p.business_date} · 数字截至 {p.as_of(p.month_of(year))}",
        "footer": f"数据日期 {p.business_date} · 数据版本 {p.build_id} · 程序 {p.code_version} · 不含个人信息，不含逐条记录",
        "asks": [_ask(p, ask) for ask in views.asks(p).shown],
        "tiles": _tiles(p, year, DISTRICT),
        "rows": [_row(row, False, _names(p, row.target.responsible)) for row in rows],
        "pad": 2.5 if len(rows) > 16 else 3.4,
        "legend": [_state(state) for state in p.states if state.style not in ("none", "dots")],
        "states_chart": _chart(charts.states_by_year(p, DISTRICT, width=300, height=104)),
        "quality_chart": _chart(charts.quality_by_year(p, DISTRICT, width=300, height=94)),
        "months": " → ".join(f"{month:%Y-%m}" for month in p.months[-2:]),
        "moves": _moves(p, DISTRICT, 4) or ["没有变化。"],
        "units": [_unit(p, year, unit) for unit in p.units_in_charge],
        "compared": compared,
        "compare_scale": scale,
        "compare_note": (
            f"与{goal.word}比：及时率 {words.goal(goal.goal)}（{goal.clause}）；其余指标没有可引的目标，只列数字。"
            if goal
            else "没有可引的目标，只列数字。"
        )
        + views.notice_text(p, views.SILENT)
        + views.without_duty(p, year),
        "milestones": [
            {
                "state": styles[item.state],
                "title": item.title,
                "due": f"{item.due_on.year} 年",
                "proof": " · ".join(filter(None, (_names(p, item.responsible), _proof(item), item.missing))),
            }
            for item in p.milestones_of(year)
        ],
        "counted": [
            [
                f"{row.target.target_id} {row.target.title}",
                _names(p, tuple(views.reporters(p, row))) or "尚无单位报送",
                words.number(row.figure.numerator),
            ]
            for row in views.counted_only(p, year)
        ],
        "corrections": [_correction(item) for item in corrections.corrections(p)],
        "no_corrections": "已定版的年份没有更正。" if p.editions else "还没有定版的年份；所有数字都是动态数。",
        "meanings": [
            {"title": metric.title, "text": f"{metric.meaning}　来源：{metric.source}"} for metric in p.metrics.values()
        ]
        + [{"title": f"{state.symbol} {state.name}", "text": state.condition} for state in p.states],
    }


def write(publication: Publication, path: Path, year: int) -> None:
    """Typeset the PDF of one year."""
    compiler = typst.Compiler(
        root=str(TEMPLATE.parent),
        font_paths=[str(Path(manimgx_fonts_cjk.__file__).parent)],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(content(publication, year), ensure_ascii=False)},
    )
    path.write_bytes(cast(bytes, compiler.compile(input=str(TEMPLATE), format="pdf")))
