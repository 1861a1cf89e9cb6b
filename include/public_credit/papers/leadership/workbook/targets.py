"""Sheets about the targets: which are behind, by unit, over the years, what moved, what is not advanced."""

from __future__ import annotations

from typing import Any

from .. import views
from ..model import DISTRICT, Publication
from .book import BAR, Book

_YEARS = 3  # beside each other on a page of 逐年进展
TARGET_COLUMNS = [
    ("状态", "middle", 13),
    ("编号", "middle", 7),
    ("目标", "wrap", 36),
    ("范围", "text", 22),
    ("完成率", "rate", 14),
    ("分子", "count", 10),
    ("分母", "count", 10),
    ("目标值", "middle", 11),
    ("距目标（百分点）", "points", 11),
    ("匀速应到", "rate", 10),
    ("比匀速（百分点）", "points", 11),
    ("期限", "day", 12),
    ("还差", "count", 9),
    ("逾期（年）", "count", 8),
    ("版本", "middle", 10),
    ("数字来源", "middle", 10),
    ("分母来源", "wrap", 24),
    ("分母日期", "day", 12),
    ("责任单位", "wrap", 28),
    ("数据质量提示", "wrap", 24),
]


def _target_cells(publication: Publication, row: views.Row) -> list[Any]:
    figure, target = row.figure, row.target
    units = "、".join(publication.units.get(unit, unit) for unit in target.responsible)
    return [
        f"{row.state.symbol} {row.state.name}",
        target.target_id,
        target.title,
        row.scope,
        row.percent,
        figure.numerator,
        figure.denominator,
        target.goal_text,
        row.distance,
        figure.pace,
        row.ahead,
        target.due_on,
        row.still_missing,
        row.overdue_years,
        f"定版 {row.mark}".strip() if row.frozen else "动态",
        target.figure_kind,
        figure.denominator_source or None,
        figure.denominator_on,
        units,
        figure.quality_note or None,
    ]


def behind(book: Book, publication: Publication, year: int) -> None:
    """The targets of the district, the worst first."""
    book.sheet(
        "哪些目标落后",
        f"{year} 年：哪些目标落后，差多少？",
        TARGET_COLUMNS,
        (_target_cells(publication, row) for row in views.rows(publication, year)),
        bars={4: BAR},
        note="逾期、落后在前；距目标为正表示还差",
    )


def by_unit(book: Book, publication: Publication, year: int) -> None:
    """The targets of every unit."""
    book.sheet(
        "部门分项",
        f"{year} 年：各单位负责的目标到哪了？",
        [("单位", "text", 26), *TARGET_COLUMNS],
        (
            [publication.units[unit], *_target_cells(publication, row)]
            for unit in publication.units
            for row in views.rows(publication, year, unit)
        ),
        bars={5: BAR},
        note="有本单位分项的为本单位数字，其余为全区数字，见“范围”",
    )


def history(book: Book, publication: Publication) -> None:
    """The targets of the district year by year."""
    years = publication.years
    rows = []
    for target in publication.targets:
        if not target.advances:
            continue
        cells: list[Any] = [target.target_id, target.title, target.goal_text, target.due_on]
        for year in years:
            figure = publication.figure_at.get((*target.key, DISTRICT, publication.month_of(year)))
            edition = publication.editions.get(year)
            figure = (edition.figures.get((*target.key, DISTRICT)) if edition else None) or figure
            cells += [figure.percent, figure.numerator, figure.denominator] if figure else [None] * 3
        rows.append(cells)
    columns = [("编号", "middle", 7), ("目标", "wrap", 36), ("目标值", "middle", 11), ("期限", "day", 12)]
    for year in years:
        edition = publication.editions.get(year)
        mark = "动态" if edition is None else "重列 r" if edition.first else "定版"
        columns += [
            (f"{year} 完成率（{mark}）", "rate", 13),
            (f"{year} 分子", "count", 9),
            (f"{year} 分母", "count", 9),
        ]
    bars = {4 + 3 * place: BAR for place in range(len(years))}
    pages = range(4 + 3 * _YEARS, len(columns), 3 * _YEARS) if len(years) > _YEARS + 2 else ()
    book.sheet("逐年进展", "几年来进展如何？", columns, rows, bars=bars, pages=pages)


def changes(book: Book, publication: Publication) -> None:
    """What moved between the last two month ends."""
    months = publication.months[-2:]
    note = " → ".join(f"{month:%Y-%m}" for month in months)
    rows = []
    for unit in (DISTRICT, *publication.units):
        for move in views.changes(publication, unit):
            if unit and not move.own:
                continue
            rows.append(
                [
                    move.scope,
                    move.target.title,
                    move.target.due_on,
                    move.before.state,
                    move.now.state,
                    move.before.percent,
                    move.now.percent,
                    move.points,
                    move.now.numerator,
                    move.now.denominator,
                ]
            )
    book.sheet(
        "本月变了什么",
        "比上个月变了什么？",
        [
            ("范围", "text", 26),
            ("目标", "wrap", 36),
            ("期限", "day", 12),
            ("上月状态", "middle", 10),
            ("本月状态", "middle", 10),
            ("上月完成率", "rate", 12),
            ("本月完成率", "rate", 12),
            ("变化（百分点）", "points", 12),
            ("分子", "count", 10),
            ("分母", "count", 10),
        ],
        rows,
        note=note,
    )


def not_advanced(book: Book, publication: Publication, year: int) -> None:
    """The targets that are not advanced under today's law: the number reported."""
    book.sheet(
        "依现行法不推进",
        "哪些目标依现行法不推进？",
        [
            ("编号", "middle", 8),
            ("目标", "wrap", 40),
            ("报送单位", "wrap", 36),
            ("报送数", "count", 12),
            ("依据", "wrap", 30),
        ],
        (
            [
                row.target.target_id,
                row.target.title,
                "、".join(publication.units[unit] for unit in views.reporters(publication, row)) or None,
                row.figure.numerator,
                row.target.clause,
            ]
            for row in views.counted_only(publication, year)
        ),
        note="仅列报送数，不计比率，不排序，不计入达成",
    )
