"""One receipt, one hand at a time: whoever lands, judges, waives, sets aside or withdraws it waits for the other.

Each test holds the receipt's lock, starts two processes that both want it, lets go and looks at what is left.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from public_credit import gate
from public_credit.base import settings
from public_credit.base.messages import UserError
from public_credit.gate import set_aside
from public_credit.land import stream
from public_credit.land.stream import land as land_again
from public_credit.ledger import locks
from public_credit.steps import work
from sqlalchemy import text

from tests.helpers import penalties
from tests.helpers.penalties import csv_bytes, judge, land, rows
from tests.helpers.runs import run_on

gate_run = importlib.import_module("public_credit.gate.run")

CHECKOUT = Path(__file__).resolve().parents[2]
# What each does with batch number 1, in a process of its own.
MOVES = {
    "replay": "credit('replay', str(seq))",
    "gate": "work.gate(run)",
    "judge": "from public_credit import gate; gate.run(run, [seq])",
    "waive": "credit('waive', penalties.DATASET, 'R05', '--reason', '单位来函', '--owner', '王', '--until', '2026-12-31',"
    " '--batch', str(seq))",
    "set aside": "credit('batches', 'set-aside', str(seq), '--reason', '来函')",
    "withdraw": "credit('batches', 'withdraw', str(seq), '--reason', '来函')",
}
PAIRS = [("replay", "gate"), ("gate", "judge"), ("waive", "gate"), ("set aside", "replay"), ("withdraw", "replay")]
_TASK = """
import sys
from public_credit.steps import work
from tests.helpers import penalties
from tests.helpers.commands import credit
from tests.helpers.runs import run_on
run, seq = run_on(penalties.ON), int(sys.argv[1])
print('ready', flush=True)
sys.stdin.readline()
{move}
"""


@contextmanager
def started(move: str, seq: int) -> Iterator[subprocess.Popen[str]]:
    """A process that does the move when it is told to."""
    process = subprocess.Popen(
        [sys.executable, "-c", _TASK.format(move=MOVES[move]), str(seq)],
        env=os.environ | {"PYTHONPATH": f"{CHECKOUT / 'include'}:{CHECKOUT}", "PYTHONIOENCODING": "utf-8"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def waiting(warehouse: Any) -> int:
    """Sessions that wait for a lock of ours."""
    with warehouse.connect("owner") as owner:
        return owner.execute("select count(*) from pg_locks where locktype = 'advisory' and not granted").fetchone()[0]


def until(true: Any, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "never came"
        time.sleep(0.05)


def told(warehouse: Any, seq: int) -> tuple[str, int | None, list[tuple[int, str]]]:
    with warehouse.connect("reader") as reader:
        state, current = reader.execute(
            "select state, current_attempt from ledger.batch where seq = %s", [seq]
        ).fetchone()
        attempts = reader.execute(
            "select attempt, state from ledger.attempt where batch_seq = %s order by 1", [seq]
        ).fetchall()
    return state, current, attempts


@pytest.mark.slow
@pytest.mark.parametrize(("one", "other"), PAIRS, ids=[" and ".join(pair) for pair in PAIRS])
def test_two_hands_at_one_receipt(warehouse: Any, tmp_path: Path, one: str, other: str) -> None:
    """Whatever comes first: one attempt is live, it was judged or is nobody's to judge, and no landing is left under way."""
    seq = land(tmp_path, "a.csv", csv_bytes(rows(5)))
    if "withdraw" in (one, other):
        judge(seq)
    with warehouse.connect("owner") as owner, started(one, seq) as first, started(other, seq) as second:
        for process in (first, second):
            assert process.stdout is not None and process.stdout.readline() == "ready\n", process.communicate()[1][
                -2000:
            ]
        owner.execute("select pg_advisory_lock(hashtextextended(%s, 16))", [locks.batch(seq)])
        for process in (first, second):
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        until(lambda: waiting(warehouse) >= 1 or all(process.poll() is not None for process in (first, second)))
        owner.execute("select pg_advisory_unlock_all()")
        owner.commit()
        for process in (first, second):
            assert process.wait(120) == 0, process.communicate()[1][-3000:]
    work.gate(run_on(penalties.ON))
    state, current, attempts = told(warehouse, seq)
    assert state in ("accepted", "set_aside", "withdrawn"), "judged, or out of the way"
    live = [number for number, of in attempts if of == "gated"]
    if state == "accepted" or state == "withdrawn":
        assert live == [current], attempts
        assert {of for number, of in attempts if number != current} <= {"superseded", "failed"}, attempts
    with warehouse.connect("reader") as reader:
        assert reader.execute(
            "select rows_in - accepted - quarantined - duplicate - refused from ledger.batch"
        ).fetchall() in ([(0,)], [(5,)])


