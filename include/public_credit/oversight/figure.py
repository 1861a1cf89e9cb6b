"""The lines behind a figure of the leadership page, by the number the page prints beside it.

``T05/1/<unit>/2026``: target, goal, unit (``all`` for the district) and year. ``timely_rate/<unit>/2026``: rate of supervision,
unit and year; the year of the business date and the one before. ``E2/T05/1/<unit>``: edition, target, goal and unit, as it was
frozen. Of persons a figure tells its counts and no line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ..base.messages import UserError
from ..ledger import published, words
from ..ledger.session import session
from ..papers.workbook import Book

DISTRICT = "all"
ITEMS = {
    "timely_rate": "timeliness",
    "compliance_rate": "compliance",
    "reporting_rate": "reporting",
    "link_rate": "link",
    "fix_rate": "correction",
    "silent_weeks": "silence",
}
TARGET = re.compile(r"(T\d\d)/(\d)/([a-z0-9_]*)/(\d{4})")
RATE = re.compile(rf"({'|'.join(ITEMS)})/([a-z0-9_]*)/(\d{{4}})")
EDITION = re.compile(r"E(\d{1,9})/(T\d\d)/(\d)/([a-z0-9_]*)")
COLUMNS = ("编号", "名称或说明", "单位", "记录编号", "日期", "计入分子", "计入分母")

_PERSONS, _SUPPRESSED = "人员目标只列数，不列明细", "；部门的人数格少于 5，不列数字"
_FIGURE = """
    select p.month_end, p.numerator, p.denominator, p.suppressed, t.figure_id, t.title, t.subject_type
    from marts.mart_targets__progress p
    join policy.target t on t.target_id = p.target_id and t.goal_no = p.goal_no
    where p.target_id = :target and p.goal_no = :goal and p.unit_id = :unit and p.year = :year
    order by p.month_end desc limit 1"""
# What counts at a month end: the figure is the running sum of what came and went by then. What items are called is looked up for
# those alone that are told.
_ITEMS = """
    with counted as (
        select c.item_key, c.unit_id, max(c.record_id) as record_id, min(c.valid_from) as since,
            sum(c.numerator) as numerator, sum(c.denominator) as denominator, count(*) over () as lines
        from published.contributions c
        where c.figure_id = :figure and (:unit = '' or c.unit_id = :unit) and c.valid_from <= :on
          and (c.valid_to is null or c.valid_to > :on)
        group by c.item_key, c.unit_id
        having sum(c.numerator) <> 0 or sum(c.denominator) <> 0
        order by numerator, c.item_key limit :most),
    named as (
        select c.item_key, max(c.label) as label from published.contributions c
        where c.figure_id = :figure and c.item_key = any(array(select item_key from counted)) group by 1)
    select k.*, n.label from counted k join named n using (item_key) order by k.numerator, n.label, k.item_key"""
# Lines of persons, and of nobody known to be an organisation, come without what they are of.
_LINES = """
    with line as (select * from desk.assessment_lines(:item, :year, nullif(:unit, ''), null)),
    summed as (
        select count(*) filter (where told) as lines, count(*) filter (where not told) as untold, sum(counted) as numerator,
            sum(out_of) as denominator from line)
    select s.lines, s.untold, s.numerator, s.denominator, l.line_key, l.note, l.unit_id, l.record_id, l.event_on, l.counted, l.out_of
    from summed s left join lateral (
        select * from line where told order by counted, unit_id, event_on, line_key limit :most) l on true
    order by l.counted, l.unit_id, l.event_on, l.line_key"""

_FROZEN = """
    select f.numerator, f.denominator, f.suppressed, f.figure_id, t.title, t.subject_type, e.as_of, e.state
    from ledger.edition_figure f join ledger.edition e on e.id = f.edition_id
    join policy.target t on t.target_id = f.target_id and t.goal_no = f.goal_no
    where f.edition_id = :edition and f.target_id = :target and f.goal_no = :goal and f.unit_id = :unit"""
_FROZEN_ITEMS = """
    select item_key, label, unit_id, record_id, numerator, denominator, count(*) over () as lines from ledger.edition_item
    where edition_id = :edition and figure_id = :figure and (:unit = '' or unit_id = :unit)
      and (numerator <> 0 or denominator <> 0)
    order by numerator, label, item_key limit :most"""


@dataclass
class Lines:
    """A figure with the lines it adds up from, the first of ``total``; ``untold`` of them are about persons, or of nobody known to be an organisation."""

    number: str
    title: str
    on: str
    numerator: int | None
    denominator: int | None
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    total: int = 0
    untold: int = 0
    note: str = ""

    @property
    def head(self) -> str:
        """The figure in one line."""
        shown = "—" if self.numerator is None else f"{self.numerator:,}"
        total = "" if self.denominator is None else f"，分母 {self.denominator:,}"
        return f"{self.number}　{self.title}　{self.on}：分子 {shown}{total}{'；' + self.note if self.note else ''}"


def bare(number: str) -> str:
    """A number as ``TARGET`` and ``RATE`` know it: no unit where it is the district's."""
    wanted = number.strip()
    return wanted.replace(f"/{DISTRICT}/", "//") if not wanted.startswith("E") else wanted.removesuffix(DISTRICT)


