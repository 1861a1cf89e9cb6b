"""Compare the figures of the target ledger with the answer key; every difference is a readable line."""

from __future__ import annotations

from typing import Any

from .sector_answers import key
from .world import World


def _there(world: World) -> dict[tuple[str, str, str], tuple[Any, ...]]:
    rows = world.query("""
        select t.figure_id, p.month_end, p.unit_id, p.numerator, p.denominator, p.percent, p.suppressed
        from marts.mart_targets__progress p
        join policy.target t on t.target_id = p.target_id and t.goal_no = p.goal_no""")
    return {(row[0], row[1].isoformat(), row[2]): row[3:] for row in rows}


def figure_differences(world: World, day: int) -> tuple[list[str], int]:
    """Every figure of the key, district and units; (differences, number of figures compared)."""
    answer, there = key(world, day, "targets.json"), _there(world)
    differences = []
    for wanted in answer["figures"]:
        place = (wanted["figure"], wanted["month_end"], wanted["unit"])
        found = there.get(place)
        if found is None:
            differences.append(f"{place}: no such figure")
            continue
        numerator, denominator, percent, suppressed = found
        if wanted.get("hidden") or suppressed:
            if not suppressed or numerator is not None or percent is not None:
                differences.append(f"{place}: a cell under five is shown")
            continue
        least, most = wanted["numerator"]
        if not least <= (numerator or 0) <= most or denominator != wanted["denominator"]:
            differences.append(f"{place}: expected {least}–{most} / {wanted['denominator']}, got {numerator} / {denominator}")
        if (percent is None) != (wanted["denominator"] is None):
            differences.append(f"{place}: percent {percent} with denominator {wanted['denominator']}")
    return differences, len(answer["figures"])


def silence_differences(world: World, day: int) -> list[str]:
    """The silent unit has its month, with nothing in it, and appears among the silent."""
    unit = key(world, day, "targets.json")["silent_unit"]
    rows = world.query("select sum(batches), sum(rows_in) from marts.mart_supervision__unit_month where unit_id = %s", [unit])
    return [] if rows == [(0, 0)] else [f"{unit}: expected silence, got {rows}"]
