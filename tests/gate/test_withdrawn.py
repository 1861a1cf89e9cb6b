"""撤回: the rows of an accepted receipt go out with the next build, what they had displaced comes back, and all of it can be undone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from public_credit.collect.attest import attest
from public_credit.ledger.session import open_business_day
from public_credit.oversight import status
from public_credit.steps import work

from tests.helpers import penalties
from tests.helpers.commands import credit
from tests.helpers.penalties import ON, csv_bytes, judge, land, rows
from tests.helpers.records import Records
from tests.helpers.relations import built
from tests.helpers.runs import run_on

CURRENT = "select document_no, batch_seq from intermediate.int_records__current order by 1"


def withdraw(seq: int) -> None:
    answer = credit("batches", "withdraw", str(seq), "--reason", "单位来函：整批误报")
    assert answer.code == 0, answer.out + answer.err


def restore(seq: int) -> None:
    assert credit("batches", "restore", str(seq), "--reason", "来函作废").code == 0
    assert work.gate(run_on(ON)) == []


def states(warehouse: Any, what: str = "batch") -> list[Any]:
    with warehouse.connect("reader") as reader:
        return reader.execute(
            {
                "batch": "select seq, state, current_attempt, accepted, duplicate from ledger.batch order by 1",
                "quarantine": "select batch_seq, state, corrected_batch_seq from ledger.quarantine order by id",
                "attestation": "select batch_seq from ledger.attestation",
            }[what]
        ).fetchall()


@pytest.mark.slow
def test_what_is_withdrawn_leaves_the_warehouse_and_what_repeated_it_says_it_now(
    warehouse: Any, tmp_path: Path
) -> None:
    r = Records(warehouse)

    def offered() -> list[tuple[str, int]]:
        return r.query(
            "select operation_hint, count(*) from exports.exp_city__cf_fr "
            "where build_id = (select max(build_id) from ledger.build) group by 1"
        )

    first = judge(land(tmp_path, "a.csv", csv_bytes(rows(5)))).batch_seq
    second = judge(land(tmp_path, "b.csv", csv_bytes(rows(6)))).batch_seq
    assert states(warehouse) == [(first, "accepted", 1, 5, 0), (second, "accepted", 1, 1, 5)]
    r.build(ON)
    numbers = [row["decision_no"] for row in rows(6)]
    assert r.query(CURRENT) == [(number, first) for number in numbers[:5]] + [(numbers[5], second)]
    withdraw(first)
    assert states(warehouse) == [(first, "withdrawn", 1, 5, 0), (second, "accepted", 2, 6, 0)], (
        "the second says it alone"
    )
    r.build(ON)
    assert r.query(CURRENT) == [(number, second) for number in numbers]
    assert "delete" not in dict(offered()), "the same records, told by another receipt"
    withdraw(second)
    r.build(ON)
    assert r.query(CURRENT) == [] and offered() == [("delete", 6)]
    total = status.overview(run_on(ON))["totals"]
    assert total["withdrawn"] == 2 and total["rows_in"] == total["rows_held"] == 11
    assert any("随批次撤回" in line for line in credit("explain", numbers[0]).out.splitlines())
    judge(land(tmp_path, "c.csv", csv_bytes(rows(2))))
    assert states(warehouse)[-1][2:] == (1, 2, 0), "what was withdrawn is no version that a row could repeat"
    restore(second)
    r.build(ON)
    assert [number for number, _ in r.query(CURRENT)] == numbers
    before = built(warehouse)
    r.build(ON, full_refresh=True)
    assert built(warehouse) == before


def test_before_the_build_too_nothing_rests_on_what_was_withdrawn(warehouse: Any, tmp_path: Path) -> None:
    first = judge(land(tmp_path, "a.csv", csv_bytes(rows(5)))).batch_seq
    withdraw(first)
    second = judge(land(tmp_path, "b.csv", csv_bytes(rows(5)))).batch_seq
    assert states(warehouse) == [(first, "withdrawn", 1, 5, 0), (second, "accepted", 1, 5, 0)]
    assert credit("replay", str(first)).code == 4, "not until it is restored"
    assert credit("batches", "withdraw", str(first), "--reason", "again").code == 0, "twice is once"
    assert credit("batches", "set-aside", str(first), "--reason", "again").code == 4
    assert credit("batches", "withdraw", str(second), "--reason", " ").code == 2


def test_a_correction_that_is_withdrawn_corrects_nothing_until_it_is_restored(warehouse: Any, tmp_path: Path) -> None:
    wrong = rows(30)
    wrong[6]["violation_facts"] = ""
    book = [land(tmp_path, "wrong.csv", csv_bytes(wrong))]
    work.gate(run_on(ON))
    book.append(land(tmp_path, "right.csv", csv_bytes(rows(30)[6:7])))
    work.gate(run_on(ON))
    corrected = [(book[0], "corrected", book[1])]
    assert states(warehouse, "quarantine") == corrected
    withdraw(book[1])
    assert states(warehouse, "quarantine") == [(book[0], "returned", None)]
    restore(book[1])
    assert states(warehouse, "quarantine") == corrected
    withdraw(book[0])
    assert states(warehouse, "quarantine") == corrected
    withdraw(book[1])
    assert states(warehouse, "quarantine") == [(book[0], "withdrawn", None)], "nothing waits for a withdrawn row"
    restore(book[0])
    assert states(warehouse, "quarantine") == [(book[0], "returned", None)]


def test_what_a_person_moves_is_booked_on_the_newest_day_that_was_opened(
    warehouse: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PCW_CLOCK", "PCW_BUSINESS_DATE"):
        monkeypatch.delenv(name, raising=False)
    open_business_day(run_on(ON), "collector")
    first, second = (land(tmp_path, f"{n}.csv", csv_bytes(rows(n))) for n in (5, 6))
    assert credit("batches", "set-aside", second, "--reason", "x").code == 0
    assert judge(first).state == "accepted"
    withdraw(first)
    for seq in (first, second):
        assert credit("batches", "restore", seq, "--reason", "x").code == 0
    with warehouse.connect("reader") as reader:
        booked = reader.execute(
            "select distinct name, business_date from ledger.step where name in ('set_aside', 'withdraw', 'restore') order by 1"
        ).fetchall()
    assert booked == [("restore", ON), ("set_aside", ON), ("withdraw", ON)]


def test_a_statement_of_nothing_is_superseded_by_rows_of_its_period_until_they_are_withdrawn(
    warehouse: Any, tmp_path: Path
) -> None:
    """The unit's own empty file and a letter about a longer period; a letter about another one stays as it is."""

    def counts() -> dict[str, int | None]:
        with warehouse.connect("reader") as reader:
            return dict(reader.execute("select reason, superseded_by from ledger.attestation").fetchall())

    for days, reason in ((9, "来函一"), (0, "来函二")):
        assert attest(run_on(ON), penalties.DATASET, ON - timedelta(20), ON - timedelta(days), reason)
    assert judge(land(tmp_path, "empty.csv", csv_bytes(rows(1)).splitlines(keepends=True)[0])).state == "accepted"
    assert counts() == {"空表报送": None, "来函一": None, "来函二": None}
    first, second = (land(tmp_path, f"{n}.csv", csv_bytes(rows(n + 3)[n:])) for n in (0, 3))
    assert judge(first).state == judge(second).state == "accepted"
    by_first = {"空表报送": first, "来函一": None, "来函二": first}
    assert counts() == by_first
    withdraw(first)
    assert counts() == by_first | {"空表报送": second, "来函二": second}
    withdraw(second)
    assert counts() == dict.fromkeys(by_first), "it counts again"
    restore(first)
    assert counts() == by_first


