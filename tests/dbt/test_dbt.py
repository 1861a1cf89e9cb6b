"""The dbt project on real PostgreSQL: unit tests, contracts, and a full refresh that changes no row."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest
from public_credit.base.messages import UserError

from tests.helpers.evidence import asleep
from tests.helpers.relations import built
from tests.helpers.runs import run_on
from tests.helpers.world import DAYS, world

pytestmark = pytest.mark.slow


def _without_grain(w) -> list[str]:
    """Appended models whose table takes a row of its grain twice, or that name no grain."""
    manifest = json.loads((w.warehouse.home / "dbt" / "target" / "manifest.json").read_text(encoding="utf-8"))
    appended = {
        f"{node['schema']}.{node['alias']}": sorted(node["config"]["meta"].get("grain", []))
        for node in manifest["nodes"].values()
        if node["config"]["materialized"] == "incremental" and node["config"].get("incremental_strategy") == "append"
    }
    assert len(appended) > 30
    unique: dict[str, list[list[str]]] = {}
    for table, columns in w.query(
        "select cast(cast(i.indrelid as regclass) as text), array_agg(cast(a.attname as text) order by a.attname) "
        "from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey) "
        "where i.indisunique group by i.indexrelid, i.indrelid"
    ):
        unique.setdefault(table, []).append(columns)
    return [name for name, grain in appended.items() if not grain or unique.get(name, []).count(grain) != 1]


def test_incremental_builds_equal_a_full_refresh_and_unit_tests_pass(warehouse, tmp_path: Path):
    from public_credit.build import command
    from public_credit.build import run as build
    from public_credit.steps import work

    with world(warehouse, tmp_path / "simulator", 0.03) as w:
        for day in (1, 2):
            w.district.play(day)
            w.collect(day)
            work.gate(run_on(DAYS[day]))
            assert work.build(run_on(DAYS[day])).models > 20
        assert work.build(run_on(DAYS[2])).build_id is None
        before = built(warehouse)
        assert sum(map(len, before.values())) > 1000
        assert _without_grain(w) == []
        with warehouse.connect("builder") as builder:  # as a table of an earlier version, which is never made anew
            (index,) = builder.execute(
                "select cast(indexrelid as regclass) from pg_index where indisunique "
                "and indrelid = cast('intermediate.int_records__changes' as regclass)"
            ).fetchone()
            builder.execute(f"drop index {index}")
        assert _without_grain(w) == ["intermediate.int_records__changes"]
        exported = w.query("select count(*) from exports.exp_city__cf_fr")
        refreshed = build.run(run_on(DAYS[2]), full_refresh=True)
        assert refreshed.build_id is not None
        assert _without_grain(w) == []
        after = built(warehouse)
        for name, content in before.items():
            assert after[name] == content, name
        assert w.query("select count(*) from exports.exp_city__cf_fr") == exported
        units = command.invoke(["test", "--select", "test_type:unit"], {"build_id": 2, "business_date": "2026-02-25"})
        assert len(units.results) >= 5
        next_day = work.build(run_on(date(2026, 2, 27)))
        assert next_day.build_id is not None, "a new business date is a build of its own"
        assert w.query("select count(*) from exports.exp_city__cf_fr") == exported
        receipts = ["source", "freshness", "--select", "source:ledger.batch"]
        variables = {"build_id": 2, "business_date": "2026-02-26"}
        assert [str(item.status) for item in command.invoke(receipts, variables).results] == ["pass"]
        for days, verdict in ((5, "warn"), (20, "")):
            with warehouse.connect("owner") as owner, asleep(owner, "ledger.batch"):
                owner.execute("update ledger.batch set received_at = received_at - make_interval(days => %s)", [days])
            if verdict:
                assert [str(item.status) for item in command.invoke(receipts, variables).results] == [verdict]
        with pytest.raises(UserError):
            command.invoke(receipts, variables)
        overdue = {kind for (kind,) in w.query("select kind from ledger.overdue where days > 7")}
        assert overdue, "units of the demo that never deliver"
        with pytest.raises(UserError) as caught:
            command.invoke(["source", "freshness", "--select", "source:raw"], variables)
        assert set(re.findall(r"[a-z_]+", caught.value.text.partition("：")[2])) == overdue