@pytest.mark.slow
def test_nothing_is_landed_while_keys_change(warehouse: Any, tmp_path: Path) -> None:
    """Whoever changes keys holds the vault alone; a landing in another process waits for the end of it and goes on."""
    seq = land(tmp_path, "a.csv", csv_bytes(rows(5)))
    judge(seq)
    with warehouse.connect("owner") as owner, started("replay", seq) as landing:
        assert landing.stdout is not None and landing.stdin is not None
        assert landing.stdout.readline() == "ready\n", landing.communicate()[1][-2000:]
        owner.execute("select pg_advisory_lock(hashtextextended(%s, 16))", [locks.VAULT])
        landing.stdin.write("go\n")
        landing.stdin.flush()
        until(lambda: waiting(warehouse) >= 1)
        with warehouse.connect("collector") as reader:
            assert reader.execute("select count(*) from raw.administrative_penalty where attempt > 1").fetchone() == (
                0,
            )
        owner.execute("select pg_advisory_unlock_all()")
        owner.commit()
        assert landing.wait(120) == 0, landing.communicate()[1][-3000:]
    assert told(warehouse, seq) == ("accepted", 2, [(1, "superseded"), (2, "gated")])


def test_a_receipt_somebody_is_at_keeps_no_other_from_its_judgement(
    warehouse: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gate judges the others first, waits a while, and leaves what is still in use to whoever is at it."""
    monkeypatch.setattr(gate_run, "_PATIENCE", 0.5)
    used, free = (land(tmp_path, f"{name}.csv", csv_bytes(rows(5, decision_no=name))) for name in "ab")
    with settings.engine("collector").connect() as holder:
        locks.lock(holder, locks.batch(used))
        outcomes = gate.run(run_on(penalties.ON))
        assert [outcome.batch_seq for outcome in outcomes] == [free]
        holder.execute(text("select 1"))
    assert [outcome.batch_seq for outcome in gate.run(run_on(penalties.ON))] == [used]


def test_a_replay_beside_a_judgement_leaves_no_attempt_that_nobody_judged(
    warehouse: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gate read what is waiting; then the receipt is landed again: only the new attempt is judged."""
    seq, real = land(tmp_path, "a.csv", csv_bytes(rows(5))), gate_run.pending

    def pending(*arguments: Any) -> Any:
        found = real(*arguments)
        land_again(run_on(penalties.ON), seq)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(gate_run, "pending", pending)
        assert gate.run(run_on(penalties.ON)) == []
    assert told(warehouse, seq) == ("landed", 2, [(1, "superseded"), (2, "landed")])
    assert [outcome.state for outcome in gate.run(run_on(penalties.ON))] == ["accepted"]
    assert told(warehouse, seq) == ("accepted", 2, [(1, "superseded"), (2, "gated")])


def test_an_attempt_that_is_refused_once_it_holds_the_receipt_is_nobodys(
    warehouse: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The receipt was withdrawn between the opening of the attempt and its landing."""
    seq, real = land(tmp_path, "a.csv", csv_bytes(rows(5))), stream._new_attempt
    judge(seq)

    def opened(*arguments: Any) -> Any:
        found = real(*arguments)
        set_aside.withdraw(run_on(penalties.ON), seq, "来函")
        return found

    monkeypatch.setattr(stream, "_new_attempt", opened)
    with pytest.raises(UserError, match="撤回"):
        land_again(run_on(penalties.ON), seq)
    assert told(warehouse, seq) == ("withdrawn", 1, [(1, "gated"), (2, "failed")])
