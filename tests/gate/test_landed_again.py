"""What repeated a withdrawn row is landed again until it was judged without that row, whatever comes between; what cannot be is told."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from public_credit.gate import set_aside
from public_credit.land import stream
from public_credit.ledger import locks
from public_credit.oversight.waits import open_list
from public_credit.oversight.waits.item import Item
from public_credit.steps import work

from tests.helpers import penalties
from tests.helpers.commands import credit
from tests.helpers.penalties import ON, csv_bytes, judge, land, rows
from tests.helpers.runs import run_on
from tests.steps.test_containment import failing_reader

CHECKOUT = Path(__file__).resolve().parents[2]
RUN = run_on(ON)


def said(warehouse: Any, seq: int) -> tuple[str, int, int]:
    """State of a receipt, accepted and duplicate rows."""
    with warehouse.connect("reader") as reader:
        return reader.execute("select state, accepted, duplicate from ledger.batch where seq = %s", [seq]).fetchone()


def attempts(warehouse: Any, seq: int) -> list[str]:
    with warehouse.connect("reader") as reader:
        found = reader.execute("select state from ledger.attempt where batch_seq = %s order by attempt", [seq])
        return [state for (state,) in found]


def waits(seq: int) -> list[Item]:
    return [item for item in open_list.items(ON) if item.key == f"again/{seq}"]


def two(folder: Path) -> tuple[int, int]:
    """A receipt of five rows, and one that repeats them and has one more."""
    first, second = (judge(land(folder, f"{n}.csv", csv_bytes(rows(n)))).batch_seq for n in (5, 6))
    return first, second


def withdraw(seq: int) -> None:
    assert set_aside.withdraw(RUN, seq, "误报")


def test_a_landing_that_was_killed_is_made_once_more(warehouse: Any, tmp_path: Path) -> None:
    first, second = two(tmp_path)
    withdraw(first)
    for _ in range(2):
        stream._new_attempt(RUN, second)  # all that a landing leaves that is killed
    assert said(warehouse, second) == ("accepted", 1, 5) and waits(second) == []
    assert work.gate(RUN) == []
    assert said(warehouse, second) == ("accepted", 6, 0)
    assert attempts(warehouse, second) == ["superseded", "failed", "failed", "gated"]


def test_a_landing_that_fails_is_told_and_tried_again_after_a_day(
    warehouse: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = two(tmp_path)
    withdraw(first)
    with monkeypatch.context() as patch:
        failing_reader(patch, "6.csv", ValueError())
        (failure,) = work.gate(RUN)
        assert f"replay {second}" in failure and "withdraw" in failure and "set-aside" not in failure
        (item,) = waits(second)
        assert item.owner == "data_engineer" and f"replay {second}" in item.act and f"批次 {first}" in item.message
        assert work.gate(RUN) == [] and attempts(warehouse, second) == ["gated", "failed"], "no storm"
        with warehouse.connect("owner") as owner:
            owner.execute("update ledger.attempt set started_at = started_at - interval '25 hours' where attempt = 2")
        assert len(work.gate(RUN)) == 1 and attempts(warehouse, second) == ["gated", "failed", "failed"]
    answer = credit("replay", second)
    assert answer.code == 0 and said(warehouse, second) == ("accepted", 6, 0) and waits(second) == []


def test_one_that_is_held_now_is_told_until_it_passes(warehouse: Any, tmp_path: Path) -> None:
    waiver = ("waive", penalties.DATASET, "R01", "--reason", "来函", "--owner", "王", "--until", "2026-12-31", "--json")
    number = credit(*waiver).json["waiver"]
    faulty = rows(22, violation_facts="") + rows(60)[22:]  # more than a gate lets through by itself
    first, second = (judge(land(tmp_path, f"{n}.csv", csv_bytes(faulty[:n]))).batch_seq for n in (59, 60))
    before = said(warehouse, second)
    assert before == ("accepted", 1, 59)
    assert credit("waivers", "revoke", number, "--reason", "到此为止").code == 0
    answer = credit("batches", "withdraw", first, "--reason", "误报")
    assert answer.code == 0 and f"批次 {second}" in answer.out
    assert said(warehouse, second) == before and attempts(warehouse, second) == ["gated", "failed"]
    (item,) = waits(second)
    assert (
        item.state == "again_held" and "扣留" in item.message and "waive" in item.act and f"replay {second}" in item.act
    )
    assert work.gate(RUN) == [] and attempts(warehouse, second) == ["gated", "failed"]
    assert credit(*waiver).code == 0 and credit("replay", second).code == 0
    assert said(warehouse, second) == ("accepted", 60, 0) and waits(second) == []


def _purged(warehouse: Any, seq: int) -> None:
    """The first row of a receipt, which repeats another one's, is gone as its retention has passed."""
    with warehouse.connect("owner") as owner:
        owner.execute("delete from raw.administrative_penalty where batch_seq = %s and row_no = 1", [seq])
        owner.execute(
            "with p as (insert into ledger.purge (kind, business_date, rule, clause, years, rows, records, purged_by) "
            "values ('administrative_penalty', %s, '', '', 1, 1, 1, '') returning id) "
            "insert into ledger.purged_row (batch_seq, attempt, row_no, purge_id) select %s, 1, 1, id from p",
            [ON, seq],
        )


