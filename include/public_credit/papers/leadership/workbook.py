"""The workbook: one sheet per question a reader asks, formatted, with data bars, ready to print."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from ..sheets import height, landscape, said
from . import views
from .model import DISTRICT, RATES, Publication, Quality

FONT = "微软雅黑"
BLUE, ORANGE, GREY = "#1D5A9E", "#C4500F", "#5B6875"
BAR = "#BBD3EC"  # behind digits, which stay black on it
_YEARS = 3  # beside each other on a page of 逐年进展
_SCALE = 60  # percent, of a sheet too wide for one page
_KINDS: dict[str, dict[str, object]] = {
    "text": {"text_wrap": True},
    "wrap": {"text_wrap": True},
    "count": {"num_format": "#,##0", "align": "right"},
    "rate": {"num_format": "[<0.9995]0.0%;[<1]0.000%;0.0%", "align": "right"},
    "score": {"num_format": "0.00", "align": "right"},
    "points": {"num_format": "+0.0;−0.0;0.0", "align": "right"},
    "day": {"num_format": "yyyy-mm-dd", "align": "center"},
    "middle": {"align": "center"},
}


class Book:
    """A workbook with one look; each table is written with its title, header and print set-up."""

    def __init__(self, path: Path, publication: Publication, year: int, holds: str = "不含个人信息，不含逐条记录"):
        self.publication, self.year, self.holds = publication, year, holds
        self.file = xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False})
        self.file.set_properties({"title": f"{publication.district}社会信用体系建设目标", "comments": self.source})
        base: dict[str, object] = {
            "font_name": FONT,
            "font_size": 10,
            "valign": "vcenter",
            "border": 1,
            "border_color": "#DDE2E8",
        }
        self.kinds = {name: self.file.add_format(base | extra) for name, extra in _KINDS.items()}
        self.head = self.file.add_format(
            base | {"bold": True, "bg_color": "#E8F0F9", "text_wrap": True, "align": "center"}
        )
        self.title = self.file.add_format({"font_name": FONT, "font_size": 14, "bold": True})
        self.note = self.file.add_format({"font_name": FONT, "font_size": 9, "font_color": GREY})
        self.bad = self.file.add_format({"font_color": ORANGE, "bold": True})
        self.good = self.file.add_format({"font_color": BLUE})

    @property
    def source(self) -> str:
        """The line that says where a sheet's figures come from."""
        found = self.publication
        return (
            f"{'模拟数据 · ' if found.simulated else ''}数据截至 {found.business_date} · "
            f"数字截至 {found.as_of(found.month_of(self.year))} · 第 {found.build_id} 次构建 · "
            "率都有分母，没有分母的不出率"
        )

    def sheet(
        self,
        name: str,
        question: str,
        columns: list[tuple[str, str, int]],
        rows: Iterable[Iterable[Any]],
        *,
        note: str = "",
        bars: dict[int, str] | None = None,
        pages: Sequence[int] = (),
    ) -> Worksheet:
        """One sheet: ``columns`` are (title, kind, width); ``bars`` name the columns with data bars and their colour.

        ``pages``: columns a further page of the print begins with, the first two beside them; none for one page wide.
        """
        sheet = self.file.add_worksheet(name)
        sheet.hide_gridlines(2)
        sheet.write_string(0, 0, question, self.title)
        sheet.write_string(1, 0, self.source + (f" · {note}" if note else ""), self.note)
        for index, (title, _, width) in enumerate(columns):
            sheet.set_column(index, index, width)
            sheet.write_string(3, index, title, self.head)
        widths = [width for _, _, width in columns]
        wrapped = [index for index, (_, kind, _) in enumerate(columns) if kind in ("text", "wrap")]
        sheet.set_row(0, height([(question, 400)], 14))
        sheet.set_row(3, height((title, width) for title, _, width in columns))
        last = 3
        for last, row in enumerate(map(list, rows), start=4):
            for index, value in enumerate(row):
                self._cell(sheet, last, index, value, self.kinds[columns[index][1]])
            if wrapped:
                sheet.set_row(last, height((row[index] or "", widths[index]) for index in wrapped))
        for index, colour in (bars or {}).items():
            sheet.conditional_format(
                4,
                index,
                max(last, 4),
                index,
                {
                    "type": "data_bar",
                    "bar_solid": True,
                    "bar_color": colour,
                    "min_type": "num",
                    "min_value": 0,
                    "max_type": "num",
                    "max_value": 1,
                    "data_bar_2010": True,
                },
            )
        self._states(sheet, columns, last)
        sheet.freeze_panes(4, 1)
        sheet.autofilter(3, 0, max(last, 4), len(columns) - 1)
        self._print(sheet, question, pages)
        return sheet

    @staticmethod
    def _cell(sheet: Worksheet, row: int, column: int, value: Any, style: Any) -> None:
        if value is None:
            sheet.write_string(row, column, "—", style)
        elif hasattr(value, "year"):
            sheet.write_datetime(row, column, value, style)
        elif isinstance(value, (int, float)):
            sheet.write_number(row, column, value, style)
        else:
            sheet.write_string(row, column, str(value), style)

    def _states(self, sheet: Worksheet, columns: list[tuple[str, str, int]], last: int) -> None:
        for index, (title, _, _) in enumerate(columns):
            if title.endswith("状态"):
                for word, style in (("逾期", self.bad), ("落后", self.bad), ("已达标", self.good)):
                    sheet.conditional_format(
                        4,
                        index,
                        max(last, 4),
                        index,
                        {"type": "text", "criteria": "containing", "value": word, "format": style},
                    )

    def _print(self, sheet: Worksheet, question: str, pages: Sequence[int]) -> None:
        landscape(sheet, "")
        if pages:
            sheet.set_print_scale(_SCALE)
            sheet.set_v_pagebreaks(list(pages))
            sheet.repeat_columns(0, 1)
        sheet.repeat_rows(3)
        sheet.center_horizontally()
        sheet.set_header(f"&L&9 {said(question)}&R&9 {self.publication.business_date}")  # a blank ends the size
        sheet.set_footer(f"&L&8第 {self.publication.build_id} 次构建&C&8第 &P 页，共 &N 页&R&8{self.holds}")


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
        "定版" if row.frozen else "动态",
        target.figure_kind,
        figure.denominator_source or None,
        figure.denominator_on,
        units,
    ]


