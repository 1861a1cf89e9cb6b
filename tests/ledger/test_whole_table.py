"""A raw table of an earlier version is moved to partitions step by step, and nobody works on half of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from public_credit.catalogue import load_catalogue
from public_credit.land import partitions, shapes, whole_table
from public_credit.ledger import ids
from public_credit.ledger.session import session
from public_credit.steps.migrate import migrate

from tests.helpers.commands import credit
from tests.helpers.penalties import ON, csv_bytes, judge, land, rows

KIND = "administrative_penalty"
MONTHS = (ON, date(2026, 2, 27), date(2026, 3, 2))


def made_old(warehouse: Any) -> None:
    """The kind as one table with ids as text, which is what an earlier version kept."""
    with warehouse.connect() as owner:
        owner.execute(f"create table raw.old (like raw.{KIND} including defaults)")
        owner.execute(
            f"alter table raw.old alter record_id type text using {ids.record_id('record_id')}, "
            f"alter content_hash type text using {ids.content_hash('content_hash')}"
        )
        columns = [
            name
            for (name,) in owner.execute(
                "select column_name from information_schema.columns where table_schema = 'raw' and table_name = 'old'"
            ).fetchall()
        ]
        told = {"record_id": ids.record_id("record_id"), "content_hash": ids.content_hash("content_hash")}
        listed = ", ".join(told.get(name, f'"{name}"') for name in columns)
        owner.execute(f"insert into raw.old select {listed} from raw.{KIND} order by batch_seq, attempt, row_no")
        owner.execute(f"drop table raw.{KIND} cascade")
        owner.execute(f"alter table raw.old rename to {KIND}")
        owner.execute("update ledger.kind_shape set shape = shape - 'stored' where kind = %s", [KIND])


def content(warehouse: Any) -> list[Any]:
    with warehouse.connect() as owner:
        return owner.execute(f"select to_jsonb(r) from raw.{KIND} r order by batch_seq, attempt, row_no").fetchall()


def test_a_table_is_moved_by_batches_and_a_killed_run_goes_on(
    warehouse: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, day in enumerate(MONTHS):
        judge(land(tmp_path, f"{number}.csv", csv_bytes(rows(3 + number)), day), day)
    before = content(warehouse)
    made_old(warehouse)
    assert len(before) == 12 and all("-" not in row["record_id"] for (row,) in content(warehouse))
    monkeypatch.setattr(partitions, "SMALL", 0)
    monkeypatch.setattr(whole_table, "_STEP", 1)
    moved, calls = whole_table.move, list[Any]()

    def killed(*given: Any) -> bool:
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(given)
        return moved(*given)

    kinds = load_catalogue().kinds
    with monkeypatch.context() as patch:
        patch.setattr(
            whole_table, "move", lambda connection, kind: killed(connection, kind) if kind.id == KIND else False
        )
        with pytest.raises(KeyboardInterrupt):
            migrate()
    assert content(warehouse) == before[:7], "two batches have come over"
    with session("reader") as opened, pytest.raises(shapes.NotApplied):
        shapes.require(opened, kinds[KIND])
    assert "重新运行 public-credit migrate" in credit("catalogue", "apply", "--yes").err
    assert migrate() == []
    assert content(warehouse) == before
    with session("reader") as opened:
        assert [part.first for part in partitions.of(opened, KIND)] == [0, 3], "a month of its own"
        shapes.require(opened, kinds[KIND])
    with warehouse.connect() as owner:
        assert owner.execute("select to_regclass('raw.administrative_penalty__before')").fetchone() == (None,)
    assert migrate() == [] and content(warehouse) == before
    assert judge(land(tmp_path, "again.csv", csv_bytes(rows(5)), MONTHS[-1]), MONTHS[-1]).counts["duplicate"] == 5
