"""The first sheets, the milestones, and what everything means."""

from __future__ import annotations

from typing import Any

from .. import notes, views
from ..model import DISTRICT, RATES, Publication
from .book import BAR, Book


def summary(book: Book, publication: Publication, year: int) -> None:
    """How the district stands in one year."""
    reached, total = views.met(publication, year)
    quality = publication.quality_of.get((DISTRICT, str(year), ""))
    before = publication.quality_of.get((DISTRICT, str(year - 1), ""))
    lines: list[list[Any]] = [["目标达成（项）", None, reached, total, None, None, "已达标 ÷ 推进的目标项数"]]
    for metric, (word, *_) in RATES.items():
        if quality is None:
            continue
        meaning = publication.metrics[metric].meaning if metric in publication.metrics else None
        change = views.change(publication, quality, before, metric)
        note = notes.of_rate(publication, quality, metric, tile=True) or None
        lines.append([word, quality.rate(metric), *quality.counts(metric), change, note, meaning])
    milestones = publication.milestones_of(year)
    done = sum(item.done for item in milestones)
    lines.append(["里程碑（项）", None, done, len(milestones), None, None, "已完成 ÷ 全部"])
    lines += [
        [f"状态：{state.symbol} {state.name}（项）", None, count, total, None, None, state.condition]
        for state, count in views.state_counts(publication, year)
    ]
    book.sheet(
        "总体怎么样",
        f"{year} 年：总体怎么样？",
        [
            ("指标", "text", 28),
            ("率", "rate", 14),
            ("分子", "count", 12),
            ("分母", "count", 12),
            ("比上年（百分点）", "points", 14),
            ("数据质量提示", "wrap", 40),
            ("口径", "wrap", 60),
        ],
        lines,
        bars={1: BAR},
    )


def asks(book: Book, publication: Publication) -> None:
    """What asks for the person in charge, all of it."""
    book.sheet(
        "需要您过问",
        "现在有哪些事需要过问，由谁办？",
        [
            ("次序", "middle", 7),
            ("由谁办", "wrap", 26),
            ("事项", "wrap", 30),
            ("涉及", "wrap", 26),
            ("数量", "count", 9),
            ("计量", "middle", 9),
            ("自", "day", 12),
            ("期限", "day", 12),
            ("期限说明", "middle", 14),
            ("怎么办", "wrap", 34),
            ("依据", "wrap", 34),
        ],
        (
            [
                ask.place,
                publication.units.get(ask.unit_id),
                ask.title,
                ask.about,
                ask.amount,
                ask.measure,
                ask.since,
                ask.deadline,
                ask.deadline_note,
                ask.remedy,
                ask.clause,
            ]
            for ask in publication.asks
        ),
        note="最要紧的在前；看板只列前五行",
    )


def milestones(book: Book, publication: Publication, year: int) -> None:
    """The milestones as the year left them."""
    book.sheet(
        "里程碑到哪了",
        f"{year} 年末：里程碑到哪了，凭什么？",
        [
            ("状态", "middle", 14),
            ("编号", "middle", 7),
            ("里程碑", "wrap", 36),
            ("责任单位", "wrap", 26),
            ("期限", "day", 12),
            ("最近进展", "wrap", 44),
            ("日期", "day", 12),
            ("尚缺", "wrap", 18),
            ("依据", "wrap", 24),
        ],
        (
            [
                item.state,
                item.milestone_id,
                item.title,
                "、".join(publication.units.get(unit, unit) for unit in item.responsible) or None,
                item.due_on,
                item.evidence or None,
                item.on,
                item.missing or None,
                item.clause,
            ]
            for item in publication.milestones_of(year)
        ),
    )


def meanings(book: Book, publication: Publication) -> None:
    """What every figure and state means and where it comes from."""
    book.sheet(
        "口径与来源",
        "每个数字是什么意思，从哪来？",
        [("指标或状态", "text", 26), ("口径", "wrap", 76), ("来源或依据", "wrap", 50), ("集市（技术）", "text", 34)],
        [
            *([item.title, item.definition, item.source, item.mart or None] for item in publication.metrics.values()),
            *([f"{state.symbol} {state.name}", state.condition, "目标状态规则", None] for state in publication.states),
            *(
                [f"提示：{rule.words.replace('{n}', '…')}", "数据质量提示，列在数字旁", rule.clause, None]
                for rule in publication.note_rules
            ),
            *(
                [f"{target.target_id} {target.title}（{target.due_on.year}）", target.definition, target.clause, None]
                for target in publication.targets
            ),
        ],
    )