QUALITY = [
    ("存量补录", "backlog"),
    ("产生", "generated"),
    ("其中已报送", "received_known"),
    ("台账少报", "surplus"),
    ("台账到", "ledger_to"),
    ("报送", "received"),
    ("放行", "accepted"),
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


def _quality_cells(item: Quality | None) -> list[Any]:
    if item is None:
        return [None] * len(QUALITY_COLUMNS)
    return [*(getattr(item, name) for _, name in QUALITY), *(item.rate(metric) for _, metric in QUALITY_RATES)]


def _asks(book: Book, publication: Publication) -> None:
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


def _months(book: Book, publication: Publication, year: int) -> None:
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
        note="产生、公示、依据来自执法台账；入库为合格放行",
    )


def _returned(book: Book, publication: Publication, year: int) -> None:
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
                returned.fix_days if returned else None,
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
            ("考核得分", "score", 10),
            ("分值", "score", 9),
        ],
        rows,
        note="考核逐项见考核表；没有分母的项目不计分，分值不计入",
    )


def write(publication: Publication, path: Path, year: int) -> None:
    """Write the workbook for one year (history sheets hold all years)."""
    book = Book(path, publication, year)
    _summary(book, publication, year)
    _asks(book, publication)
    book.sheet(
        "哪些目标落后",
        f"{year} 年：哪些目标落后，差多少？",
        TARGET_COLUMNS,
        (_target_cells(publication, row) for row in views.rows(publication, year)),
        bars={4: BAR},
        note="逾期、落后在前；距目标为正表示还差",
    )
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
    _history(book, publication)
    _quality(book, publication)
    _months(book, publication, year)
    _returned(book, publication, year)
    goal = publication.goal_lines.get("timely_rate")
    book.sheet(
        "部门报送比较",
        f"{year} 年：各单位双公示报得怎么样？",
        [
            ("单位", "text", 28),
            ("距及时率目标（百分点）", "points", 14),
            *QUALITY_COLUMNS,
            ("静默周", "count", 9),
            ("零报送登记", "count", 11),
            ("提示", "middle", 14),
        ],
        (
            [
                item.name,
                item.gap,
                *_quality_cells(item.quality),
                item.silent_weeks,
                item.attestations,
                item.standing or None,
            ]
            for item in views.compared(publication, year)
        ),
        bars={2 + QUALITY_COLUMNS.index(("及时率", "rate", 12)): BAR},
        note=f"只有及时率有可引的目标：{goal.clause}" if goal else "没有可引的目标，只列数字",
    )
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
    _changes(book, publication)
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
    _restatements(book, publication)
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
                "、".join(publication.units.get(u, u) for u in row.target.responsible),
                row.figure.numerator,
                row.target.clause,
            ]
            for row in views.counted_only(publication, year)
        ),
        note="仅列报送数，不计比率，不排序，不计入达成",
    )
    book.sheet(
        "口径与来源",
        "每个数字是什么意思，从哪来？",
        [("指标或状态", "text", 26), ("口径", "wrap", 76), ("来源或依据", "wrap", 50), ("集市（技术）", "text", 34)],
        [
            *([item.title, item.definition, item.source, item.mart or None] for item in publication.metrics.values()),
            *([f"{state.symbol} {state.name}", state.condition, "目标状态规则", None] for state in publication.states),
            *(
                [f"{target.target_id} {target.title}（{target.due_on.year}）", target.definition, target.clause, None]
                for target in publication.targets
            ),
        ],
    )
    book.file.close()


