"""A warehouse that an earlier version left behind is migrated, keeps its figures, and is worked on."""

from __future__ import annotations

import json
import lzma
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from public_credit.catalogue import load_catalogue
from public_credit.gate.cross_record import Heads
from public_credit.land import partitions
from public_credit.ledger import published
from public_credit.ledger.session import session
from public_credit.steps import work
from public_credit.steps.migrate import migrate
from sqlalchemy import text

from tests.conftest import DEMO
from tests.dumps.make import FOLDER, pg_tool
from tests.helpers.commands import credit
from tests.helpers.counted import differing
from tests.helpers.penalties import csv_bytes, judge, land, rows
from tests.helpers.plans import partitions_read
from tests.helpers.relations import relations
from tests.helpers.runs import run_on

pytestmark = [pytest.mark.slow]
LAST = date(2026, 2, 26)
FIGURES = (  # as far as their definition has not changed since
    "marts.mart_shuanggongshi__licence",
    "marts.mart_shuanggongshi__penalty",
    "marts.mart_targets__progress",
    "marts.mart_lists__entry",
)
REDEFINED = ["severity_class", "publication_until", "publication_state", "denominator_source", "denominator_on"]
ADDED = ["deadline_provisional", "quality_note"]
STATES = ["state", "definition"]  # past the due date it is 逾期 now, and T19 is told in other words
DUPLICATES = "select batch_seq, attempt, row_no from ledger.row_outcome where outcome = 'duplicate' order by 1, 2, 3"
BITS = """select batch_seq, attempt, block * 2048 + n + 1 from ledger.unchanged_rows, generate_series(0, 2047) n
    where get_bit(rows, n) = 1 order by 1, 2, 3"""
COUNTS = "select seq, state, rows_in, accepted, quarantined, duplicate, refused from ledger.batch order by 1"


def restored(warehouse: Any, dump: Path, folder: Path) -> None:
    """Put the dump in the place of the warehouse's database."""
    script = folder / "dump.sql"
    script.write_bytes(lzma.decompress(dump.read_bytes()))
    with warehouse.cluster.admin() as admin:
        admin.execute(f"drop database {warehouse.database} with (force)")
        admin.execute(f"create database {warehouse.database} owner pcw_owner")
    subprocess.run(
        [
            pg_tool("psql"),
            "-q",
            "-X",
            "-v",
            "ON_ERROR_STOP=1",
            "-f",
            str(script),
            warehouse.cluster.server.url(warehouse.database),
        ],
        check=True,
        capture_output=True,
    )


def figures(warehouse: Any) -> dict[str, list[str]]:
    """Rows of the marts people read, as text, without order and without what receipts that came after the last build change."""
    with warehouse.connect() as connection:
        return {
            name: sorted(
                json.dumps(row[0], sort_keys=True, ensure_ascii=False)
                for row in connection.execute(
                    f"select to_jsonb(t) - 'build_id' - cast(%s as text[]) from {name} t "
                    "where coalesce(to_jsonb(t) ->> 'figure_kind', '') <> '部门填报'",
                    [REDEFINED + ADDED + (STATES if name == "marts.mart_targets__progress" else [])],
                )
            )
            for name in FIGURES
        }


def heads() -> dict[str, Any]:
    """Content of the version of every record the gate compares with, per kind, and whether it comes from what dbt published."""
    with session("collector") as opened:
        ready = published.ready(opened)
        return {"published": ready} | {
            kind.id: sorted(
                (row.record_id, row.content_hash)
                for row in opened.execute(text(Heads(opened, kind, built=ready).sql([])))
            )
            for kind in load_catalogue().kinds.values()
        }


def made(warehouse: Any) -> set[str]:
    """Tables and views in dbt's schemas, but for what was offered to receivers."""
    with warehouse.connect() as connection:
        found = connection.execute(
            "select concat(n.nspname, '.', c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace "
            "where c.relkind in ('r', 'v') and n.nspname in ('policy', 'staging', 'intermediate', 'marts', 'published')"
        )
        return {name for (name,) in found}


UNITS = "select item_id, unit_id from ledger.delivery_item join published.record_links using (record_id)"
OUTBOX = "receiver, interface, record_id, operation, version, predecessor, payload, due_on, state, attempts, receipt_id, city_id, booked_on"


def migration(dump: Path) -> int:
    """The last migration of the warehouse a dump is of; 0 for the first release."""
    name = dump.name.removesuffix(".sql.xz")
    return 0 if name == "v0.1.0" else int(name.removeprefix("migration_"))


def dumps(before: int = 9999) -> pytest.MarkDecorator:
    """The dumps of warehouses that stood before a migration."""
    chosen = [path for path in sorted(FOLDER.glob("*.sql.xz")) if migration(path) < before]
    return pytest.mark.parametrize("dump", chosen, ids=[path.name.removesuffix(".sql.xz") for path in chosen])


