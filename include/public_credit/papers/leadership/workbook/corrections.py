"""The sheet about what changed after a year was frozen."""

from __future__ import annotations

from typing import Any

from ..corrections import Side, corrections
from ..model import Publication
from .book import Book


def _cells(side: Side | None) -> list[Any]:
    return [side.percent, side.numerator, side.denominator] if side else [None] * 3


def corrected(book: Book, publication: Publication) -> None:
    """Corrections of frozen years: what was restated, and what waits to be."""
    book.sheet(
        "定版后的更正",
        "哪些定版数字更正过，改了多少？",
        [
            ("年份", "middle", 8),
            ("目标", "wrap", 38),
            ("性质", "middle", 10),
            ("原定版完成率", "rate", 12),
            ("原定版分子", "count", 10),
            ("原定版分母", "count", 10),
            ("更正完成率", "rate", 12),
            ("更正分子", "count", 10),
            ("更正分母", "count", 10),
            ("相差（百分点）", "points", 12),
            ("明细增", "count", 8),
            ("明细减", "count", 8),
            ("明细变", "count", 8),
            ("重列", "wrap", 30),
            ("原因", "wrap", 36),
        ],
        (
            [
                item.year,
                item.title,
                item.mark,
                *_cells(item.before),
                *_cells(item.after),
                item.moved,
                *(item.rows or [None] * 3),
                item.state,
                item.reason or None,
            ]
            for item in corrections(publication)
        ),
        note="r 为数据更正，口径调整为定义变了；首次定版的数字不改",
    )
