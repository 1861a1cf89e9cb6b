"""A unit's yearly assessment, item by item and line by line, as the newest build computed it (docs/targets.md)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ..ledger import published

_ITEMS = """
    select year, title, points, max_points, formula, clause from marts.mart_supervision__assessment
    where unit_id = :unit and year = (select max(year) from marts.mart_supervision__assessment where unit_id = :unit)
    order by sort_order"""
_LINES = """
    select item, event_on, record_id, counted, out_of, note, told from desk.assessment_lines(null, :year, :unit, :limit)"""

_TELLS_LINES = text(
    "select has_function_privilege(current_user, 'desk.assessment_lines(text, integer, text, integer)', 'execute')"
)


def of_unit(opened: Session, unit: str, limit: int = 200) -> dict[str, Any]:
    """Year, items with points and the lines they were counted from, those that cost points first; empty before the first build.

    Lines are told to whoever may be told them: leadership sees the items.
    """
    if not published.ready(opened):
        return {"year": None, "items": [], "lines": []}
    items = [dict(row) for row in opened.execute(text(_ITEMS), {"unit": unit}).mappings()]
    year = items[0]["year"] if items else None
    asked = {"unit": unit, "year": year, "limit": limit}
    lines = opened.execute(text(_LINES), asked).mappings().all() if opened.scalar(_TELLS_LINES) else ()
    return {"year": year, "items": items, "lines": [dict(row) for row in lines]}
