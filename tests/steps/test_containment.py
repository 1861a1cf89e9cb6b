"""An error ends the receipt it arose in and nothing else; it is booked with reason and owner, and told without a value."""

from __future__ import annotations

import importlib
import logging
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from public_credit.base import faults
from public_credit.base.messages import UserError
from public_credit.gate import set_aside
from public_credit.oversight import status
from public_credit.oversight.waits import open_list
from public_credit.steps import work

from tests.helpers import penalties
from tests.helpers.commands import credit
from tests.helpers.penalties import csv_bytes, judge, land, rows
from tests.helpers.runs import Run, run_on

gate_run = importlib.import_module("public_credit.gate.run")
land_module = importlib.import_module("public_credit.land.stream")
VALUE = "张三丰独一无二"


class PanicException(BaseException):
    """What a panic of a compiled library looks like: no ``Exception``."""


ERRORS = [
    zlib.error(VALUE),
    ValueError(VALUE),
    KeyError(VALUE),
    MemoryError(VALUE),
    RecursionError(VALUE),
    OSError(VALUE),
    NotImplementedError(VALUE),
    UnicodeDecodeError("utf-8", VALUE.encode(), 0, 1, VALUE),
    PanicException(VALUE),
    psycopg.errors.ProgramLimitExceeded(VALUE),
    psycopg.DataError(VALUE),
]


def book(folder: Path, name: str, content: bytes) -> int:
    """Book a file without landing it."""
    from public_credit import collect

    path = folder / name
    path.write_bytes(content)
    return collect.receive_file(run_on(penalties.ON), penalties.DATASET, path).batch_seqs[0]


def states(warehouse: Any) -> dict[int, str]:
    with warehouse.connect("reader") as reader:
        return dict(reader.execute("select seq, state from ledger.batch order by 1").fetchall())


def steps(warehouse: Any, name: str, seq: int) -> list[tuple[str, str, str]]:
    with warehouse.connect("reader") as reader:
        return reader.execute(
            "select verdict, owner, message from ledger.step where name = %s and batch_seq = %s order by id",
            [name, seq],
        ).fetchall()


def failing_reader(monkeypatch: pytest.MonkeyPatch, marked: str, error: BaseException) -> None:
    """Reading a file of this name ends in the error, in the middle of its rows."""
    real = land_module.open_tables

    def open_tables(opener, file_name, *rest):
        for table in real(opener, file_name, *rest):
            yield table
            if file_name == marked:
                raise error

    monkeypatch.setattr(land_module, "open_tables", open_tables)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_while_landing_ends_that_receipt_only(
    warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: BaseException
) -> None:
    before, bad, after = (
        book(tmp_path, name, csv_bytes(rows(5, decision_no=name))) for name in ("a.csv", "bad.csv", "c.csv")
    )
    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
        failing_reader(patch, "bad.csv", error)
        failures = work.gate(run_on(penalties.ON))
    assert states(warehouse) == {before: "accepted", bad: "failed", after: "accepted"}
    ((verdict, owner, message),) = steps(warehouse, "land", bad)
    assert (verdict, owner) == ("failed", "data_engineer") and type(error).__name__.rsplit(".")[-1] in message
    assert len(failures) == 1 and str(bad) in failures[0]
    assert "open_tables" in caplog.text and VALUE not in caplog.text + message + failures[0]
    with warehouse.connect("collector") as reader:
        assert reader.execute(
            "select count(*) from raw.administrative_penalty where batch_seq = %s", [bad]
        ).fetchone() == (0,)
    assert any(item.owner == "data_engineer" and "bad.csv" in item.message for item in open_list.items(penalties.ON))
    (row,) = [row for row in status.overview(run_on())["datasets"] if row["dataset_id"] == penalties.DATASET]
    assert row["verdict"] == "放行", "the newest receipt decides"
    assert status.overview(run_on())["totals"]["failed"] == 1
    assert work.gate(run_on(penalties.ON)) == [], "booked once, not tried for ever"


