"""Sheets about 双公示: years, months, units beside each other, what went back and the assessment."""

from __future__ import annotations

from typing import Any

from .. import notes, views
from ..model import DISTRICT, Publication, Quality
from .book import BAR, Book

QUALITY = [
    ("存量补录", "backlog"),
    ("产生", "generated"),
    ("其中已报送", "received_known"),
    ("台账少报", "surplus"),
    ("台账到", "ledger_to"),
    ("报送", "received"),
    ("合格入库", "accepted"),
    ("期限已过", "due"),
    ("迟报", "late"),
    ("办理期内", "running"),
    ("组织的决定", "organisations"),
    ("关联", "linked"),
    ("须公示", "to_publish"),
    ("已公示", "published"),
]
QUALITY_RATES = [
    ("报送率", "reporting_rate"),
    ("及时率", "timely_rate"),
    ("合规率", "compliance_rate"),
    ("关联率", "link_rate"),
    ("公示率", "publication_rate"),
]
QUALITY_COLUMNS = [
    *((title, "middle" if name == "ledger_to" else "count", 10) for title, name in QUALITY),
    *((title, "rate", 12) for title, _ in QUALITY_RATES),
]

NOTE = ("数据质量提示", "wrap", 40)


def _quality_cells(item: Quality | None) -> list[Any]:
    if item is None:
        return [None] * len(QUALITY_COLUMNS)
    return [*(getattr(item, name) for _, name in QUALITY), *(item.rate(metric) for _, metric in QUALITY_RATES)]


def by_year(book: Book, publication: Publication) -> None:
    """The district year by year, licences and penalties apart."""
    words = {"": "合计", "licence": "许可", "penalty": "处罚"}
    rows = [
        [int(item.period), words[item.table], *_quality_cells(item), notes.of_rates(publication, item) or None]
        for item in publication.quality
        if item.unit_id == DISTRICT and len(item.period) == 4
    ]
    rows.sort(key=lambda row: (-row[0], list(words.values()).index(row[1])))
    book.sheet(
        "双公示质量",
        "双公示质量如何（全区）？",
        [("年份", "middle", 8), ("类别", "middle", 8), *QUALITY_COLUMNS, NOTE],
        rows,
        bars={2 + len(QUALITY) + place: BAR for place in range(len(QUALITY_RATES))},
    )


def by_month(book: Book, publication: Publication, year: int) -> None:
    """Every unit, month of decision by month."""
    words = {"licence": "许可", "penalty": "处罚"}
    book.sheet(
        "双公示逐月",
        f"{year} 年上线以来，双公示逐月报得怎么样？",
        [
            ("单位", "wrap", 26),
            ("决定月份", "middle", 10),
            ("类别", "middle", 8),
            ("产生", "count", 10),
            ("公示", "count", 10),
            ("报送", "count", 10),
            ("未报", "count", 10),
            ("依据", "wrap", 30),
            ("入库", "count", 10),
            ("市站公示", "count", 11),
        ],
        (
            [
                publication.units.get(unit, "全区"),
                item.month,
                words[item.table],
                item.generated,
                item.own_site_published,
                item.received,
                item.unreported,
                item.reason or None,
                item.accepted,
                item.published,
            ]
            for unit in ("", *publication.units)
            for item in publication.months_of(unit, year)
        ),
        note="产生、公示、依据来自执法台账；入库为通过数据质量校验",
    )


def returned(book: Book, publication: Publication, year: int) -> None:
    """What waits for its deadline or for a correction, and the points of the year."""
    rows = []
    for unit, name in (("", "全区"), *publication.units.items()):
        returned = publication.returned_of.get(unit)
        clock = publication.clock_of.get(unit)
        assessed = [item for item in publication.assessment_of(unit, year) if item.points is not None]
        if not (returned or clock or assessed):
            continue
        rows.append(
            [
                name,
                *((clock.breached, clock.due_today, clock.due_next) if clock else (None, None, None)),
                *(
                    (returned.open_rows, returned.oldest_on, returned.corrected, returned.returned)
                    if returned
                    else [None] * 4
                ),
                *((returned.fix_days, notes.of_returned(publication, returned) or None) if returned else (None, None)),
                sum(item.points or 0 for item in assessed) if assessed else None,
                sum(item.max_points or 0 for item in assessed) if assessed else None,
            ]
        )
    book.sheet(
        "退回与考核",
        f"哪些决定要到期，哪些行还没更正，{year} 年考核得分多少？",
        [
            ("单位", "wrap", 26),
            ("已逾期未入库", "count", 11),
            ("今天到期", "count", 9),
            ("下一工作日到期", "count", 11),
            ("退回未更正", "count", 10),
            ("最早退回", "day", 12),
            ("已更正", "count", 9),
            ("退回", "count", 9),
            ("平均更正天数", "score", 11),
            ("数据质量提示", "wrap", 24),
            ("考核得分", "score", 10),
            ("分值", "score", 9),
        ],
        rows,
        note="考核逐项见考核表；没有分母的项目不计分，分值不计入",
    )


def compared(book: Book, publication: Publication, year: int) -> None:
    """The units beside each other."""
    goal = publication.goal_lines.get("timely_rate")
    book.sheet(
        "部门报送比较",
        f"{year} 年：各单位双公示报得怎么样？",
        [
            ("单位", "text", 28),
            (f"距及时率{goal.word if goal else '目标'}（百分点）", "points", 14),
            *QUALITY_COLUMNS,
            ("未报周数", "count", 9),
            ("零报送登记", "count", 11),
            ("提示", "middle", 14),
            NOTE,
        ],
        (
            [
                item.name,
                item.gap,
                *_quality_cells(item.quality),
                item.silent_weeks,
                item.attestations,
                item.standing or (None if item.on_duty else "无双公示职责"),
                notes.of_rates(publication, item.quality) or None,
            ]
            for item in views.compared(publication, year)
        ),
        bars={2 + QUALITY_COLUMNS.index(("及时率", "rate", 12)): BAR},
        note=f"只有及时率有可引的{goal.word}：{goal.clause}" if goal else "没有可引的目标，只列数字",
    )