def test_a_withdrawn_delivery_without_rows_is_no_attestation(warehouse: Any, tmp_path: Path) -> None:
    seq = land(tmp_path, "empty.csv", csv_bytes(rows(1)).splitlines(keepends=True)[0])
    work.gate(run_on(ON))
    assert states(warehouse, "attestation") == [(seq,)]
    withdraw(seq)
    assert states(warehouse, "attestation") == []
    restore(seq)
    assert states(warehouse, "attestation") == [(seq,)]


@pytest.mark.parametrize("state", ["received", "landed", "held", "broken"])
def test_only_what_was_accepted_can_be_withdrawn(warehouse: Any, tmp_path: Path, state: str) -> None:
    from public_credit import collect

    if state == "received":
        path = tmp_path / "a.csv"
        path.write_bytes(csv_bytes(rows(5)))
        seq = collect.receive_file(run_on(ON), penalties.DATASET, path).batch_seqs[0]
    else:
        content = {"landed": csv_bytes(rows(5)), "held": csv_bytes(rows(60, violation_facts="")), "broken": b""}[state]
        seq = land(tmp_path, "a.csv", content)
        if state == "held":
            judge(seq)
    answer = credit("batches", "withdraw", str(seq), "--reason", "误报")
    assert answer.code == 4 and f"set-aside {seq}" in answer.out + answer.err
    assert [row[1] for row in states(warehouse)] == [state]