def test_after_the_mend_a_replay_takes_the_receipt_in(
    warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seq = book(tmp_path, "bad.csv", csv_bytes(rows(5)))
    with monkeypatch.context() as patch:
        failing_reader(patch, "bad.csv", ValueError())
        work.gate(run_on(penalties.ON))
        assert credit("replay", str(seq)).code == 1, "still the same error"
    answer = credit("replay", str(seq))
    assert answer.code == 0 and states(warehouse) == {seq: "accepted"}, answer.out + answer.err


@pytest.mark.parametrize(
    "error",
    [KeyboardInterrupt(), psycopg.OperationalError("gone"), UserError("缺少密钥文件。")],
    ids=lambda error: type(error).__name__,
)
def test_what_concerns_all_receipts_is_not_held_against_one(
    warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    bad, good = (
        book(tmp_path, "bad.csv", csv_bytes(rows(5))),
        book(tmp_path, "b.csv", csv_bytes(rows(5, decision_no="b"))),
    )
    with monkeypatch.context() as patch:
        failing_reader(patch, "bad.csv", error)
        if isinstance(error, UserError):
            failures = work.gate(run_on(penalties.ON))
            assert len(failures) == 1 and states(warehouse) == {bad: "received", good: "accepted"}
        else:
            with pytest.raises(type(error)):
                work.gate(run_on(penalties.ON))
            assert states(warehouse) == {bad: "received", good: "received"}
    work.gate(run_on(penalties.ON))
    assert set(states(warehouse).values()) == {"accepted"}


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_while_judging_ends_that_receipt_only(
    warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: BaseException
) -> None:
    before, bad, after = (
        book(tmp_path, name, csv_bytes(rows(5, decision_no=name))) for name in ("a.csv", "b.csv", "c.csv")
    )
    real = gate_run.profile.aggregates

    def aggregates(session, kind, dataset, batch, *rest):
        if batch.seq == bad:
            raise error
        return real(session, kind, dataset, batch, *rest)

    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
        patch.setattr(gate_run.profile, "aggregates", aggregates)
        failures = work.gate(run_on(penalties.ON))
    assert states(warehouse) == {before: "accepted", bad: "failed", after: "accepted"}
    ((verdict, owner, message),) = steps(warehouse, "gate", bad)
    assert (verdict, owner) == ("failed", "data_engineer")
    assert "aggregates" in caplog.text and VALUE not in caplog.text + message + failures[0]
    assert credit("replay", str(bad)).code == 0 and states(warehouse)[bad] == "accepted"


def test_an_error_in_sql_leaves_the_next_judgement_a_clean_connection(
    warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one batch is compared with cannot be read (an unknown column): the transaction is gone, the loop is not."""
    seqs = [book(tmp_path, f"{name}.csv", csv_bytes(rows(5, decision_no=name))) for name in "abc"]
    real, asked = gate_run.cross_record.prepare_batch, []

    def prepare_batch(session, kind, seq, *rest):
        asked.append(seq)
        if seq == seqs[1]:
            session.execute(
                gate_run.text("select h.source_version from pg_temp.pending_administrative_penalty h, nowhere")
            )
        real(session, kind, seq, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(gate_run.cross_record, "prepare_batch", prepare_batch)
        assert len(work.gate(run_on(penalties.ON))) == 1
    assert asked == seqs and list(states(warehouse).values()) == ["accepted", "failed", "accepted"]


def test_an_error_in_a_replays_judgement_leaves_the_good_version_live(
    warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seq = land(tmp_path, "a.csv", csv_bytes(rows(5)))
    assert judge(seq).state == "accepted"
    land_module.land(run_on(penalties.ON), seq)
    with monkeypatch.context() as patch:
        patch.setattr(gate_run.profile, "aggregates", lambda *_: 1 / 0)
        assert judge(seq).state == "failed"
    with warehouse.connect("reader") as reader:
        assert reader.execute("select state, current_attempt, accepted from ledger.batch").fetchone() == (
            "accepted",
            1,
            5,
        )
        assert reader.execute("select attempt, state from ledger.attempt order by 1").fetchall() == [
            (1, "gated"),
            (2, "failed"),
        ]


def test_an_error_in_one_slip_keeps_nobody_from_his(warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from public_credit.papers import slips

    def with_one_bad_row(number: str) -> bytes:
        given = rows(30, decision_no=number)
        for place, row in enumerate(given):
            row["decision_no"] = f"{number}{place}"
        given[6]["violation_facts"] = ""
        return csv_bytes(given)

    bad, good = (book(tmp_path, f"{name}.csv", with_one_bad_row(name)) for name in "ab")
    real = slips.write
    with monkeypatch.context() as patch:
        patch.setattr(slips, "write", lambda seq: 1 / 0 if seq == bad else real(seq))
        assert work.gate(run_on(penalties.ON))
    assert set(states(warehouse).values()) == {"accepted_with_quarantine"}
    with warehouse.connect("reader") as reader:
        assert reader.execute("select batch_seq from ledger.slip").fetchall() == [(good,)]
        assert steps(warehouse, "follow_up", bad)[0][:2] == ("failed", "data_engineer")
        assert work.gate(run_on(penalties.ON)) == [], "the next run makes up for it"
        reader.rollback()
        assert reader.execute("select batch_seq from ledger.slip order by 1").fetchall() == [(bad,), (good,)]


@pytest.mark.parametrize(
    "damage", [b"", b"no hex", "密钥".encode(), b"00" * 32, None], ids=["empty", "text", "Chinese", "another", "gone"]
)
def test_a_wrong_key_is_nobodys_receipt(warehouse, tmp_path: Path, damage: bytes | None) -> None:
    """What is amiss with the key is told once per receipt and held against none: with the right key all is landed."""
    seq = book(tmp_path, "a.csv", csv_bytes(rows(5)))
    key = warehouse.home / "secrets" / "archive.key"
    right = key.read_bytes()
    key.unlink() if damage is None else key.write_bytes(damage)
    failures = work.gate(run_on(penalties.ON))
    assert states(warehouse) == {seq: "received"} and len(failures) == 1 and "archive.key" in failures[0]
    assert any(
        "archive.key" in item.message and item.owner == "data_engineer" for item in open_list.items(penalties.ON)
    )
    key.write_bytes(right)
    assert work.gate(run_on(penalties.ON)) == [] and states(warehouse) == {seq: "accepted"}


def test_an_archive_that_is_not_there_is_nobodys_receipt_and_one_object_that_is_gone_is_one(
    warehouse, tmp_path: Path
) -> None:
    first, second = (book(tmp_path, name, csv_bytes(rows(5, decision_no=name))) for name in "ab")
    folder = warehouse.home / "archive"
    folder.rename(warehouse.home / "elsewhere")
    assert len(work.gate(run_on(penalties.ON))) == 2 and set(states(warehouse).values()) == {"received"}
    if folder.exists():  # made anew by whoever asked where it is
        folder.rmdir()
    (warehouse.home / "elsewhere").rename(folder)
    with warehouse.connect() as owner:
        (uri,) = owner.execute("select archive_uri from ledger.batch where seq = %s", [first]).fetchone()
    Path(uri.removeprefix("file://")).unlink()
    assert len(work.gate(run_on(penalties.ON))) == 1
    assert states(warehouse) == {first: "failed", second: "accepted"}


def test_a_dataset_that_left_the_catalogue_is_told_with_its_batch(
    warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seq, good = (
        book(tmp_path, "a.csv", csv_bytes(rows(5))),
        book(tmp_path, "b.csv", csv_bytes(rows(5, decision_no="b"))),
    )
    with warehouse.connect() as owner:
        owner.execute("update ledger.batch set dataset_id = 'zhzf.gone' where seq = %s", [seq])
    assert len(work.gate(run_on(penalties.ON))) == 1 and states(warehouse) == {seq: "received", good: "accepted"}
    ((verdict, owner, message),) = steps(warehouse, "land", seq)
    assert (verdict, owner) == ("failed", "data_engineer") and "zhzf.gone 已不在目录内" in message
    assert any("zhzf.gone" in item.message for item in open_list.items(penalties.ON))


def test_what_was_not_judged_or_not_followed_up_asks_for_us(
    warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from public_credit.papers import slips

    given = rows(30)
    given[6]["violation_facts"] = ""
    seq = book(tmp_path, "a.csv", csv_bytes(given))
    with monkeypatch.context() as patch:
        patch.setattr(gate_run, "load_ruleset", lambda *_: (_ for _ in ()).throw(UserError("规则文件有误。")))
        assert work.gate(run_on(penalties.ON)) and states(warehouse) == {seq: "landed"}
    told = [item for item in open_list.items(penalties.ON) if "规则文件有误" in item.message]
    assert told and {item.owner for item in told} == {"data_engineer"}
    (row,) = [row for row in status.overview(run_on())["datasets"] if row["dataset_id"] == penalties.DATASET]
    assert row["verdict"] == "出错" and row["move"].startswith("数据管理员")
    with monkeypatch.context() as patch:
        patch.setattr(slips, "write", lambda seq: 1 / 0)
        assert work.gate(run_on(penalties.ON)) and states(warehouse) == {seq: "accepted_with_quarantine"}
    assert any("退回单" in item.message and item.owner == "data_engineer" for item in open_list.items(penalties.ON))
    assert work.gate(run_on(penalties.ON)) == []
    assert not [
        item for item in open_list.items(penalties.ON) if item.owner == "data_engineer" and "a.csv" in item.message
    ]


def test_a_replay_that_fails_says_so_while_the_good_version_stays_live(
    warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seq = judge(land(tmp_path, "bad.csv", csv_bytes(rows(5)))).batch_seq
    with monkeypatch.context() as patch:
        failing_reader(patch, "bad.csv", ValueError())
        answer = credit("replay", str(seq))
    assert answer.code == 1 and "入库时出错" in answer.out and states(warehouse) == {seq: "accepted"}


# --- set aside ----------------------------------------------------------------------------------------------------
def _held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    return judge(land(tmp_path, "x.csv", csv_bytes(rows(60, violation_facts="")))).batch_seq


def _failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run | None = None) -> int:
    seq = book(tmp_path, "bad.csv", csv_bytes(rows(5)))
    with monkeypatch.context() as patch:
        failing_reader(patch, "bad.csv", ValueError())
        work.gate(run or run_on(penalties.ON))
    return seq


MAKERS: dict[str, Callable[..., int]] = {
    "received": lambda folder, patch: book(folder, "x.csv", csv_bytes(rows(5))),
    "landed": lambda folder, patch: land(folder, "x.csv", csv_bytes(rows(5))),
    "held": _held,
    "broken": lambda folder, patch: land(folder, "x.csv", b""),
    "failed": _failed,
}


@pytest.mark.parametrize("state", MAKERS)
def test_a_batch_set_aside_asks_for_nobody_and_comes_back_as_it_was(
    warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    seq = MAKERS[state](tmp_path, monkeypatch)
    assert states(warehouse) == {seq: state}
    with warehouse.connect("reader") as reader:
        known = reader.execute("select message, rows_in, accepted, current_attempt from ledger.batch").fetchone()
    assert credit("batches", "set-aside", str(seq), "--reason", " ").code == 2, "a reason is no blank"
    answer = credit("batches", "set-aside", str(seq), "--reason", "来函重报")
    assert answer.code == 0, answer.err
    assert work.gate(run_on(penalties.ON)) == [] and states(warehouse) == {seq: "set_aside"}
    assert credit("replay", str(seq)).code == 4 and states(warehouse) == {seq: "set_aside"}
    assert credit("batches", "set-aside", str(seq), "--reason", "again").code == 0, "twice is once"
    listed = credit("batches")
    assert "已搁置" in listed.out and "来函重报" in listed.out
    assert not [item for item in open_list.items(penalties.ON) if "x.csv" in item.message or "bad.csv" in item.message]
    total = status.overview(run_on())["totals"]
    assert total["set_aside"] == 1 and total["rows_in"] == total["rows_held"]
    assert credit("batches", "restore", str(seq), "--reason", "又可用").code == 0
    with warehouse.connect("reader") as reader:
        assert reader.execute(
            "select state, message, rows_in, accepted, current_attempt from ledger.batch"
        ).fetchone() == (state, *known)
        told = reader.execute(
            "select name, message from ledger.step where name in ('set_aside', 'restore') and verdict = 'ok' "
            "order by id"
        ).fetchall()
    assert (
        [name for name, _ in told] == ["set_aside", "restore"] and "来函重报" in told[0][1] and "又可用" in told[1][1]
    )
    assert set_aside.restore(run_on(who="测试"), seq, "again") is False
    if state in ("received", "landed"):
        work.gate(run_on(penalties.ON))
        assert states(warehouse) == {seq: "accepted"}


def test_an_accepted_batch_cannot_be_set_aside(warehouse, tmp_path: Path) -> None:
    seq = judge(land(tmp_path, "a.csv", csv_bytes(rows(5)))).batch_seq
    answer = credit("batches", "set-aside", str(seq), "--reason", "不要了")
    assert answer.code == 4 and states(warehouse) == {seq: "accepted"}
    assert credit("batches", "set-aside", "99", "--reason", "没有").code == 4


# --- what the run says --------------------------------------------------------------------------------------------
def test_a_run_with_an_errored_step_is_failed_and_one_with_verdicts_is_not(
    warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.exceptions import AirflowFailException
    from public_credit.steps import airflow as orchestration

    run = run_on(penalties.ON, dag_run="build_warehouse/verdicts")
    book(tmp_path, "held.csv", csv_bytes(rows(60, violation_facts="")))
    book(tmp_path, "broken.csv", b"")
    work.gate(run)
    assert sorted(states(warehouse).values()) == ["broken", "held"]
    orchestration.conclude(run)
    run = run_on(penalties.ON, dag_run="build_warehouse/error")
    bad = _failed(tmp_path, monkeypatch, run)
    with pytest.raises(AirflowFailException, match="入库时出错"):
        orchestration.conclude(run)
    work.gate(run)
    with pytest.raises(AirflowFailException, match="入库时出错"):  # another try of the task does not make it undone
        orchestration.conclude(run)
    run = run_on(penalties.ON, dag_run="build_warehouse/later")
    work.gate(run)
    orchestration.conclude(run)
    assert states(warehouse)[bad] == "failed"


def test_what_a_killed_task_had_begun_and_another_run_has_done_fails_no_retry(warehouse, tmp_path: Path) -> None:
    from airflow.sdk.exceptions import AirflowFailException
    from public_credit.steps import airflow as orchestration

    seq, killed = book(tmp_path, "a.csv", csv_bytes(rows(5))), run_on(penalties.ON, dag_run="collect_scjg/killed")
    with warehouse.connect("owner") as owner:  # what SIGKILL leaves in the middle of a landing
        owner.execute(
            "insert into ledger.step (name, business_date, dag_run, unit_id, dataset_id, batch_seq) "
            "select 'land', business_date, %s, unit_id, dataset_id, seq from ledger.batch",
            [killed.dag_run],
        )
    with pytest.raises(AirflowFailException, match="入库中断"):
        orchestration.conclude(killed)
    work.gate(run_on(penalties.ON, dag_run="build_warehouse/meanwhile"))
    assert states(warehouse) == {seq: "accepted"}
    orchestration.conclude(killed)


def test_the_gate_waits_for_collectors_but_not_for_ever(warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    busy = [2, 1, 0, 0]
    monkeypatch.setattr(work, "collecting_now", lambda on: busy.pop(0))
    assert work.wait_for_collectors(run_on(penalties.ON)) is True and busy == [0]
    monkeypatch.setattr(work, "collecting_now", lambda on: 1)
    assert work.wait_for_collectors(run_on(penalties.ON), timedelta(seconds=1)) is False


def test_the_name_of_an_error_is_the_one_people_look_up() -> None:
    assert faults.name(zlib.error()) == "zlib.error" and faults.name(KeyError()) == "KeyError"
    assert faults.text(UserError("甲。", "乙。")) == "甲。 处理办法：乙。"
