"""Rules over time: how many rows each one sent back, by business date."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ..land.rules import load_ruleset

_BY_RULE = """
    select rule, kind, opened_on, count(*) as rows
    from ledger.quarantine, unnest(string_to_array(rules, ';')) as rule
    where opened_on > :since and (cast(:unit as text) is null or unit_id = :unit)
    group by 1, 2, 3"""


def by_rule(opened: Session, on: date, unit: str | None = None, days: int = 30) -> dict[str, Any]:
    """Rows sent back in the last ``days``: the dates there were any, and by rule and kind the rows of each date, most first."""
    found: dict[tuple[str, str], dict[date, int]] = {}
    asked = {"since": on - timedelta(days=days), "unit": unit}
    for rule, kind, day, rows in opened.execute(text(_BY_RULE), asked).tuples():
        found.setdefault((rule, kind), {})[day] = rows
    dates = sorted({day for counts in found.values() for day in counts})
    told = []
    for (rule, kind), counts in sorted(found.items(), key=lambda item: (-sum(item[1].values()), item[0])):
        known = load_ruleset(kind).row_rule(rule)
        told.append(
            {
                "rule": rule,
                "kind": kind,
                "title": known.title if known else "",
                "rows": sum(counts.values()),
                "by_date": [counts.get(day, 0) for day in dates],
            }
        )
    return {"dates": dates, "rules": told}
