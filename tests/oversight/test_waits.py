"""What is open: every source of it has an owner, a place in the order, a day since when and a way out."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta
from typing import Any

import pytest
from public_credit.catalogue import load
from public_credit.ledger.states import StepName
from public_credit.oversight import alerts
from public_credit.oversight.waits import item as items
from public_credit.oversight.waits import open_list
from public_credit.oversight.waits.item import Item, Rank

from tests.conftest import CHECKOUT
from tests.helpers.commands import credit
from tests.helpers.evidence import asleep
from tests.helpers.receipts import ARCHIVED, BOOKED, DAY
from tests.helpers.runs import run_on

CHANNEL = {"type": "drop_folder", "connection": "drop_csdw", "patterns": ["*.csv"]}
LATER = DAY + timedelta(days=20)


@pytest.fixture
def warehouse(offer) -> Any:
    return offer(licences={"channel": CHANNEL}, by_hand={"channel": {"type": "hand_in", "max_mb": 1}})


def book(connection: Any, state: str, message: str = "") -> int:
    connection.execute(ARCHIVED)
    return connection.execute(BOOKED, ["许可.csv", DAY, state, message, 0, 0]).fetchone()[0]


STEP = (
    "insert into ledger.step (name, unit_id, dataset_id, business_date, verdict, message, owner, ended_at) "
    "values (%s, %s, %s, %s, %s, %s, %s, now())"
)
RETURNED = (
    "insert into ledger.quarantine (batch_seq, attempt, row_no, dataset_id, unit_id, kind, rules, opened_on) "
    "values (%s, 1, 1, 'csdw.licences', 'csdw', 'administrative_licence', 'R01', %s)"
)


def everything(warehouse: Any) -> None:
    """One of each thing that can wait."""
    with warehouse.connect() as owner:
        held, broken, failed, waiting, returned, fresh = (
            book(owner, state, message)
            for state, message in (
                ("held", "扣留"),
                ("broken", "截断"),
                ("failed", "程序错误"),
                ("received", ""),
                ("accepted_with_quarantine", ""),
                ("accepted_with_quarantine", ""),
            )
        )
        owner.execute("update ledger.batch set file_name = seq || '.csv'")
        with asleep(owner, "ledger.batch"):
            owner.execute(
                "update ledger.batch set received_at = now() - interval '4 hours' where seq = any(%s)",
                [[held, broken, failed, waiting]],
            )
        owner.execute(RETURNED, [returned, DAY])
        owner.execute(RETURNED, [fresh, LATER])
        owner.execute(STEP, ["build", None, None, DAY, "failed", "构建失败", ""])
        owner.execute(STEP, ["collect", "csdw", "csdw.licences", DAY, "failed", "连不上", "department"])
        owner.execute(STEP, ["collect", "csdw", "csdw.by_hand", DAY, "warning", "拒收", "department"])
        owner.execute("insert into ledger.build (business_date, code_version, state) values (%s, 'x', 'built')", [DAY])
        (release,) = owner.execute(
            "insert into ledger.release (build_id, receiver, business_date, adds, mods, dels, diff_hash, unusual, state) "
            "select max(build_id), 'zb_city', %s, 1, 0, 0, 'h', '大量撤销', 'waiting' from ledger.build returning release_id",
            [DAY],
        ).fetchone()
        owner.execute("insert into ledger.build (business_date, code_version, state) values (%s, 'x', 'built')", [DAY])
        (sent,) = owner.execute(
            "insert into ledger.release (build_id, receiver, business_date, adds, mods, dels, diff_hash) "
            "select max(build_id), 'zb_city', %s, 1, 0, 0, 'h' from ledger.build returning release_id",
            [DAY],
        ).fetchone()
        assert release != sent
        for record, operation, state in (("r1", "ADD", "rejected"), ("r2", "ADD", "unknown"), ("r3", "DEL", "pending")):
            (number,) = owner.execute(
                "insert into ledger.delivery_item (release_id, receiver, interface, record_id, operation, version, payload, "
                "due_on, released_at) values (%s, 'zb_city', 'penalty', %s, %s, 'v', '{}', %s, now() - interval '2 days') "
                "returning item_id",
                [sent, record, operation, DAY],
            ).fetchone()
            owner.execute(
                "insert into ledger.delivery_state (item_id, state, sent_at, booked_on, receipt_code, receipt_text) "
                "values (%s, %s, now() - interval '1 day', %s, 'E07', '字段缺失')",
                [number, state, DAY],
            )
        owner.execute(
            "insert into ledger.reconciliation (receiver, business_date, ours, theirs, agreed, missing, surplus, differing) "
            "values ('zb_city', %s, 1, 0, 0, 1, 0, 0)",
            [DAY],
        )
        owner.execute(
            "insert into ledger.edition (year, kind, as_of, business_date, build_id, computed_by) "
            "values (2025, 'original', '2025-12-31', %s, 1, '甲')",
            [DAY],
        )


WANTED = {
    "late_withdrawal": (Rank.TERM_PASSED, "data_engineer"),
    "batch failed": (Rank.OUR_FAULT, "data_engineer"),
    "step": (Rank.OUR_FAULT, "data_engineer"),
    "batch held": (Rank.STOPPED, "data_engineer"),
    "release": (Rank.STOPPED, "leadership"),
    "edition": (Rank.STOPPED, "leadership"),
    "doubt": (Rank.STOPPED, "data_engineer"),
    "unsent": (Rank.STOPPED, "data_engineer"),
    "reconciliation": (Rank.STOPPED, "data_engineer"),
    "batch broken": (Rank.NOT_TAKEN, "department:csdw"),
    "batch not_landed": (Rank.NOT_TAKEN, "data_engineer"),
    "collection failed": (Rank.NOT_TAKEN, "department:csdw"),
    "rejected": (Rank.REJECTED, "data_engineer"),
    "quarantine overdue": (Rank.OVERDUE, "department:csdw"),
    "quarantine returned": (Rank.TO_DECIDE, "department:csdw"),
    "collection warning": (Rank.NOTICE, "department:csdw"),
}


def test_everything_that_waits_is_on_the_list_with_its_owner_and_rank(warehouse, monkeypatch) -> None:
    asked, root = [], load.default_root
    monkeypatch.setattr(load, "default_root", lambda: asked.append(1) or root())
    open_list.items(LATER)
    of_nothing = len(asked)
    everything(warehouse)
    found = open_list.items(LATER)
    assert len(asked) == 2 * of_nothing and all(one.as_json() for one in found), (
        "the catalogue is not asked for each of them"
    )
    told = {}
    for one in found:
        topic = one.key.partition("/")[0]
        named = f"{topic} {one.state}" if topic in ("batch", "quarantine", "collection") else topic
        assert one.act and one.since and one.message and one.owner_name, one
        assert all(char.isascii() for char in one.fingerprint), "no wording"
        told[named] = (one.rank, one.owner)
    assert told == WANTED
    assert found == items.ordered(found)
    first = [theirs[0].rank for _, theirs in items.of_owners(found)]
    assert first == sorted(first), "the owner of the worst comes first"


def test_status_and_alerts_show_the_same_list(warehouse) -> None:
    everything(warehouse)
    with warehouse.connect() as owner:
        owner.execute("insert into ledger.business_day (day, opened_by) values (%s, '')", [LATER])
    status, alerts = credit("status", "--json").json["open"], credit("alerts", "--json").json
    assert [one["fingerprint"] for one in status] == [one["fingerprint"] for one in alerts]
    assert len(status) == len(WANTED) == len(credit("status", "--open", "--json").json)
    theirs = credit("status", "--unit", "csdw", "--json").json["open"]
    assert theirs and {one["unit_id"] for one in theirs} == {"csdw"} and len(theirs) < len(status)
    shown = credit("status").out
    assert "【数据管理员】" in shown and "办法：" in shown and len(shown.splitlines()) < 40
    everything_shown = credit("status", "--open").out
    assert all(one["message"] in everything_shown for one in status) and "被拒收 1" in everything_shown
    assert "最近报送" in credit("status", "--all").out
    assert credit("alerts").out == everything_shown


def test_slips_of_a_unit_are_one_line_unless_each_is_asked_for(warehouse) -> None:
    with warehouse.connect() as owner:
        seqs = [book(owner, "accepted_with_quarantine") for _ in range(3)]
        for seq, day in zip(seqs, (DAY, LATER, LATER), strict=True):
            owner.execute(RETURNED, [seq, day])
            owner.execute(RETURNED.replace("%s, 1, 1, ", "%s, 1, 2, "), [seq, day])
        owner.execute("insert into ledger.business_day (day, opened_by) values (%s, '')", [LATER])
    folded = credit("status", "--open").out
    assert "2 份退回单共 4 行待更正" in folded and "slips --unit csdw" in folded
    assert f"批次 {seqs[0]}（" in folded and "已逾期" in folded, "another state is another line"
    assert f"批次 {seqs[1]}（" not in folded and "2 份退回单" in credit("alerts").out
    for words in (("status", "--all"), ("alerts", "--all")):
        each = credit(*words).out
        assert all(f"批次 {seq}（" in each for seq in seqs) and "份退回单" not in each
    assert len(credit("status", "--open", "--json").json) == 3, "scripts are told each"
    alerts.tell(run_on(LATER))
    (letter,) = (warehouse.home / "alerts").glob("*.txt")
    assert "2 份退回单共 4 行待更正" in letter.read_text(encoding="utf-8")


@pytest.mark.parametrize("later", ["accepted", "pending", "superseded"])
def test_a_refused_record_is_open_until_a_later_word_of_it(warehouse, later: str) -> None:
    everything(warehouse)
    with warehouse.connect() as owner:
        (number,) = owner.execute(
            "insert into ledger.delivery_item (release_id, receiver, interface, record_id, operation, version, payload) "
            "select max(release_id), 'zb_city', 'penalty', 'r1', 'MOD', 'w', '{}' from ledger.release returning item_id"
        ).fetchone()
        owner.execute("insert into ledger.delivery_state (item_id, state) values (%s, %s)", [number, later])
    topics = [one.key.partition("/")[0] for one in open_list.items(LATER)]
    assert ("rejected" in topics) == (later == "superseded")


def test_since_is_the_day_it_began(warehouse) -> None:
    with warehouse.connect() as owner:
        for days, verdict in enumerate(("failed", "ok", "failed", "incomplete", "failed")):
            owner.execute(STEP, ["build", None, None, DAY + timedelta(days=days), verdict, "x", ""])
    (one,) = [one for one in open_list.items(LATER) if one.key == "step/build/"]
    assert one.since == DAY + timedelta(days=2)


def test_nothing_waits_of_what_is_not_in_the_catalogue_any_more(warehouse) -> None:
    """Whatever its last step left behind: nobody can collect it, so nobody could end it."""
    with warehouse.connect() as owner, asleep(owner, "ledger.step"):
        for verdict in ("failed", "warning", "incomplete", "held"):
            owner.execute(STEP, ["collect", "gone", f"gone.{verdict}", DAY, verdict, "x", "department"])
            owner.execute(STEP, ["collect_unit", f"gone_{verdict}", None, DAY, verdict, "x", ""])
            owner.execute(
                "update ledger.step set counts = '{\"unmatched\": 2}' where dataset_id = %s", [f"gone.{verdict}"]
            )
        seq = book(owner, "failed", "程序错误")
        with asleep(owner, "ledger.batch"):
            owner.execute("update ledger.batch set dataset_id = 'csdw.gone' where seq = %s", [seq])
    (left,) = open_list.items(LATER)
    assert left.key == f"batch/{seq}" and f"batches set-aside {seq}" in left.act and "replay" not in left.act


@pytest.mark.parametrize("channel", ["drop_folder", "hand_in"])
def test_what_is_advised_for_a_collection_is_something_that_can_be_done(warehouse, channel: str) -> None:
    dataset = {"drop_folder": "csdw.licences", "hand_in": "csdw.by_hand"}[channel]
    with warehouse.connect() as owner:
        owner.execute(STEP, ["collect", "csdw", dataset, DAY, "failed", "x", "data_engineer"])
    (item,) = [one for one in open_list.items(DAY) if one.key.startswith("collection/")]
    assert ("ingest" in item.act, "probe" in item.act) == (channel == "hand_in", channel == "drop_folder")


@pytest.mark.parametrize(
    ("words", "typed"),
    [
        (("users", "set-password", "leader"), "short\n"),
        (("catalogue", "apply", "--erase", "honour.no_such_field", "--yes"), ""),
        (("attestations", "revoke", "77", "--reason", "误报"), ""),
        (("batches", "set-aside", "77", "--reason", "误报"), ""),
        (("batches", "withdraw", "{received}", "--reason", "误报"), ""),
        (("batches", "set-aside", "{accepted}", "--reason", "误报"), ""),
        (("ingest", "csdw.by_hand", "--file", "{large}", "--land-only"), ""),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else "",
)
def test_what_a_person_mistook_is_no_fault_of_ours(warehouse, tmp_path, monkeypatch, words, typed: str) -> None:
    """A command that is refused has begun nothing: no step failed, nothing waits."""
    large = tmp_path / "large.csv"
    large.write_bytes(b"x" * 1_100_000)
    with warehouse.connect() as owner:
        given = {state: book(owner, state) for state in ("received", "accepted")} | {"large": large}
    before = [item.fingerprint for item in open_list.items(DAY)]
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    refused = credit(*(word.format(**given) for word in words))
    assert refused.code in (2, 4), refused
    with warehouse.connect() as owner:
        assert owner.execute("select name, verdict, message from ledger.step where verdict = 'failed'").fetchall() == []
    assert [item.fingerprint for item in open_list.items(DAY)] == before


@pytest.mark.parametrize(("dag_run", "advised"), [("manual__1", "Airflow"), ("", "再次运行该命令")])
def test_the_log_of_airflow_is_named_where_airflow_ran_it(warehouse, dag_run: str, advised: str) -> None:
    with warehouse.connect() as owner:
        owner.execute(STEP, ["build", None, None, DAY, "failed", "x", ""])
        with asleep(owner, "ledger.step"):
            owner.execute("update ledger.step set dag_run = %s", [dag_run])
    (item,) = open_list.items(DAY)
    assert advised in item.act and ("Airflow" in item.act) == bool(dag_run)


def test_a_step_is_no_dead_one_while_its_task_may_run(warehouse) -> None:
    """Of every DAG: what its tasks book is not called interrupted within their time limit, and is soon after."""
    named = {
        "verify_evidence": StepName.AUDIT, "build_warehouse": StepName.BUILD, "deliver_to_city": StepName.DELIVER,
        "receive_from_city": StepName.RECEIPT, "sweep": StepName.SWEEP, "publish_reports": StepName.PUBLISH_LEADERSHIP,
        "collect_departments": StepName.COLLECT_UNIT, "year_end_edition": StepName.EDITION,
    }  # fmt: skip
    limits: dict[str, timedelta] = {}
    for path in (CHECKOUT / "dags").glob("*.py"):
        found = re.findall(r"execution_timeout\W+timedelta\((\w+)=(\d+)\)", path.read_text(encoding="utf-8"))
        limits |= {path.stem: max(timedelta(**{unit: int(number)}) for unit, number in found)} if found else {}
    assert set(limits) == set(named), "a DAG with a time limit whose step is not named here"
    for dag, limit in limits.items():
        for hours, told in ((limit, False), (limit + timedelta(hours=4), True)):
            with warehouse.connect() as owner, asleep(owner, "ledger.step"):
                owner.execute("delete from ledger.step")
                owner.execute(
                    "insert into ledger.step (name, unit_id, business_date, verdict, started_at) values (%s, %s, %s, 'incomplete', now() - %s)",
                    [
                        named[dag],
                        "csdw" if named[dag] == StepName.COLLECT_UNIT else None,
                        DAY,
                        hours - timedelta(minutes=1),
                    ],
                )
            assert bool([one for one in open_list.items(DAY) if one.key.startswith("step/")]) == told, (dag, hours)


def test_the_worst_of_an_owner_comes_first_and_then_the_oldest() -> None:
    def made(key: str, rank: Rank, owner: str, since: date) -> Item:
        return Item(key, "x", rank, owner, "m", "a", since)

    late, young, old = (
        made("a", Rank.TERM_PASSED, "city", LATER),
        made("b", Rank.STOPPED, "data_engineer", LATER),
        made("c", Rank.STOPPED, "data_engineer", DAY),
    )
    notice = made("d", Rank.NOTICE, "city", DAY)
    assert items.ordered([notice, young, old, late]) == [late, notice, old, young]
