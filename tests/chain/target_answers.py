"""Compare the figures of the target ledger with the answer key; every difference is a readable line."""

from __future__ import annotations

from typing import Any

from tests.helpers.world import DAYS, World

from .sector_answers import key


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
            differences.append(
                f"{place}: expected {least}–{most} / {wanted['denominator']}, got {numerator} / {denominator}"
            )
        if (percent is None) != (wanted["denominator"] is None):
            differences.append(f"{place}: percent {percent} with denominator {wanted['denominator']}")
    return differences, len(answer["figures"])


def edition_differences(world: World) -> list[str]:
    """Every frozen figure against the key of the day it was computed on; the planted correction, and no other row of its figure."""
    differences = []
    editions = world.query(
        "select id, restates, as_of, business_date from ledger.edition where state = 'frozen' order by id"
    )
    restated = key(world, 1, "targets.json")["restated"]
    for number, _, as_of, on in editions:
        day = next(day for day, date in DAYS.items() if date == on)
        wanted = {
            (row["figure"], row["unit"]): row
            for row in key(world, day, "targets.json")["figures"]
            if row["month_end"] == as_of.isoformat()
        }
        rows = world.query(
            "select figure_id, unit_id, numerator, denominator from ledger.edition_figure where edition_id = %s "
            "and not suppressed",
            [number],
        )
        for figure, unit, numerator, denominator in rows:
            row = wanted.get((figure, unit))
            if row and not (
                row["numerator"][0] <= (numerator or 0) <= row["numerator"][1] and denominator == row["denominator"]
            ):
                differences.append(f"edition {number} {figure} {unit}: {numerator} / {denominator} instead of {row}")
        if not {row[:2] for row in rows} >= {place for place, row in wanted.items() if not row.get("hidden")}:
            differences.append(f"edition {number}: figures of the key are missing")
    if [restates for _, restates, *_ in editions] != [None, editions[0][0]]:
        return [*differences, f"expected an edition and its restatement, got {editions}"]
    moved = world.query(
        """
        select a.numerator, b.numerator, a.record_id, b.record_id from ledger.edition_item a
        join ledger.edition_item b on b.figure_id = a.figure_id and b.item_key = a.item_key and b.edition_id = %s
        where a.edition_id = %s and a.figure_id = %s and a.numerator <> b.numerator""",
        [editions[1][0], editions[0][0], restated["figure"]],
    )
    if [(old - new, before == after) for old, new, before, after in moved] != [(restated["fewer"], True)]:
        differences.append(f"the restated figure {restated['figure']}: rows that moved are {moved}")
    return differences


def silence_differences(world: World, day: int) -> list[str]:
    """The silent unit has its year with nothing in it and alone is marked so; within days nobody is silent beyond a cadence."""
    unit = key(world, day, "targets.json")["silent_unit"]
    rows = world.query(
        "select unit_id, batches, rows_in, silent_weeks, attestations from marts.mart_supervision__unit_year "
        "where nothing_yet and year = %s",
        [DAYS[day].year],
    )
    return [] if rows == [(unit, 0, 0, 0, 0)] else [f"{unit}: expected silence, got {rows}"]