def _restatements(book: Book, publication: Publication) -> None:
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


def _summary(book: Book, publication: Publication, year: int) -> None:
    reached, total = views.met(publication, year)
    quality = publication.quality_of.get((DISTRICT, str(year), ""))
    before = publication.quality_of.get((DISTRICT, str(year - 1), ""))
    lines: list[list[Any]] = [["目标达成（项）", None, reached, total, None, "已达标 ÷ 推进的目标项数"]]
    for metric, (word, *_) in RATES.items():
        if quality is None:
            continue
        meaning = publication.metrics[metric].meaning if metric in publication.metrics else None
        change = views.change(quality, before, metric)
        lines.append([word, quality.rate(metric), *quality.counts(metric), change, meaning])
    milestones = publication.milestones_of(year)
    done = sum(item.done for item in milestones)
    lines.append(["里程碑（项）", None, done, len(milestones), None, "已完成 ÷ 全部"])
    lines += [
        [f"状态：{state.symbol} {state.name}（项）", None, count, total, None, state.condition]
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
            ("口径", "wrap", 60),
        ],
        lines,
        bars={1: BAR},
    )


def _history(book: Book, publication: Publication) -> None:
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
        mark = "定版" if year in publication.editions else "动态"
        columns += [
            (f"{year} 完成率（{mark}）", "rate", 13),
            (f"{year} 分子", "count", 9),
            (f"{year} 分母", "count", 9),
        ]
    bars = {4 + 3 * place: BAR for place in range(len(years))}
    pages = range(4 + 3 * _YEARS, len(columns), 3 * _YEARS) if len(years) > _YEARS + 2 else ()
    book.sheet("逐年进展", "几年来进展如何？", columns, rows, bars=bars, pages=pages)


def _quality(book: Book, publication: Publication) -> None:
    words = {"": "合计", "licence": "许可", "penalty": "处罚"}
    rows = [
        [int(item.period), words[item.table], *_quality_cells(item)]
        for item in publication.quality
        if item.unit_id == DISTRICT and len(item.period) == 4
    ]
    rows.sort(key=lambda row: (-row[0], list(words.values()).index(row[1])))
    book.sheet(
        "双公示质量",
        "双公示质量如何（全区）？",
        [("年份", "middle", 8), ("类别", "middle", 8), *QUALITY_COLUMNS],
        rows,
        bars={2 + len(QUALITY) + place: BAR for place in range(len(QUALITY_RATES))},
    )


def _changes(book: Book, publication: Publication) -> None:
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
