"""An unchanged row is a bit: written and read at the borders of blocks, counted by the database, moved from what was before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest
from public_credit.base import settings
from public_credit.ledger import unchanged
from public_credit.oversight import trace
from public_credit.steps.migrate import migrate
from sqlalchemy import text

from tests.helpers.penalties import csv_bytes, judge, land, rows

ROWS = [1, 2, 2047, 2048, 2049, 4096, 4097, 9999]
TOLD = "select row_no from generate_series(1, 10000) row_no, ledger.unchanged(%s, 1::smallint, row_no) order by 1"


def told(owner: psycopg.Connection[Any], batch: int) -> list[int]:
    return [row for (row,) in owner.execute(TOLD, [batch])]


def test_rows_are_told_from_their_bits_at_the_borders_of_blocks(warehouse: Any) -> None:
    with settings.engine("owner").begin() as connection:
        for part in (ROWS[::2], ROWS[1::2]):
            found = f"select 7 as batch_seq, 1 as attempt, row_no from unnest(array{part}) row_no"
            connection.execute(text(unchanged.booking(found)))
    with warehouse.connect() as owner:
        assert told(owner, 7) == ROWS and told(owner, 8) == []
        assert owner.execute("select sum(bit_count(rows)), count(*) from ledger.unchanged_rows").fetchone() == (8, 4)


def delivered_twice(folder: Path) -> int:
    """Thirty decisions, then the same with one changed and one without its facts; the second batch."""
    judge(land(folder, "a.csv", csv_bytes(rows(30))))
    again = rows(30)
    again[4]["violation_facts"] += "（更正）"
    again[6]["violation_facts"] = ""
    outcome = judge(land(folder, "b.csv", csv_bytes(again)))
    assert outcome.counts == {"accepted": 1, "quarantined": 1, "duplicate": 28}
    return int(outcome.batch_seq)


@pytest.mark.parametrize(
    "statement",
    [
        "update ledger.unchanged_rows set rows = set_bit(rows, 29, 0)",
        "update ledger.unchanged_rows set rows = set_bit(rows, 4, 1)",
        "delete from ledger.unchanged_rows",
        "update ledger.unchanged_rows set rows = set_bit(set_bit(rows, 6, 1), 5, 0)",
    ],
)
def test_bits_that_differ_from_the_counts_of_a_batch_are_refused(
    warehouse: Any, tmp_path: Path, statement: str
) -> None:
    seq = delivered_twice(tmp_path)
    leave = "update ledger.batch set state = %s where seq = %s"
    with warehouse.connect() as owner:
        owner.execute(leave, ["held", seq])
        owner.execute(leave, ["accepted_with_quarantine", seq])
        owner.execute(leave, ["held", seq])
        owner.execute(statement)
        with pytest.raises(psycopg.errors.CheckViolation):
            owner.execute(leave, ["accepted_with_quarantine", seq])


def test_explain_tells_an_unchanged_row(warehouse: Any, tmp_path: Path) -> None:
    delivered_twice(tmp_path)

    def outcomes(number: int) -> list[str]:
        (found,) = trace.find(f"示罚决〔2026〕{number}号")
        return [version["outcome"] for version in trace.story(found)["versions"]]

    assert outcomes(1) == ["放行", "重复"]
    assert outcomes(5) == ["放行", "放行"]
    assert outcomes(7) == ["放行", "退回"]


def test_a_reader_of_rows_joins_blocks_and_calls_no_function_per_row(warehouse: Any, tmp_path: Path) -> None:
    seq = delivered_twice(tmp_path)
    with warehouse.connect("builder") as reader:
        query = (
            f"from raw.administrative_penalty r {unchanged.JOINS} where r.batch_seq = {seq} and {unchanged.ACCEPTED}"
        )
        assert reader.execute(f"select r.row_no {query}").fetchall() == [(5,)]
        plan = "\n".join(line for (line,) in reader.execute(f"explain (costs off) select r.row_no {query}"))
    assert "Anti Join" in plan and "unchanged_rows" in plan
    assert "Function Scan" not in plan and "SubPlan" not in plan


def test_rows_of_an_earlier_version_are_moved_part_by_part_and_a_killed_run_goes_on(
    warehouse: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seq = delivered_twice(tmp_path)
    many = "select batch_seq, attempt, row_no from ledger.row_outcome where outcome = 'duplicate'"
    with warehouse.connect() as owner:
        owner.execute("delete from ledger.unchanged_rows")
        owner.execute(
            "insert into ledger.row_outcome select %s, 1, n, 'duplicate', 'r' from generate_series(1, 30) n "
            "where n not in (5, 7)",
            [seq],
        )
        owner.execute(
            "insert into ledger.row_outcome select 999, 1, n, 'duplicate', 'r' from generate_series(1, 5000) n"
        )
        before = owner.execute(f"select count(*) from ({many})").fetchone()
    monkeypatch.setattr(unchanged, "_PAGES", 4)
    moved = unchanged.move
    begun: list[Any] = []

    def killed(*given: Any) -> bool:
        if len(begun) == 3:
            raise KeyboardInterrupt
        begun.append(given)
        return moved(*given)

    with monkeypatch.context() as patch:
        patch.setattr(unchanged, "move", killed)
        with pytest.raises(KeyboardInterrupt):
            migrate()
    with warehouse.connect() as owner:
        left = owner.execute(f"select count(*) from ({many})").fetchone()
        assert left is not None and before is not None and 0 < left[0] < before[0]
        owner.execute("update ledger.batch set state = 'held' where seq = %s", [seq])
        owner.execute("update ledger.batch set state = 'accepted_with_quarantine' where seq = %s", [seq])
    migrate()
    migrate()
    with warehouse.connect() as owner:
        assert owner.execute("select outcome from ledger.row_outcome").fetchall() == [("quarantined",)]
        assert told(owner, 999) == list(range(1, 5001))
        assert told(owner, seq) == [n for n in range(1, 31) if n not in (5, 7)]
        owner.execute("update ledger.batch set state = 'held' where seq = %s", [seq])
        owner.execute("update ledger.batch set state = 'accepted_with_quarantine' where seq = %s", [seq])
        assert owner.execute("select pg_relation_size('ledger.row_outcome')").fetchone() == (8192,)
