"""What differs between two editions: the figures, and row by row the items that came, went or changed.

A figure that is defined otherwise in the newer edition is ``redefined``: its difference is 口径调整, not a correction (r).

The row changes of a figure add up to the change of its numerator and denominator; each row tells by how many percentage
points it alone would have moved the figure. Reports about persons under five are not shown.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ..base.messages import UserError
from ..ledger.session import session
from . import definitions
from . import run as editions

CHANGES = {"came": "新增", "went": "退出", "changed": "变化"}

_FIGURES = """
    select coalesce(a.target_id, b.target_id) as target_id, coalesce(a.goal_no, b.goal_no) as goal_no,
        coalesce(a.figure_id, b.figure_id) as figure_id, coalesce(t.title, '') as title,
        a.numerator as old_numerator, b.numerator as new_numerator, a.denominator as old_denominator,
        b.denominator as new_denominator, a.percent as old_percent, b.percent as new_percent,
        b.percent - a.percent as moved, a.state as old_state, b.state as new_state
    from (select * from ledger.edition_figure where edition_id = :old and unit_id = '') a
    full outer join (select * from ledger.edition_figure where edition_id = :new and unit_id = '') b
      on b.target_id = a.target_id and b.goal_no = a.goal_no
    left join policy.target t on t.target_id = coalesce(a.target_id, b.target_id) and t.goal_no = coalesce(a.goal_no, b.goal_no)
    where (a.numerator, a.denominator, a.percent, a.state) is distinct from (b.numerator, b.denominator, b.percent, b.state)
    order by 1, 2"""
_ROWS = """
    from (select * from ledger.edition_item where edition_id = :old) a
    full outer join (select * from ledger.edition_item where edition_id = :new) b
      on b.figure_id = a.figure_id and b.item_key = a.item_key"""
_MOVED = """
    where (a.numerator, a.denominator, a.missing, a.record_id)
          is distinct from (b.numerator, b.denominator, b.missing, b.record_id)"""
_CHANGE = "case when a.item_key is null then 'came' when b.item_key is null then 'went' else 'changed' end as change"
_COUNTS = f"select coalesce(a.figure_id, b.figure_id) as figure_id, {_CHANGE}, count(*) as amount {_ROWS} {_MOVED} group by 1, 2"
_ITEMS = f"""
    select coalesce(a.figure_id, b.figure_id) as figure_id, coalesce(a.item_key, b.item_key) as item_key, {_CHANGE},
        coalesce(b.label, a.label) as label, coalesce(b.unit_id, a.unit_id) as unit_id,
        coalesce(a.record_id, '') as old_record, coalesce(b.record_id, '') as new_record,
        coalesce(a.numerator, 0) as old_numerator, coalesce(b.numerator, 0) as new_numerator,
        coalesce(a.denominator, 0) as old_denominator, coalesce(b.denominator, 0) as new_denominator,
        coalesce(person.is_person, false) as about_persons
    {_ROWS}
    left join (select figure_id, bool_or(subject_type = 'person') as is_person from policy.target group by figure_id) person
      on person.figure_id = coalesce(a.figure_id, b.figure_id)
    {_MOVED}
    order by 1, 3, 2 limit :limit"""
_TOTALS = """
    select figure_id, sum(numerator) as numerator, sum(denominator) as denominator from ledger.edition_item
    where edition_id = :old group by figure_id"""


def _effect(row: dict[str, Any], total: tuple[int, int]) -> Decimal | None:
    """By how many percentage points this row alone moves the figure of the older edition."""
    numerator, denominator = total
    before = editions.percent(numerator, denominator)
    after = editions.percent(
        numerator + row["new_numerator"] - row["old_numerator"],
        denominator + row["new_denominator"] - row["old_denominator"],
    )
    return None if before is None or after is None else after - before


def _hidden(row: dict[str, Any]) -> bool:
    values = (row[name] for name in ("old_numerator", "new_numerator", "old_denominator", "new_denominator"))
    return row.pop("about_persons") and any(1 <= value <= 4 for value in values)


def figures(opened: Session, old: int, new: int) -> list[dict[str, Any]]:
    """The district's figures that differ between two editions: the rows that came, went and changed, and whether it is
    ``redefined``."""
    redefined = definitions.changed(opened, old, new)
    counted: dict[str, Counter[str]] = {}
    for row in opened.execute(text(_COUNTS), {"old": old, "new": new}):
        counted.setdefault(row.figure_id, Counter())[row.change] = row.amount
    return [
        dict(row)
        | {change: counted.get(row["figure_id"], Counter())[change] for change in CHANGES}
        | {"redefined": (row["target_id"], row["goal_no"]) in redefined}
        for row in opened.execute(text(_FIGURES), {"old": old, "new": new}).mappings()
    ]


def compare(old: int, new: int, limit: int = 1000) -> dict[str, Any]:
    """Differences of two editions of the same year: figures of the district, the rows that moved them, what is redefined."""
    with session("reader") as opened:
        first, second = editions._one(opened, old), editions._one(opened, new)
        if first.year != second.year:
            raise UserError(f"第 {old} 号与第 {new} 号不是同一年度。", remedy="只能比较同一年度的定稿与重列。", code=2)
        year = first.year
        moved = figures(opened, old, new)
        redefined = definitions.changed(opened, old, new)
        items = [dict(row) for row in opened.execute(text(_ITEMS), {"old": old, "new": new, "limit": limit}).mappings()]
        totals = {
            row.figure_id: (int(row.numerator), int(row.denominator))
            for row in opened.execute(text(_TOTALS), {"old": old})
        }
    for row in items:
        row["moved"] = _effect(row, totals.get(row["figure_id"], (0, 0)))
        if _hidden(row):
            for name in ("old_numerator", "new_numerator", "old_denominator", "new_denominator", "moved"):
                row[name] = None
    told = [
        {"target_id": target, "goal_no": goal, "before": before, "now": now}
        for (target, goal), (before, now) in redefined.items()
    ]
    return {"year": year, "old": old, "new": new, "figures": moved, "items": items, "redefined": told}