@dumps(before=17)
def test_an_existing_warehouse_keeps_its_outbox_and_its_duplicates_and_is_looked_up_by_index(
    warehouse: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dump: Path
) -> None:
    monkeypatch.setenv("PCW_DISTRICT", str(DEMO))
    restored(warehouse, dump, tmp_path)
    key = "case when state <> 'superseded' then idempotency_key end"
    with warehouse.connect() as connection:
        before = connection.execute(f"select item_id, {key}, {OUTBOX} from ledger.delivery_item order by 1").fetchall()
        duplicates = connection.execute(DUPLICATES).fetchall()
    assert len(before) > 100 and len(duplicates) > 20
    migrate()
    with warehouse.connect() as connection:
        after = connection.execute(
            f"select item_id, idempotency_key, {OUTBOX} from ledger.delivery_item join ledger.delivery_state using (item_id) order by 1"
        ).fetchall()
        indexed = connection.execute(
            "select count(distinct tablename) from pg_indexes where schemaname = 'raw' and indexdef like '%ON ONLY raw.% USING hash (record_id)'"
        ).fetchone()
        assert connection.execute(BITS).fetchall() == duplicates and connection.execute(DUPLICATES).fetchall() == []
    assert after == before and indexed == (len(load_catalogue().kinds),)


@dumps(before=47)
def test_an_existing_outbox_is_counted_and_each_item_is_of_the_unit_its_record_is_from(
    warehouse: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dump: Path
) -> None:
    monkeypatch.setenv("PCW_DISTRICT", str(DEMO))
    restored(warehouse, dump, tmp_path)
    with warehouse.connect() as connection:
        (built,) = connection.execute("select to_regclass('published.record_links') is not null").fetchone()
        told = dict(connection.execute(UNITS).fetchall()) if built else {}
    migrate()
    with warehouse.connect() as connection:
        assert differing(connection) == {}
        units = connection.execute("select item_id, unit_id from ledger.delivery_state where unit_id <> ''").fetchall()
        events = connection.execute(
            "select count(*) from ledger.chain_event where relation = 'delivery_state' and operation = 'update'"
        ).fetchone()
    assert dict(units) == told and built == (len(told) > 100)
    assert events == (0,), "no evidence has changed"


@dumps()
def test_an_existing_warehouse_is_migrated_and_worked_on(
    warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dump: Path
) -> None:
    monkeypatch.setenv("PCW_CLOCK", "logical")
    monkeypatch.setenv("PCW_DISTRICT", str(DEMO))
    restored(warehouse, dump, tmp_path)
    with warehouse.connect() as connection:
        counts = connection.execute(COUNTS).fetchall()
        (version,) = connection.execute("select cast(version_num as int) from ledger.alembic_version").fetchone()
    assert migration(dump) in (0, version), "a dump is named by its migration"
    before = figures(warehouse)
    assert len(counts) > 10 and sum(map(len, before.values())) > 1000
    forgotten = {"intermediate.int_administrative_penalty__touched", "intermediate.int_decision_event__current"}
    assert (forgotten <= made(warehouse)) == (migration(dump) < 19)
    migrate()
    with warehouse.connect() as connection:
        assert connection.execute(COUNTS).fetchall() == counts
        assert differing(connection) == {}
    assert credit("status").code == 0
    compared = heads()
    if migration(dump) == 0:
        assert not compared["published"], "a version without it built last"
        result = work.build(run_on(LAST))
    else:  # as long as nothing was edited since, nothing is due
        result = work.build(run_on(LAST), full=True)
    assert result.build_id is not None and "全量重建" in result.message
    after = figures(warehouse)
    assert after == before
    assert made(warehouse) == {
        relation.name for relation in relations(warehouse) if not relation.name.startswith("exports.")
    }, "what no model makes any more has gone"
    assert heads() == compared | {"published": True}, "the gate compares with the same versions"
    monkeypatch.setattr(partitions, "SMALL", 0)
    closed = [f"{kind}__0" for kind in partitions.turn_all(load_catalogue().kinds.values(), date(2026, 3, 1))]
    assert len(closed) > 5
    outcome = judge(land(tmp_path, "new.csv", csv_bytes(rows(5)), LAST), LAST)
    assert outcome.state == "accepted"
    read = partitions_read(warehouse)
    assert credit("batches", "set-aside", str(counts[0][0]), "--reason", "测试").code == 4, "an accepted batch of old"
    assert work.build(run_on(LAST)).build_id is not None
    after_build = partitions_read(warehouse)
    assert {name for name in closed if after_build[name] > read[name]} == set(), "a build reads where its batches are"
    with warehouse.connect() as connection:
        assert (
            connection.execute(
                "select count(*) from marts.mart_shuanggongshi__penalty where decision_no like '示罚决〔2026〕%'"
            ).fetchone()[0]
            >= 5
        )