def _retired(root: Path) -> None:
    path = root / "include" / "districts" / "demo" / "departments" / f"{penalties.DATASET.partition('.')[0]}.yml"
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    told["datasets"] = [one for one in told["datasets"] if one["id"] != penalties.DATASET]
    path.write_text(yaml.safe_dump(told, allow_unicode=True), encoding="utf-8")


@pytest.mark.parametrize("why", ["purged", "retired"])
def test_what_cannot_be_landed_again_fails_no_run_and_can_be_ended(warehouse: Any, root: Path, why: str) -> None:
    first, second = two(root)
    if why == "purged":
        _purged(warehouse, second)
    else:
        _retired(root)
    answer = credit("batches", "withdraw", first, "--reason", "误报")
    assert answer.code == 0 and f"批次 {second}" in answer.out, answer.out + answer.err
    assert work.gate(RUN) == [] and attempts(warehouse, second) == ["gated"]
    (item,) = waits(second)
    assert item.state == f"again_{why}" and item.act.endswith(f"batches withdraw {second}")
    with warehouse.connect("reader") as reader:
        (told,) = reader.execute("select message from ledger.step where name = 'withdraw'").fetchone()
    assert f"批次 {second} 中与之重复的行不再计入" in told
    assert credit("batches", "withdraw", second, "--reason", "误报").code == 0 and waits(second) == []


def test_the_next_one_says_it_where_the_first_cannot_or_goes_too(warehouse: Any, tmp_path: Path) -> None:
    first, second = two(tmp_path)
    third, fourth = (judge(land(tmp_path, f"{n}.csv", csv_bytes(rows(n)))).batch_seq for n in (7, 8))
    _purged(warehouse, second)
    withdraw(first)
    withdraw(third)  # before it was landed again
    assert work.gate(RUN) == [] and waits(second) == []
    assert said(warehouse, fourth) == ("accepted", 7, 1), (
        "its own, what the third had, and what that was to say for the first"
    )


def test_nothing_is_due_of_what_was_restored(warehouse: Any, tmp_path: Path) -> None:
    first, second = two(tmp_path)
    withdraw(first)
    assert set_aside.restore(RUN, first, "来函作废")
    assert work.gate(RUN) == [] and attempts(warehouse, second) == ["gated"]
    withdraw(first)
    assert work.gate(RUN) == [] and said(warehouse, second) == ("accepted", 6, 0)


def test_receipts_that_an_earlier_version_named_are_due_as_well(warehouse: Any, tmp_path: Path) -> None:
    first, second = two(tmp_path)
    withdraw(first)
    with warehouse.connect("owner") as owner:
        owner.execute("alter table ledger.step disable trigger kept_end")
        owner.execute(
            "update ledger.step set counts = jsonb_set(counts, '{told_again}', %s::text::jsonb) where name = 'withdraw'",
            [f"[{second}]"],
        )
        owner.execute("alter table ledger.step enable trigger kept_end")
    assert work.gate(RUN) == [] and said(warehouse, second) == ("accepted", 6, 0)
    assert work.gate(RUN) == [] and attempts(warehouse, second) == ["superseded", "gated"]


@contextmanager
def started(command: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", f"from tests.helpers.commands import credit; raise SystemExit(credit({command}).code)"],
        env=os.environ | {"PYTHONPATH": f"{CHECKOUT / 'include'}:{CHECKOUT}", "PYTHONIOENCODING": "utf-8"},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 300
    while not true():
        assert time.monotonic() < deadline, "never came"
        time.sleep(0.05)


@pytest.mark.slow
def test_one_that_is_judged_while_the_withdrawal_is_on_its_way_is_due(warehouse: Any, tmp_path: Path) -> None:
    """The withdrawal has begun and waits for the receipt; the other one is replayed meanwhile, and sees what is still there or waits."""
    first, second = two(tmp_path)
    with warehouse.connect("owner") as owner:

        def waiting() -> int:
            asked = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
            return int(owner.execute(asked).fetchone()[0])

        owner.execute("select pg_advisory_lock(hashtextextended(%s, 16))", [locks.batch(first)])
        owner.commit()
        with started(f"'batches', 'withdraw', {first}, '--reason', '误报'") as withdrawal:
            until(lambda: waiting() == 1 or withdrawal.poll() is not None)
            with started(f"'replay', {second}") as replay:
                until(lambda: waiting() == 2 or replay.poll() is not None)
                owner.execute("select pg_advisory_unlock_all()")
                owner.commit()
                assert withdrawal.wait(300) == 0 and replay.wait(300) == 0
    assert work.gate(RUN) == [] and said(warehouse, second) == ("accepted", 6, 0)