def lines(number: str, most: int | None = None) -> Lines:
    """The lines behind a figure, all or the first ``most``. Raises UserError (code 4) when the page has no such figure."""
    wanted = bare(number)
    with session("reader") as opened:
        published.require(opened)
        if found := TARGET.fullmatch(wanted):
            return _of_target(opened, number, found[1], int(found[2]), found[3], int(found[4]), most)
        if found := EDITION.fullmatch(wanted):
            return _of_edition(opened, number, int(found[1]), found[2], int(found[3]), found[4], most)
        if found := RATE.fullmatch(wanted):
            return _of_rate(opened, number, found[1], found[2], int(found[3]), most)
    raise UserError(
        f"没有编号为“{number}”的数字。",
        remedy="编号印在看板每个目标的展开处，如 T05/1/all/2026；双公示的率如 timely_rate/all/2026。",
        code=4,
    )


def _missing(number: str) -> UserError:
    return UserError(f"看板上没有编号为“{number}”的数字。", remedy="核对目标、单位编号和年份（全区写 all）。", code=4)


def _of_target(opened: Session, number: str, target: str, goal: int, unit: str, year: int, most: int | None) -> Lines:
    asked = {"target": target, "goal": goal, "unit": unit, "year": year}
    figure = opened.execute(text(_FIGURE), asked).one_or_none()
    if figure is None:
        raise _missing(number)
    found = Lines(number, figure.title, f"截至 {figure.month_end}", figure.numerator, figure.denominator)
    if figure.subject_type == "person":
        found.note = _PERSONS + (_SUPPRESSED if figure.suppressed else "")
        return found
    asked = {"figure": figure.figure_id, "unit": unit, "on": figure.month_end, "most": most}
    counted = opened.execute(text(_ITEMS), asked).all()
    found.total = counted[0].lines if counted else 0
    found.rows = [
        (
            row.item_key,
            row.label,
            row.unit_id,
            row.record_id or "",
            _day(row.since),
            int(row.numerator),
            int(row.denominator),
        )
        for row in counted
    ]
    return found


def _of_edition(
    opened: Session, number: str, edition: int, target: str, goal: int, unit: str, most: int | None
) -> Lines:
    asked = {"edition": edition, "target": target, "goal": goal, "unit": unit}
    figure = opened.execute(text(_FROZEN), asked).one_or_none()
    if figure is None:
        raise UserError(
            f"没有定稿数字“{number}”。", remedy="核对定稿号、目标和单位（全区写 all），如 E1/T05/1/all。", code=4
        )
    on = f"第 {edition} 号定稿（{words.EDITION[figure.state]}），截至 {figure.as_of}"
    found = Lines(number, figure.title, on, figure.numerator, figure.denominator)
    if figure.subject_type == "person":
        found.note = _PERSONS + (_SUPPRESSED if figure.suppressed else "")
        return found
    asked = {"edition": edition, "figure": figure.figure_id, "unit": unit, "most": most}
    counted = opened.execute(text(_FROZEN_ITEMS), asked).all()
    found.total = counted[0].lines if counted else 0
    found.rows = [
        (row.item_key, row.label, row.unit_id, row.record_id, "", int(row.numerator), int(row.denominator))
        for row in counted
    ]
    return found


def _of_rate(opened: Session, number: str, metric: str, unit: str, year: int, most: int | None) -> Lines:
    title = opened.execute(
        text("select title from policy.metric_definition where metric = :metric"), {"metric": metric}
    )
    rows = opened.execute(text(_LINES), {"item": ITEMS[metric], "unit": unit, "year": year, "most": most}).all()
    summed = rows[0]
    if not summed.lines + summed.untold:
        raise _missing(number)
    denominator = None if summed.denominator is None else int(summed.denominator)
    found = Lines(number, title.scalar_one(), f"{year} 年", int(summed.numerator), denominator)
    found.total, found.untold = summed.lines, summed.untold
    found.note = f"其中自然人和主体类别未明的 {found.untold} 条只计数，不列明细" if found.untold else ""
    found.rows = [
        (row.line_key, row.note or "", row.unit_id, row.record_id or "", _day(row.event_on), row.counted, row.out_of)
        for row in rows
        if row.line_key is not None
    ]
    return found


def _day(value: date | None) -> str:
    return "" if value is None else value.isoformat()


def workbook(found: Lines) -> bytes:
    """The lines as a workbook."""
    book = Book(f"{found.title}明细", found.number)
    sheet = book.sheet("明细", (34, 46, 14, 38, 12, 10, 10), found.number)
    sheet.write_string(0, 0, found.head, book.title)
    book.rows(
        sheet,
        2,
        COLUMNS,
        [
            [value if isinstance(value, int) else "" if value is None else str(value) for value in row]
            for row in found.rows
        ],
    )
    return book.content()
