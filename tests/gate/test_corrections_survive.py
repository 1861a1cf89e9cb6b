"""What became of a returned row survives a replay, and the original handed in again asks for nothing a second time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from public_credit.papers import slips
from public_credit.steps import work

from tests.helpers.commands import credit
from tests.helpers.penalties import ON, csv_bytes, land, rows
from tests.helpers.runs import run_on

WRONG = (6, 12)


def faulty(count: int = 30) -> list[dict[str, str]]:
    given = rows(count)
    for place in WRONG:
        given[place]["violation_facts"] = ""
    return given


def entries(warehouse: Any) -> list[tuple[int, int, int, str, int | None, bool]]:
    with warehouse.connect("reader") as reader:
        return reader.execute(
            "select batch_seq, attempt, row_no, state, corrected_batch_seq, slip_id is not null from ledger.quarantine "
            "order by batch_seq, row_no, attempt"
        ).fetchall()


def slip_files(warehouse: Any) -> list[Path]:
    return sorted((warehouse.home / "slips").rglob("退回单_*.xlsx"))


@pytest.fixture
def half_corrected(warehouse: Any, tmp_path: Path) -> tuple[int, int]:
    """A delivery with two returned rows, and one that corrects the first of them."""
    first = land(tmp_path, "wrong.csv", csv_bytes(faulty()))
    work.gate(run_on(ON))
    second = land(tmp_path, "right.csv", csv_bytes(rows(30)[WRONG[0] : WRONG[0] + 1]))
    work.gate(run_on(ON))
    assert entries(warehouse) == [(first, 1, 7, "corrected", second, True), (first, 1, 13, "returned", None, True)]
    return first, second


def test_a_replay_carries_over_what_became_of_each_row(warehouse: Any, half_corrected: tuple[int, int]) -> None:
    first, second = half_corrected
    for attempt in (2, 3):
        assert credit("replay", str(first)).code == 0
        assert entries(warehouse) == [
            (first, attempt, 7, "corrected", second, True),
            (first, attempt, 13, "returned", None, True),
        ]
    assert len(slip_files(warehouse)) == 1, "no second slip for rows that are on one"


def test_a_row_that_is_wrong_only_now_goes_back_alone(
    warehouse: Any, half_corrected: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rules changed: the replay finds one row more. Its slip holds that row and no other."""
    import importlib

    first, second = half_corrected
    cross_record = importlib.import_module("public_credit.gate.cross_record")
    real = cross_record.book_verdicts

    def book_verdicts(session: Any, kind: Any, seq: int, attempt: int, *rest: Any) -> None:
        real(session, kind, seq, attempt, *rest)
        session.execute(
            cross_record.text(
                "insert into ledger.row_verdict (batch_seq, attempt, row_no, rule_id, severity, detail, rules_version, "
                "registry_version) values (:seq, :attempt, 1, 'R05', 'error', '新规则', '', '')"
            ),
            {"seq": seq, "attempt": attempt},
        )
        session.execute(
            cross_record.text(
                "insert into pg_temp.this_batch select * from pg_temp.batch_rows where row_no = 1 "
                "and row_no not in (select row_no from pg_temp.this_batch)"
            )
        )

    with monkeypatch.context() as patch:
        patch.setattr(cross_record, "book_verdicts", book_verdicts)
        assert credit("replay", str(first)).code == 0
    assert [entry[2:5] for entry in entries(warehouse)] == [
        (1, "returned", None),
        (7, "corrected", second),
        (13, "returned", None),
    ]
    assert len(slip_files(warehouse)) == 2
    assert openpyxl.load_workbook(slips.write(first))["退回记录"].max_row == 2, "a header and one row"


def test_the_original_handed_in_again_opens_nothing_that_is_corrected(
    warehouse: Any, half_corrected: tuple[int, int], tmp_path: Path
) -> None:
    first, second = half_corrected
    third = land(tmp_path, "again.csv", csv_bytes(faulty(31)))
    work.gate(run_on(ON))
    assert [entry for entry in entries(warehouse) if entry[0] == third] == [
        (third, 1, 7, "corrected", second, False),
        (third, 1, 13, "returned", None, True),
    ]
    assert openpyxl.load_workbook(slips.write(third))["退回记录"].max_row == 2
    assert slips.write(first) is not None and len(slip_files(warehouse)) == 2, "writing again is the slip that is there"
    listed = credit("quarantine", "--batch", str(third), "--all")
    assert listed.code == 0 and "已更正" in listed.out
