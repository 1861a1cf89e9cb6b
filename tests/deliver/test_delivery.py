"""Delivery against a city that fails in every way it can: after each, the ledger says what the city holds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from public_credit.base.messages import UserError
from public_credit.deliver import reconcile, release
from public_credit.ledger import ids
from public_credit.steps import work
from public_credit.steps.follow_up import follow_up

from tests.conftest import CHECKOUT, Warehouse, open_warehouse
from tests.helpers.commands import credit
from tests.helpers.evidence import asleep
from tests.helpers.penalties import ON, csv_bytes, judge, land, rows
from tests.helpers.runs import run_on
from tests.helpers.signed import signed
from tests.helpers.world import CityProcess

pytestmark = pytest.mark.chain


class Desk:
    """A warehouse beside a city; brings new decisions up to the point of sending."""

    def __init__(self, warehouse: Warehouse, folder: Path):
        self.warehouse, self.folder, self.day, self.files = warehouse, folder, ON, 0
        home = folder / "city"
        home.mkdir()
        given = rows(1)[0]
        (home / "city_registry.csv").write_text(
            f"uscc,name\n{given['uscc']},{given['subject_name']}\n", encoding="utf-8"
        )
        self.city = CityProcess(home)
        warehouse.add_connections(city_platform=self.city.uri)

    def bring(self, given: list[dict[str, str]], content: bytes = b"") -> release.Prepared | None:
        """Land, judge, build and release rows (or a file's content) on the next day."""
        self.day += timedelta(days=1)
        self.files += 1
        outcome = judge(land(self.folder, f"{self.files}.csv", content or csv_bytes(given), self.day), self.day)
        assert outcome.state in ("accepted", "accepted_with_quarantine"), outcome.message
        follow_up(run_on(self.day))
        work.build(run_on(self.day))
        return work.release(run_on(self.day))

    def numbered(self, count: int, first: int, **changes: str) -> list[dict[str, str]]:
        return [
            row | {"decision_no": f"示罚决〔2026〕{first + index}号"}
            for index, row in enumerate(rows(count, **changes))
        ]

    def deliver(self):
        return work.deliver(run_on(self.day))

    def mode(self, mode: str, count: int = 1) -> None:
        self.city.control("POST", "mode", mode=mode, count=count)

    def held(self) -> dict[str, str]:
        """What the city holds: version by record."""
        return {
            row["recordId"]: row["version"]
            for row in self.city.control("GET", "store")["records"]
            if row["state"] == "held"
        }

    def states(self) -> Counter[str]:
        return Counter(state for (state,) in self.query("select state from ledger.delivery_state"))

    def query(self, sql: str) -> list[tuple]:
        with self.warehouse.connect() as connection:
            return connection.execute(sql).fetchall()

    def agreed(self) -> bool:
        """Whether ledger and city hold the same, record by record."""
        result = reconcile.run(run_on(ON))
        return (result.missing, result.surplus, result.differing, result.unsettled) == (0, 0, 0, 0)


@pytest.fixture(scope="module")
def desk(migrated, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PCW_CITY_TIMEOUT", "2")
        with open_warehouse(migrated, folder, patch) as opened:
            made = Desk(opened, folder)
            try:
                made.bring(made.numbered(60, 1))
                assert made.deliver().accepted == 60 and len(made.held()) == 60
                yield made
            finally:
                made.city.stop()


def test_an_answer_that_never_came_is_asked_for_and_never_sent_twice(desk: Desk) -> None:
    desk.bring(desk.numbered(20, 1001))
    desk.mode("timeout_after_commit")
    result = desk.deliver()
    assert (result.accepted, result.unknown) == (20, 0)
    sent = desk.query("select state, count(*) from ledger.delivery group by 1")
    assert ("unknown", 1) in sent, "one request without an answer, settled by a question"
    assert desk.agreed() and len(desk.held()) == 80


def test_a_server_fault_before_the_commit_is_asked_for_and_then_repeated(desk: Desk) -> None:
    desk.bring(desk.numbered(20, 1101))
    desk.mode("500")
    result = desk.deliver()
    if result.accepted < 20:  # a round without progress ends the run, the next takes it up
        result = desk.deliver()
    assert desk.states()["unknown"] == 0 and desk.agreed() and len(desk.held()) == 100


def test_a_busy_city_is_waited_for(desk: Desk) -> None:
    desk.bring(desk.numbered(5, 1201))
    desk.mode("429", 2)
    assert desk.deliver().accepted == 5 and desk.agreed()


def test_a_city_that_is_away_or_stays_busy_leaves_everything_for_next_time(desk: Desk) -> None:
    desk.bring(desk.numbered(5, 1301))
    desk.city.stop()
    try:
        with pytest.raises(UserError, match="无法连接"):
            desk.deliver()
    finally:
        desk.city.start()
    assert desk.states()["pending"] == 5 and desk.states()["sending"] == 0
    desk.mode("429", 1000)
    try:
        with pytest.raises(UserError, match="持续繁忙"):
            desk.deliver()
    finally:
        desk.mode("none", 0)
    assert desk.states()["pending"] == 5 and desk.states()["sending"] == 0
    assert desk.deliver().accepted == 5 and desk.agreed()


def test_a_city_that_is_not_encrypted_is_told_nothing_unless_somebody_agreed(desk: Desk) -> None:
    """0.0.0.0 is this machine, but no loopback address."""
    desk.bring(desk.numbered(5, 1351))
    there = desk.city.uri.replace("127.0.0.1", "0.0.0.0")
    assert there != desk.city.uri
    desk.warehouse.add_connections(city_platform=there)
    try:
        for ask in (desk.deliver, lambda: work.receive(run_on(desk.day)), lambda: reconcile.run(run_on(desk.day))):
            with pytest.raises(UserError, match="未加密"):
                ask()
        assert desk.states()["pending"] == 5 and desk.states()["sending"] == 0
    finally:
        desk.warehouse.add_connections(city_platform=desk.city.uri)
    assert desk.deliver().accepted == 5 and desk.agreed()


def test_a_slow_city_is_no_failure(desk: Desk) -> None:
    desk.bring(desk.numbered(5, 1401))
    desk.mode("slow")
    assert desk.deliver().accepted == 5 and desk.agreed()


def test_a_batch_refused_for_one_row_is_divided_until_the_row_stands_alone(desk: Desk) -> None:
    given = desk.numbered(30, 1501)
    given[7]["remark"] = "备" * 250  # the gate allows it, the city does not
    desk.bring(given)
    desk.mode("refuse_batch", 1000)
    try:
        result = desk.deliver()
    finally:
        desk.mode("none", 0)
    assert (result.accepted, result.rejected) == (29, 1)
    code, text = desk.query("select receipt_code, receipt_text from ledger.delivery_state where state = 'rejected'")[0]
    assert code and text
    assert desk.agreed()


def test_a_rejected_record_that_is_corrected_goes_again(desk: Desk) -> None:
    corrected = [row for row in desk.numbered(30, 1501) if row["decision_no"].endswith("1508号")]
    desk.bring(corrected)
    result = desk.deliver()
    assert (result.accepted, result.rejected) == (1, 0) and desk.agreed()
    story = credit("explain", corrected[0]["decision_no"], "--json").json[0]
    assert [item["state"] for item in story["deliveries"]] == ["被拒收", "已接收"]


_DELIVER = """
from datetime import date
from public_credit.steps import work
from tests.helpers.runs import run_on
print(work.deliver(run_on(date.fromisoformat({!r}))).accepted)
"""


def test_a_replay_beside_a_delivery_sends_nothing_twice_and_loses_nothing(desk: Desk) -> None:
    """The delivery stands still before its first line in the ledger while the receipt it sends is landed and judged again."""
    held, sent = desk.held(), len(desk.query("select 1 from ledger.delivery_item"))
    desk.bring(desk.numbered(7, 1451))
    ((seq,),) = desk.query("select max(seq) from ledger.batch")
    with desk.warehouse.connect() as holder:
        holder.execute("lock table ledger.delivery in share mode")
        delivery = subprocess.Popen(
            [sys.executable, "-c", _DELIVER.format(str(desk.day))],
            env=os.environ | {"PYTHONPATH": f"{CHECKOUT / 'include'}:{CHECKOUT}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            deadline = time.monotonic() + 120
            while not desk.query("select 1 from pg_locks where locktype = 'relation' and not granted"):
                assert delivery.poll() is None and time.monotonic() < deadline, "the delivery never came to the lock"
                time.sleep(0.1)
            assert credit("replay", seq).code == 0
            holder.rollback()
            told, errors = delivery.communicate(timeout=120)
        finally:
            delivery.kill()
    assert delivery.returncode == 0 and int(told) == 7, errors[-2000:]
    assert desk.agreed() and len(desk.held()) == len(held) + 7
    work.build(run_on(desk.day))
    work.release(run_on(desk.day))
    desk.deliver()
    assert len(desk.query("select 1 from ledger.delivery_item")) == sent + 7, "the second landing says the same"
    assert desk.agreed() and len(desk.held()) == len(held) + 7


def test_two_changes_of_one_record_arrive_in_order(desk: Desk) -> None:
    first = desk.numbered(1, 1601)
    desk.bring(first)
    desk.bring([first[0] | {"violation_facts": "第一次更正"}])
    desk.bring([first[0] | {"violation_facts": "第二次更正"}])
    result = desk.deliver()
    operations = desk.query(f"""select operation, version, predecessor from ledger.delivery_item
        join ledger.delivery_state using (item_id) where record_id = (
        select {ids.record_id("record_id")} from raw.administrative_penalty where decision_no = '示罚决〔2026〕1601号' limit 1)
        and state = 'accepted' order by item_id""")
    assert result.rejected == 0 and operations[0][0] == "ADD"
    assert all(later[2] == earlier[1] for earlier, later in zip(operations, operations[1:], strict=False))
    held = {row["recordId"]: row for row in desk.city.control("GET", "store")["records"]}
    assert any("第二次更正" in str(row["data"]) for row in held.values()) and desk.agreed()


def test_only_an_honest_slip_withdraws_what_the_city_holds(desk: Desk) -> None:
    """Two decisions the city holds come again with a fault and go back. The slip brings one with its number corrected, and under
    the place of the other a decision that has nothing to do with it."""

    def told(rows_: list[dict[str, str]]) -> list[dict[str, str]]:
        return [row | {"violation_facts": f"{row['decision_no']}所述的违法事实"} for row in rows_]

    given, company = told(desk.numbered(2, 1651)), told(desk.numbered(20, 1661))
    desk.bring(given + company)
    desk.deliver()
    before = desk.held()
    desk.bring([row | {"violation_type": ""} for row in given] + [row | {"remark": "补充"} for row in company])
    desk.deliver()
    ((batch_id, name),) = desk.query("select batch_id, file_name from ledger.batch order by seq desc limit 1")
    slip = [told(desk.numbered(1, 1699))[0], given[1] | {"decision_no": "示罚决更〔2026〕1652号"}]
    lines = csv_bytes(slip).decode().splitlines()
    places = ["批次,文件,工作表,行号", f"{batch_id},{name},,2", f"{batch_id},{name},,3"]
    desk.bring([], content="\n".join(f"{place},{line}" for place, line in zip(places, lines, strict=True)).encode())
    assert desk.deliver().rejected == 0
    number = dict(desk.query(f"select {ids.record_id('record_id')}, decision_no from raw.administrative_penalty"))
    assert {number[record] for record in before.keys() - desk.held()} == {given[1]["decision_no"]}, "one DEL"
    assert {number[record] for record in desk.held().keys() - before} == {row["decision_no"] for row in slip}, (
        "and its ADD"
    )
    assert desk.query("""select r.decision_no, q.state <> 'corrected' from ledger.quarantine q join raw.administrative_penalty r
        on r.batch_seq = q.batch_seq and r.row_no = q.row_no and r.violation_type = '' order by 1""") == [
        (given[0]["decision_no"], True),
        (given[1]["decision_no"], False),
    ]
    assert desk.agreed()


def test_what_a_person_decides_and_takes_back_follows_at_the_city(desk: Desk) -> None:
    """A decision the city holds came again with a fault, and later under another number: a person says they are one, and takes it back."""

    def decided(*words: object) -> set[str]:
        assert credit("corrections", *words, "--reason", "核实").code == 0
        work.build(run_on(desk.day))
        work.release(run_on(desk.day))
        assert desk.deliver().rejected == 0 and desk.agreed()
        return {number[record] for record in desk.held()} & {first["decision_no"], second["decision_no"]}

    (first,) = desk.numbered(1, 1751, violation_facts="第1751件事")
    second = first | {"decision_no": "示罚决更〔2026〕1751号"}
    desk.bring([first, *desk.numbered(20, 1761)])
    desk.deliver()
    desk.bring([first | {"violation_type": ""}, *desk.numbered(20, 1781)])
    desk.bring([second])
    desk.deliver()
    number = dict(desk.query(f"select {ids.record_id('record_id')}, decision_no from raw.administrative_penalty"))
    ((case, entry),) = desk.query(
        "select id, candidates[1] from ledger.correction_case where reason = 'old_stays' and state = 'open'"
    )
    both = {first["decision_no"], second["decision_no"]}
    assert decided("decide", case, "--correction-of", entry) == {second["decision_no"]}, (
        "built long ago, and given up now"
    )
    assert decided("undo", case) == both, "and back"
    assert decided("decide", case, "--correction-of", entry) == {second["decision_no"]}
    seq = desk.query("select max(seq) from ledger.batch")[0][0]
    assert credit("batches", "withdraw", seq, "--reason", "误报").code == 0
    work.build(run_on(desk.day))
    work.release(run_on(desk.day))
    assert desk.deliver().rejected == 0 and desk.agreed()
    assert {number[record] for record in desk.held()} & both == {first["decision_no"]}


def test_a_city_that_is_down_costs_nothing(desk: Desk) -> None:
    desk.bring(desk.numbered(5, 1701))
    desk.city.stop()
    try:
        with pytest.raises(UserError):
            desk.deliver()
        down = credit("deliver", "--date", desk.day.isoformat())
        assert down.code == 5 and "Traceback" not in down.err
    finally:
        desk.city.start()
    assert desk.deliver().accepted == 5 and desk.agreed()


def test_a_wrong_token_is_said_plainly(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.bring(desk.numbered(1, 1801))
    with monkeypatch.context() as patch:
        patch.setenv("PCW_CONN_CITY_PLATFORM", f"http://wrong@127.0.0.1:{desk.city.port}")
        answer = credit("deliver", "--date", desk.day.isoformat())
        assert answer.code == 5 and "访问令牌" in answer.err and "wrong" not in answer.err
    assert desk.deliver().accepted == 1 and desk.agreed()


def test_an_unusual_release_waits_for_a_second_person(desk: Desk) -> None:
    """A field that empties all at once: nothing leaves until somebody approves exactly this difference."""
    changed = [
        row | {"penalty_category": "警告", "penalty_content": "给予警告", "fine_amount_wan": "", "publication_end": ""}
        for row in desk.numbered(60, 1)
    ]
    prepared = desk.bring(changed)
    if prepared.state != "waiting":
        pytest.fail(f"{prepared.message}: a fill rate fell and nobody was asked")
    before = desk.held()
    desk.deliver()
    assert desk.held() == before
    waiting = credit("status", "--json").json["open"]
    assert [item["owner"] for item in waiting if "等待审批" in item["message"]] == ["leadership"]
    number = prepared.release_id
    cover = credit("release", "show", number, "--json").json
    assert cover["状态"] == "等待审批" and cover["异常"] != "无"
    assert credit("release", "approve", number, "--hash", "0" * 64).code == 4
    assert cover["生成人"] == run_on().who
    with signed("engineer") as preparer, desk.warehouse.connect() as owner:
        owner.execute("update ledger.release set prepared_by = %s where release_id = %s", [preparer, number])
    refused = credit("release", "approve", number, "--hash", cover["差异指纹"])
    assert refused.code == 4 and "不能自己批准" in refused.err
    assert credit("release", "approve", number, "--hash", cover["差异指纹"], by="leader").code == 0
    desk.deliver()
    assert desk.held() != before and desk.agreed()


def test_a_release_that_was_turned_down_leaves_nothing_behind_and_its_records_are_offered_again(desk: Desk) -> None:
    """A field empties by mistake. It is turned down, offered again, overtaken by what corrects it: nothing waits for ever."""

    def state(number: int) -> tuple[str, str]:
        return desk.query(f"select state, decided_why from ledger.release where release_id = {number}")[0]

    def waits() -> list[str]:
        return [
            item["fingerprint"] for item in credit("status", "--json").json["open"] if "等待审批" in item["message"]
        ]

    emptied = {"penalty_category": "警告", "penalty_content": "给予警告", "fine_amount_wan": "", "publication_end": ""}
    right = desk.numbered(60, 1)
    assert desk.bring(right).state == "released" and desk.deliver() and desk.agreed()
    before = desk.held()
    wrong = desk.bring(desk.numbered(60, 1, **emptied))
    number = wrong.release_id
    assert (wrong.state, wrong.mods) == ("waiting", 60) and len(waits()) == 1
    assert credit("release", "reject", number, "--reason", " ").code != 0
    assert credit("release", "reject", number, "--reason", "误报", by="auditor").code == 4
    with signed("engineer") as preparer, desk.warehouse.connect() as owner:
        owner.execute("update ledger.release set prepared_by = %s where release_id = %s", [preparer, number])
    turned_down = credit("release", "reject", number, "--reason", "处罚种类填错", "--json")
    assert turned_down.code == 0 and turned_down.json["items"] == 60, turned_down
    assert credit("release", "reject", number, "--reason", "再次").code == 4
    cover = credit("release", "show", number, "--json").json
    assert (cover["状态"], cover["理由"]) == ("已否决", "处罚种类填错") and cover["否决人"]
    assert desk.query(
        f"select s.state, s.idempotency_key, count(*) from ledger.delivery_state s join ledger.delivery_item i using (item_id) "
        f"where i.release_id = {number} group by 1, 2"
    ) == [("superseded", None, 60)]
    assert waits() == [] and desk.deliver().accepted == 0 and desk.held() == before

    again = desk.bring(desk.numbered(1, 1901))
    assert (again.state, again.adds, again.mods) == ("waiting", 1, 60), "nothing that was turned down is lost"
    corrected = desk.bring(right)
    assert (corrected.state, corrected.mods, state(again.release_id)[0]) == ("released", 0, "waiting")
    cover = credit("release", "show", again.release_id, "--json").json
    assert (cover["变更"], cover["其中已被后来的变更单取代"]) == (60, 60)
    last = desk.bring(desk.numbered(1, 1901, remark="补充"))
    assert state(again.release_id) == ("overtaken", f"由第 {last.release_id} 号变更单取代") and waits() == []
    assert f"第 {again.release_id} 号已被取代" in last.message
    assert credit("release", "show", again.release_id, "--json").json["状态"] == "已被后来的变更单取代"
    assert credit("release", "approve", again.release_id, "--hash", cover["差异指纹"], by="leader").code == 4
    assert desk.deliver().accepted == 1 and desk.agreed() and len(desk.held()) == len(before) + 1


def test_what_the_city_lost_or_altered_is_found_by_reconciliation(desk: Desk) -> None:
    import sqlite3

    store = next(
        path for path in (desk.city.home / "city").rglob("*") if path.is_file() and path.read_bytes()[:6] == b"SQLite"
    )
    desk.city.stop()
    with sqlite3.connect(store) as database:
        (lost,) = database.execute("select record_id from record where state = 'held' limit 1").fetchone()
        (altered,) = database.execute("select record_id from record where state = 'held' limit 1 offset 1").fetchone()
        database.execute("delete from record where record_id = ?", [lost])
        database.execute("update record set version = 'x' where record_id = ?", [altered])
    database.close()
    desk.city.start()
    result = reconcile.run(run_on(ON))
    assert (result.missing, result.differing) == (1, 1)
    answer = credit("reconcile", "--date", desk.day.isoformat())
    assert answer.code == 1 and "缺 1" in answer.out
    named = desk.query("select record_id from ledger.reconciliation_difference")
    assert {record for (record,) in named} >= {lost, altered}
    assert any("对账有差异" in item["message"] for item in credit("status", "--json").json["open"])


@pytest.mark.parametrize(
    "forged",
    [
        'update ledger.delivery_item set payload = payload || \'{"CF_NR_FK": "0.01"}\' where item_id = '
        "(select max(item_id) from ledger.delivery_item)",
        "update ledger.delivery_item set operation = 'DEL', payload = '{}' where item_id = "
        "(select max(item_id) from ledger.delivery_item)",
        "delete from ledger.delivery_state where item_id = (select max(item_id) from ledger.delivery_item); "
        "delete from ledger.delivery_item where item_id = (select max(item_id) from ledger.delivery_item)",
        "with made as (insert into ledger.delivery_item (release_id, receiver, interface, record_id, operation, version, payload) "
        "select release_id, receiver, interface, 'forged', 'ADD', md5('{}'), '{}' from ledger.delivery_item "
        "order by item_id desc limit 1 returning item_id) "
        "insert into ledger.delivery_state (item_id, idempotency_key) select item_id, 'forged' from made",
    ],
    ids=["a payload", "an operation", "one less", "one more"],
)
def test_what_is_not_what_was_frozen_does_not_leave_the_house(desk: Desk, forged: str) -> None:
    desk.bring(desk.numbered(3, 5001 + 100 * desk.files))
    before = desk.held()
    kept = desk.query(
        "select to_jsonb(i), to_jsonb(s) from ledger.delivery_item i join ledger.delivery_state s using (item_id) "
        "order by item_id desc limit 1"
    )[0]
    evidence = ("ledger.delivery_item", "ledger.delivery_state")
    with desk.warehouse.connect() as owner, asleep(owner, *evidence):
        owner.execute(forged)
    with pytest.raises(UserError, match="差异指纹不符，未报送"):
        desk.deliver()
    assert desk.held() == before and desk.states()["sending"] == 0
    ((verdict, owner_of_step),) = desk.query(
        "select verdict, owner from ledger.step where name = 'deliver' order by id desc limit 1"
    )
    assert (verdict, owner_of_step) == ("failed", "data_engineer")
    with desk.warehouse.connect() as owner, asleep(owner, *evidence):
        owner.execute("delete from ledger.delivery_state where idempotency_key = 'forged'")
        owner.execute("delete from ledger.delivery_item where record_id = 'forged'")
        item, state = (json.dumps(row) for row in kept)
        owner.execute(
            "insert into ledger.delivery_item overriding system value select * from "
            "jsonb_populate_record(null::ledger.delivery_item, %s) on conflict (item_id) do update "
            "set payload = excluded.payload, operation = excluded.operation",
            [item],
        )
        owner.execute(
            "insert into ledger.delivery_state (item_id, idempotency_key) select item_id, idempotency_key from "
            "jsonb_populate_record(null::ledger.delivery_state, %s) on conflict (item_id) do nothing",
            [state],
        )
    assert desk.deliver().accepted == 3 and len(desk.held()) == len(before) + 3
