"""Sheets about what changed after a year was frozen."""

from __future__ import annotations

from .. import views
from ..model import Publication
from .book import Book


def since_frozen(book: Book, publication: Publication) -> None:
    """Frozen figures that today's records would give differently."""
    book.sheet(
        "定版与现值",
        "定版以后数字变了吗？",
        [
            ("年份", "middle", 8),
            ("目标", "wrap", 38),
            ("范围", "text", 24),
            ("定版完成率", "rate", 12),
            ("定版分子", "count", 10),
            ("定版分母", "count", 10),
            ("现值完成率", "rate", 12),
            ("现值分子", "count", 10),
            ("现值分母", "count", 10),
            ("相差（百分点）", "points", 12),
        ],
        (
            [
                each,
                row.target.title,
                row.scope,
                row.figure.percent,
                row.figure.numerator,
                row.figure.denominator,
                running.percent,
                running.numerator,
                running.denominator,
                views.difference(running.percent, row.figure.percent),
            ]
            for each, row, running in views.restated(publication)
        ),
        note="定版数字不改；更正以现值列出",
    )


def restated(book: Book, publication: Publication) -> None:
    """Corrections of frozen editions."""
    rows = []
    for each, figure in views.restatements(publication):
        cells: list[float | None] = (
            [None] * 10
            if figure is None
            else [
                figure.old_percent,
                figure.old_numerator,
                figure.old_denominator,
                figure.percent,
                figure.numerator,
                figure.denominator,
                figure.moved,
                figure.came,
                figure.went,
                figure.changed,
            ]
        )
        rows.append(
            [
                each.year,
                figure.title if figure else "全区数字不变，只有明细变化",
                *cells,
                each.on,
                f"第 {each.edition_id} 号",
                f"第 {each.restates} 号",
                each.approved_by,
                each.reason,
            ]
        )
    book.sheet(
        "更正重列",
        "哪些定稿更正过，改了多少？",
        [
            ("年份", "middle", 8),
            ("目标", "wrap", 38),
            ("原定稿完成率", "rate", 12),
            ("原定稿分子", "count", 10),
            ("原定稿分母", "count", 10),
            ("重列完成率", "rate", 12),
            ("重列分子", "count", 10),
            ("重列分母", "count", 10),
            ("相差（百分点）", "points", 12),
            ("明细增", "count", 8),
            ("明细减", "count", 8),
            ("明细变", "count", 8),
            ("数据日期", "day", 12),
            ("重列", "middle", 10),
            ("原定稿", "middle", 10),
            ("批准人", "text", 14),
            ("原因", "wrap", 36),
        ],
        rows,
        note="原定稿不改；逐行差异见 public-credit editions diff",
    )
