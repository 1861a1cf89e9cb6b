"""A month of changes, built day by day, is what a full rebuild makes of the same warehouse, in every relation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from public_credit.build import run as build

from tests import seeds
from tests.helpers.month import BUSINESS_DAYS, Month
from tests.helpers.relations import built, forget, last_told, relations
from tests.helpers.runs import run_on

pytestmark = pytest.mark.slow
PLAYED, BUILT = BUSINESS_DAYS[::3], BUSINESS_DAYS[3::5]
OF_ONE_BUILD = ("build_id", "business_date", "change", "reason", "due_on")  # of a history: why and when it was told


def told(warehouse: Any, name: str) -> dict[str, dict[str, Any]]:
    """What a history says of every record at last; what it took back is told no more."""
    return {
        record: {column: value for column, value in row.items() if column not in OF_ONE_BUILD and column[:4] != "old_"}
        for record, row in last_told(warehouse, name).items()
        if row.get("change") != "delete" and row.get("reason") != "withdrawn"
    }


def _only(of: Any, other: Any) -> list[Any]:
    if isinstance(of, dict):
        return [(record, row) for record, row in of.items() if row != other.get(record)][:3]
    return [row for row in of if row not in other][:3]


def differing(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[list[Any], list[Any]]]:
    """Per relation that is not the same: what only the first has, what only the second has."""
    return {
        name: (_only(said, after[name]), _only(after[name], said))
        for name, said in before.items()
        if said != after[name]
    }


def test_a_month_of_changes_equals_a_full_rebuild_in_every_relation(warehouse: Any, tmp_path: Path) -> None:
    month = Month(warehouse, tmp_path, seeds.rng("month"))
    for day in BUSINESS_DAYS:
        if day in PLAYED:
            month.play(day, whole=day == PLAYED[0])
        if day in BUILT:
            build.run(run_on(day))
    history = [relation.name for relation in relations(warehouse) if relation.history]
    by_day, offered = built(warehouse), {name: told(warehouse, name) for name in history}
    assert len(by_day) > 80 and len(history) == 7
    if seeds.SEED == seeds.DEFAULT:  # this month has everything in it
        assert month.happened() == {
            "insert", "update", "delete", "current", "expired", "ended", "revoked", "replaced", "repaired",
        }  # fmt: skip

    forget(warehouse)
    assert build.run(run_on(day), full_refresh=True).whole
    assert differing(by_day, built(warehouse)) == {}
    assert differing(offered, {name: told(warehouse, name) for name in history}) == {}
