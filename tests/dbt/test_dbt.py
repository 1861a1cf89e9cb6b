"""The dbt project on real PostgreSQL: unit tests, contracts, and a full refresh that changes no row."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from public_credit.base.messages import UserError

from tests.helpers.world import DAYS, world

pytestmark = pytest.mark.slow
_BUILD = {"build_id"}


def _tables(w) -> dict[str, list[str]]:
    result = {}
    for schema, table in w.query(
        "select schemaname, tablename from pg_tables where schemaname = 'marts' "
        "or (schemaname = 'intermediate' and (tablename like '%__current' or tablename in "
        "('int_records__history', 'int_records__roster'))) order by 1, 2"
    ):
        columns = [
            name
            for (name,) in w.query(
                "select column_name from information_schema.columns where table_schema = %s "
                "and table_name = %s order by 1",
                [schema, table],
            )
            if name not in _BUILD
        ]
        result[f"{schema}.{table}"] = sorted(
            json.dumps(row, default=str, ensure_ascii=False)
            for row in w.query(f"select {', '.join(columns)} from {schema}.{table}")
        )
    return result


def test_incremental_builds_equal_a_full_refresh_and_unit_tests_pass(warehouse, tmp_path: Path):
    from public_credit.build import run as build
    from public_credit.steps import work

    with world(warehouse, tmp_path / "simulator", 0.03) as w:
        for day in (1, 2):
            w.district.play(day)
            w.collect(day)
            work.gate(DAYS[day])
            assert work.build(DAYS[day]).models > 20
        assert work.build(DAYS[2]).build_id is None
        before = _tables(w)
        assert sum(map(len, before.values())) > 1000
        exported = w.query("select count(*) from exports.exp_city__cf_fr")
        refreshed = build.run(DAYS[2], full_refresh=True)
        assert refreshed.build_id is not None
        after = _tables(w)
        for name, content in before.items():
            assert after[name] == content, name
        assert w.query("select count(*) from exports.exp_city__cf_fr") == exported
        units = build.invoke(["test", "--select", "test_type:unit"], {"build_id": 2, "business_date": "2026-02-25"})
        assert len(units.results) >= 5
        next_day = work.build(date(2026, 2, 27))
        assert next_day.build_id is not None, "a new business date is a build of its own"
        assert w.query("select count(*) from exports.exp_city__cf_fr") == exported
        fresh = build.invoke(["source", "freshness"], {"build_id": 2, "business_date": "2026-02-26"})
        assert [str(item.status) for item in fresh.results] == ["pass"]
        with warehouse.connect("owner") as owner:
            owner.execute("update ledger.batch set received_at = received_at - interval '5 days'")
        stale = build.invoke(["source", "freshness"], {"build_id": 2, "business_date": "2026-02-26"})
        assert [str(item.status) for item in stale.results] == ["warn"]
        with warehouse.connect("owner") as owner:
            owner.execute("update ledger.batch set received_at = received_at - interval '20 days'")
        with pytest.raises(UserError):
            build.invoke(["source", "freshness"], {"build_id": 2, "business_date": "2026-02-26"})
