"""Raw tables are divided by months: where rows go, what a killed or hindered turn leaves, and what is read."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from public_credit.catalogue import load_catalogue
from public_credit.land import partitions, shapes
from public_credit.ledger.session import session
from public_credit.steps import work

from tests.helpers.commands import credit
from tests.helpers.penalties import ON, csv_bytes, judge, land, rows
from tests.helpers.plans import partitions_read
from tests.helpers.runs import run_on

KIND, MARCH = "administrative_penalty", date(2026, 3, 1)


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every partition holds enough to be closed."""
    monkeypatch.setattr(partitions, "SMALL", 0)


def bounds() -> list[tuple[int, int | None]]:
    with session("reader") as opened:
        return [(part.first, part.beyond) for part in partitions.of(opened, KIND)]


def where(warehouse: Any) -> dict[str, set[tuple[int, int]]]:
    """Partition → (batch, attempt) of its rows."""
    found: dict[str, set[tuple[int, int]]] = {}
    with warehouse.connect() as owner:
        for name, *attempt in owner.execute(
            f"select distinct cast(tableoid::regclass as text), batch_seq, attempt from raw.{KIND}"
        ).fetchall():
            found.setdefault(name, set()).add(tuple(attempt))
    return found


def test_a_month_is_closed_once_and_late_rows_go_where_their_batch_is(
    warehouse: Any, tmp_path: Path, little: None
) -> None:
    kinds = list(load_catalogue().kinds.values())
    first = land(tmp_path, "a.csv", csv_bytes(rows(3)))
    judge(first)
    assert partitions.turn_all(kinds, ON) == [], "the month is not over"
    assert work.sweep(run_on(MARCH))["partitions"] == 1, "the kinds that have no rows stay as they are"
    assert partitions.turn_all(kinds, MARCH) == []
    second = land(tmp_path, "b.csv", csv_bytes(rows(4)), MARCH)
    assert bounds() == [(0, first + 1), (first + 1, None)]
    assert credit("replay", first).code == 0
    assert judge(second, MARCH).counts["duplicate"] == 3
    assert where(warehouse) == {f"raw.{KIND}__0": {(first, 1), (first, 2)}, f"raw.{KIND}__{first + 1}": {(second, 1)}}


def test_a_kind_of_which_little_comes_is_divided_by_years(warehouse: Any, tmp_path: Path) -> None:
    kind = load_catalogue().kinds[KIND]
    land(tmp_path, "a.csv", csv_bytes(rows(3)))
    assert partitions.turn_all([kind], date(2027, 1, 31)) == []
    assert partitions.turn_all([kind], date(2027, 2, 1)) == [KIND]


def test_a_turn_that_is_killed_or_kept_waiting_leaves_all_as_it_was(
    warehouse: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, little: None
) -> None:
    kind = load_catalogue().kinds[KIND]
    land(tmp_path, "a.csv", csv_bytes(rows(3)))

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(partitions, "add", killed)
        with pytest.raises(KeyboardInterrupt):
            partitions.turn_all([kind], MARCH)
    assert bounds() == [(0, None)]
    monkeypatch.setattr(partitions, "PATIENCE", "100ms")
    with session("collector") as landing:
        shapes.hold(landing, KIND, shared=True)
        assert partitions.turn_all([kind], MARCH) == []
    with warehouse.connect("collector") as reader:
        reader.execute(f"select from raw.{KIND}")
        assert partitions.turn_all([kind], MARCH) == []
    assert bounds() == [(0, None)] and len(where(warehouse)) == 1
    assert partitions.turn_all([kind], MARCH) == [KIND]


def test_a_landing_reads_no_partition_but_the_one_its_rows_come_to(
    warehouse: Any, tmp_path: Path, little: None
) -> None:
    for number, month in enumerate((ON, MARCH, date(2026, 4, 1)), start=1):
        partitions.turn_all([load_catalogue().kinds[KIND]], month)
        before = partitions_read(warehouse, KIND)
        land(tmp_path, f"{number}.csv", csv_bytes(rows(3 * number)), month)
    after = partitions_read(warehouse, KIND)
    assert {name for name in after if after[name] != before[name]} == {f"{KIND}__{bounds()[-1][0]}"}
    assert len(after) == 3


def test_rights_and_triggers_hold_for_every_partition(warehouse: Any, tmp_path: Path, little: None) -> None:
    seq = land(tmp_path, "a.csv", csv_bytes(rows(3)))
    partitions.turn_all([load_catalogue().kinds[KIND]], MARCH)
    for name in (f"{KIND}__0", f"{KIND}__{seq + 1}"):
        for role in ("collector", "builder", "reader", "sender"):
            with warehouse.connect(role) as connection, pytest.raises(Exception, match="permission denied"):
                connection.execute(f"delete from raw.{name}")
    stock = "select count(*) from ledger.stock"
    with warehouse.connect() as owner:
        assert owner.execute(stock).fetchone() == (1,)
        owner.execute(f"update raw.{KIND}__0 set remark = 'x' where row_no = 1")
        assert owner.execute(stock).fetchone() == (0,), "counted anew"
        indexes = "select count(*) from pg_indexes where schemaname = 'raw' and tablename like %s group by tablename"
        assert owner.execute(indexes, [f"{KIND}\\_\\_%"]).fetchall() == [(4,), (4,)]
