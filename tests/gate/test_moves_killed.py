"""What a person does is there with its record or not at all: each move in a process that is killed before its step ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from public_credit.collect.attest import attest
from public_credit.gate import corrections, set_aside
from public_credit.steps import work
from public_credit.steps.follow_up import follow_up

from tests.gate.test_resubmission import Office, renumbered
from tests.helpers.killed import killed_before_its_end
from tests.helpers.penalties import DATASET, ON, csv_bytes, judge, land, rows
from tests.helpers.runs import run_on

pytestmark = [pytest.mark.slow]
_TASK = """
from datetime import date
from public_credit.collect import attest
from public_credit.gate import corrections, set_aside
from tests.helpers.penalties import DATASET, ON
from tests.helpers.runs import run_on
run = run_on(ON)
"""


def told(warehouse: Any) -> tuple[str, str, Any]:
    """Verdict, message and counts of the newest step."""
    with warehouse.connect("reader") as reader:
        return reader.execute("select verdict, message, counts from ledger.step order by id desc limit 1").fetchone()


def _accepted(warehouse: Any, folder: Path) -> int:
    return judge(land(folder, "a.csv", csv_bytes(rows(5)))).batch_seq


def _withdrawn(warehouse: Any, folder: Path) -> int:
    seq = _accepted(warehouse, folder)
    assert set_aside.withdraw(run_on(ON), seq, "误报")
    return seq


def _attested(warehouse: Any, folder: Path) -> int:
    assert attest(run_on(ON), DATASET, ON - timedelta(1), ON, "来函")
    return 1


def _case(warehouse: Any, folder: Path) -> tuple[int, int]:
    office = Office(warehouse, folder)
    office.returned(1)
    office.answer(
        [(1, renumbered(1, decision_date="2026-02-02", violation_facts="另一件事。", penalty_content="警告。"))]
    )
    follow_up(run_on(office.day))
    return office.query("select id, candidates[1] from ledger.correction_case")[0]


def _decided(warehouse: Any, folder: Path) -> int:
    case, entry = _case(warehouse, folder)
    assert corrections.decide(run_on(ON), case, entry, "同一件事")
    return case


MOVES: dict[str, tuple[Callable[[Any, Path], Any], str, str]] = {
    "set aside": (
        lambda _, folder: land(folder, "a.csv", csv_bytes(rows(5))),
        "set_aside.set_aside(run, {0}, '来函')",
        "搁置",
    ),
    "withdraw": (_accepted, "set_aside.withdraw(run, {0}, '来函')", "撤回"),
    "restore": (_withdrawn, "set_aside.restore(run, {0}, '来函')", "恢复"),
    "decide": (_case, "corrections.decide(run, *{0}, '同一件事')", "认定"),
    "undo": (_decided, "corrections.undo(run, {0}, '认错了')", "原认定：测试"),
    "attest": (lambda *_: None, "attest.attest(run, DATASET, ON, ON, '来函')", "登记零报送"),
    "revoke": (_attested, "attest.revoke(run, {0}, '误登')", "误登"),
}


@pytest.mark.parametrize("name", MOVES)
def test_a_move_that_was_done_is_told(warehouse: Any, tmp_path: Path, name: str) -> None:
    before, move, words = MOVES[name]
    killed_before_its_end(warehouse, _TASK + move.format(before(warehouse, tmp_path)))
    verdict, message, _ = told(warehouse)
    assert verdict == "incomplete" and words in message


def test_what_a_withdrawal_named_is_landed_again_though_it_was_killed(warehouse: Any, tmp_path: Path) -> None:
    first, second = (judge(land(tmp_path, f"{n}.csv", csv_bytes(rows(n)))).batch_seq for n in (5, 6))
    killed_before_its_end(warehouse, _TASK + f"set_aside.withdraw(run, {first}, '来函')")
    assert not set_aside.withdraw(run_on(ON), first, "来函"), "it was done"
    assert work.gate(run_on(ON)) == []
    with warehouse.connect("reader") as reader:
        assert reader.execute("select seq, state, accepted, duplicate from ledger.batch order by 1").fetchall() == [
            (first, "withdrawn", 5, 0),
            (second, "accepted", 6, 0),
        ]
