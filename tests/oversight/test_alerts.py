"""Alerts.

Rolled up by owner, silent for what is known, settled things said once, nothing lost when sending fails.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from public_credit.base import settings
from public_credit.base.messages import UserError
from public_credit.oversight import alerts
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.helpers.commands import credit
from tests.helpers.receipts import ARCHIVED, BOOKED, DAY
from tests.helpers.runs import run_on
from tests.helpers.servers import Loop, Mailbox, certificate

CHANNEL = {"type": "drop_folder", "connection": "drop_csdw", "patterns": ["*.csv"]}


@pytest.fixture
def ledger(offer) -> Callable[..., Any]:
    """Run SQL on the ledger of a warehouse whose catalogue has ``csdw.licences``."""
    warehouse = offer(licences={"channel": CHANNEL}, by_hand={"channel": {"type": "hand_in"}})

    def run(statement: str, *values: Any) -> Any:
        with warehouse.connect() as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchone()[0] if cursor.description else None

    run.home = warehouse.home  # type: ignore[attr-defined]
    run.warehouse = warehouse  # type: ignore[attr-defined]
    return run


def book_step(
    ledger,
    name: str,
    verdict: str,
    message: str,
    owner: str = "",
    dataset: str | None = "csdw.licences",
    unit: str | None = "csdw",
    ended: bool = True,
) -> None:
    ledger(
        "insert into ledger.step (name, unit_id, dataset_id, business_date, verdict, message, owner, "
        "ended_at) values (%s, %s, %s, %s, %s, %s, %s, case when %s then now() end)",
        *(name, unit, dataset, DAY, verdict, message, owner, ended),
    )


def book_batch(ledger, state: str, message: str = "", on: date = DAY, file_name: str = "许可.csv") -> int:
    ledger(ARCHIVED)
    return ledger(BOOKED, file_name, on, state, message, 0, 0)


def told_files(ledger) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted((ledger.home / "alerts").glob("*.txt"))]


def test_nothing_to_say_sends_nothing(ledger):
    told = alerts.tell(run_on(DAY))
    assert not told.sent
    assert told_files(ledger) == []
    assert ledger("select verdict from ledger.step where name = 'alert'") == "nothing_due"


def test_one_alert_names_each_owner_with_what_is_theirs(ledger):
    book_step(ledger, "collect", "failed", "SFTP 服务器无法连接。", "department")
    book_step(ledger, "build", "failed", "构建失败。", "data_engineer", dataset=None, unit=None)
    seq = book_batch(ledger, "held", "扣留：错误率过高")
    alerts.tell(run_on(DAY))
    (text,) = told_files(ledger)
    engineer, department = text.split("【测试单位】")
    assert department.startswith("联系：无\n- 测试单位 · 测试数据：SFTP 服务器无法连接。")
    assert f"批次 {seq}（许可.csv）：扣留：错误率过高" in engineer
    assert "数仓构建：构建失败。" in engineer
    assert "新增 3 项" in text


def test_what_was_told_is_not_told_again_and_its_end_is_told_once(ledger):
    book_step(ledger, "collect", "failed", "已重试 3 次", "department")
    alerts.tell(run_on(DAY))
    book_step(ledger, "collect", "failed", "已重试 7 次", "department")
    assert not alerts.tell(run_on(DAY)).sent
    book_step(ledger, "collect", "ok", "新收 1 份")
    book_batch(ledger, "accepted")
    told = alerts.tell(run_on(DAY + timedelta(days=1)))
    assert [item.message for item in told.settled] == ["测试单位 · 测试数据：已重试 3 次"]
    assert "【已解决】" in told_files(ledger)[-1]
    assert not alerts.tell(run_on(DAY + timedelta(days=1))).sent
    assert len(told_files(ledger)) == 2


def test_what_comes_back_after_it_was_settled_is_new(ledger):
    book_batch(ledger, "accepted")
    for verdict in ("failed", "ok", "failed"):
        book_step(ledger, "collect", verdict, "无法连接", "department")
        told = alerts.tell(run_on(DAY))
    assert [item.message for item in told.new] == ["测试单位 · 测试数据：无法连接"]


def test_other_words_for_the_same_thing_are_no_news(ledger):
    """What a thing is called hangs on ids: neither a new reason nor a longer message makes it another one."""
    book_step(ledger, "build", "failed", "模型甲失败", dataset=None, unit=None)
    seq = book_batch(ledger, "held", "扣留：错误率过高")
    alerts.tell(run_on(DAY))
    book_step(ledger, "build", "failed", "模型乙超时", dataset=None, unit=None)
    ledger("update ledger.batch set message = '扣留：行数过少' where seq = %s", seq)
    assert not alerts.tell(run_on(DAY)).sent
    assert ledger("select string_agg(fingerprint, ' ' order by fingerprint) from ledger.alert") == (
        f"batch/{seq}#held/data_engineer step/build/#failed/data_engineer"
    )


def test_the_same_thing_with_another_move_is_told_and_nothing_is_called_settled(ledger):
    seq = book_batch(ledger, "held", "扣留：错误率过高")
    alerts.tell(run_on(DAY))
    ledger("update ledger.batch set state = 'failed', message = '程序错误' where seq = %s", seq)
    told = alerts.tell(run_on(DAY))
    assert ([item.state for item in told.new], told.settled) == (["failed"], [])


def test_a_receipt_out_of_the_way_is_not_called_settled(ledger):
    seq = book_batch(ledger, "broken", "压缩包已截断")
    alerts.tell(run_on(DAY))
    ledger("update ledger.batch set state = 'set_aside', set_aside_from = 'broken' where seq = %s", seq)
    alerts.tell(run_on(DAY))
    text = told_files(ledger)[-1]
    assert "【已解决】" not in text and "已解决 0 项" in text
    assert "【不再处理】" in text and "（批次已搁置）" in text


def test_what_stands_is_told_again_once_a_week(ledger):
    book_batch(ledger, "held", "扣留：错误率过高")
    alerts.tell(run_on(DAY))
    for days in range(1, 7):
        assert not alerts.tell(run_on(DAY + timedelta(days=days))).sent
    told = alerts.tell(run_on(DAY + timedelta(days=7)))
    assert (len(told.reminded), told.new, told.settled) == (1, [], [])
    assert "【仍未解决】\n- 数据管理员，自 2026-02-25：" in told_files(ledger)[-1]
    assert not alerts.tell(run_on(DAY + timedelta(days=8))).sent
    assert alerts.tell(run_on(DAY + timedelta(days=14))).reminded


def test_the_present_list_says_when_each_thing_was_told(ledger):
    book_batch(ledger, "held", "扣留：错误率过高")
    (before,) = alerts.present(DAY)
    alerts.tell(run_on(DAY))
    alerts.tell(run_on(DAY + timedelta(days=7)))
    (after,) = alerts.present(DAY + timedelta(days=8))
    assert (before["told_first"], after["told_first"], after["told_last"]) == (None, DAY, DAY + timedelta(days=7))


def test_rows_to_correct_are_counted_per_batch_until_none_is_open(ledger):
    seq = book_batch(ledger, "accepted_with_quarantine")
    for row in (1, 2):
        ledger(
            "insert into ledger.quarantine (batch_seq, attempt, row_no, dataset_id, unit_id, kind, rules, "
            "opened_on) values (%s, 1, %s, 'csdw.licences', 'csdw', 'administrative_licence', 'R01', %s)",
            seq,
            row,
            DAY,
        )
    told = alerts.tell(run_on(DAY))
    assert [(item.owner, item.message) for item in told.new] == [
        ("department:csdw", f"测试单位 · 测试数据，批次 {seq}（许可.csv）：2 行待更正，见退回单")
    ]
    ledger("update ledger.quarantine set state = 'corrected' where row_no = 1")
    assert not alerts.tell(run_on(DAY)).sent
    ledger("update ledger.quarantine set state = 'corrected'")
    assert len(alerts.tell(run_on(DAY)).settled) == 1


def test_a_broken_file_goes_to_the_department(ledger):
    book_batch(ledger, "broken", "压缩包已截断")
    (item,) = alerts.tell(run_on(DAY)).new
    assert item.owner == "department:csdw"
    assert "压缩包已截断" in item.message


def test_a_broken_file_is_settled_by_the_same_file_or_a_later_roster(ledger):
    """Another file of events does not bring the rows of the one that could not be read."""
    later = DAY + timedelta(days=1)
    book_batch(ledger, "broken", "压缩包已截断")
    assert len(alerts.tell(run_on(DAY)).new) == 1
    roster = book_batch(ledger, "accepted", on=later, file_name="另一份.csv")
    assert alerts.tell(run_on(later)).settled == []
    ledger("update ledger.batch set delivery_mode = 'full_snapshot' where seq = %s", roster)
    assert len(alerts.tell(run_on(later)).settled) == 1
    book_batch(ledger, "broken", "压缩包已截断")
    assert len(alerts.tell(run_on(later)).new) == 1
    book_batch(ledger, "accepted")
    assert len(alerts.tell(run_on(later)).settled) == 1


def test_the_owner_of_a_held_batch_is_the_failed_checks(ledger):
    seq = book_batch(ledger, "held", "扣留：行数过少")
    ledger("update ledger.batch set current_attempt = 1 where seq = %s", seq)
    ledger(
        "insert into ledger.gate_result (batch_seq, attempt, expectation_id, title, severity, success, "
        "owner) values (%s, 1, 'floor', '行数', 'critical', false, 'department')",
        seq,
    )
    (item,) = alerts.tell(run_on(DAY)).new
    assert item.owner == "department:csdw"


def book_signal(ledger, batch: int, subject: str) -> None:
    ledger(
        "insert into ledger.attempt (batch_seq, attempt, state, business_date) values (%s, 1, 'gated', %s) "
        "on conflict do nothing",
        *(batch, DAY),
    )
    ledger(
        "insert into ledger.signal (batch_seq, attempt, code, subject, severity, owner, message) "
        "values (%s, 1, 'unknown_column', %s, 'warning', 'data_engineer', %s)",
        *(batch, subject, f"列“{subject}”不在目录内"),
    )


def test_the_same_unknown_column_every_day_is_told_once_until_it_is_gone(ledger):
    book_signal(ledger, book_batch(ledger, "accepted"), "案件来源")
    (item,) = alerts.tell(run_on(DAY)).new
    assert (item.owner, item.message) == ("data_engineer", "测试单位 · 测试数据：列“案件来源”不在目录内")
    book_signal(ledger, book_batch(ledger, "accepted"), "案件来源")
    assert not alerts.tell(run_on(DAY)).sent
    book_batch(ledger, "received")
    assert not alerts.tell(run_on(DAY)).sent
    book_batch(ledger, "accepted")
    assert len(alerts.tell(run_on(DAY)).settled) == 1


def test_a_batch_that_could_not_be_landed_is_ours_until_it_is(ledger):
    seq = book_batch(ledger, "received")
    for verdict in ("ok", "failed"):
        ledger(
            "insert into ledger.step (name, batch_seq, business_date, verdict, message, ended_at) "
            "values ('land', %s, %s, %s, '归档不可用', now())",
            *(seq, DAY, verdict),
        )
    book_step(ledger, "collect_unit", "failed", "归档不可用", "data_engineer", dataset=None)
    (item,) = alerts.tell(run_on(DAY)).new
    assert (item.owner, item.message) == (
        "data_engineer",
        f"测试单位 · 测试数据，批次 {seq}（许可.csv）：未能入库，归档不可用",
    )
    ledger("update ledger.batch set state = 'accepted'")
    book_step(ledger, "collect_unit", "ok", "", dataset=None)
    told = alerts.tell(run_on(DAY))
    assert (len(told.settled), told.new) == (1, [])


def test_a_unit_that_was_asked_and_never_delivered_is_silent(ledger):
    assert alerts.tell(run_on(DAY)).new == []
    book_step(ledger, "collect", "nothing_due", "无新增")
    (item,) = alerts.tell(run_on(DAY)).new
    assert "从未报送，请报送或作零报送说明" in item.message
    assert item.owner == "department:csdw"


def test_silence_beyond_the_cadence_is_told_and_an_attestation_ends_it(ledger):
    book_step(ledger, "collect", "nothing_due", "无新增")
    book_batch(ledger, "accepted")
    assert not alerts.tell(run_on(DAY + timedelta(days=7))).sent
    (item,) = alerts.tell(run_on(DAY + timedelta(days=8))).new
    assert "自 2026-02-25 起未报送（约定不超过 7 天）" in item.message
    ledger(
        "insert into ledger.attestation (unit_id, dataset_id, period_from, period_to, attested_by) "
        "values ('csdw', 'csdw.licences', %s, %s, '张')",
        DAY,
        DAY + timedelta(days=8),
    )
    assert len(alerts.tell(run_on(DAY + timedelta(days=8))).settled) == 1


def test_a_killed_task_is_told_when_it_is_surely_dead(ledger):
    book_step(ledger, "build", "incomplete", "", dataset=None, unit=None, ended=False)
    book_step(ledger, "collect", "incomplete", "", ended=False)
    assert not alerts.tell(run_on(DAY)).sent
    ledger("alter table ledger.step disable trigger user")
    ledger("update ledger.step set started_at = now() - interval '4 hours' where name in ('build', 'collect')")
    assert sorted(item.message for item in alerts.tell(run_on(DAY)).new) == [
        "数仓构建：任务中断，未写明结果",
        "测试单位 · 测试数据：采集任务中断，未写明结果",
    ]


def test_a_persons_number_does_not_leave_in_an_alert(ledger):
    book_batch(ledger, "broken", "无法读取", file_name="张三370399199001011234.csv")
    alerts.tell(run_on(DAY))
    (text,) = told_files(ledger)
    assert "370399199001011234" not in text
    assert "370399199001011234" not in ledger("select string_agg(a::text, '') from ledger.alert a")


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    running = Mailbox()
    yield running
    running.stop()


def test_by_mail(ledger, mailbox):
    ledger.warehouse.add_connections(
        alert=f"smtp://127.0.0.1:{mailbox.port}/?from=credit@zb.example&to=a@zb.example,b@zb.example"
    )
    book_batch(ledger, "broken", "无法读取")
    alerts.tell(run_on(DAY))
    (raw,) = mailbox.messages
    message = email.message_from_string(raw, policy=email.policy.default)
    assert message["subject"] == "公共信用数据 2026-02-25 运行提醒"
    assert "无法读取" in message.get_content()
    assert mailbox.recipients == ["a@zb.example", "b@zb.example"]


def test_a_password_is_not_sent_in_the_clear(ledger, mailbox):
    ledger.warehouse.add_connections(alert=f"smtp://u:pw@127.0.0.1:{mailbox.port}/?from=a@b.example&to=c@d.example")
    book_batch(ledger, "broken", "无法读取")
    with pytest.raises(UserError, match="不支持加密"):
        alerts.tell(run_on(DAY))
    assert "AUTH" not in mailbox.commands


def test_by_mail_over_tls_with_a_password(ledger, tmp_path, monkeypatch):
    pem = certificate(tmp_path)
    mailbox = Mailbox(pem)
    ledger.warehouse.add_connections(
        alert=f"smtps://u:p%40ss@127.0.0.1:{mailbox.port}/?from=a@b.example&to=c@d.example"
    )
    book_batch(ledger, "broken", "无法读取")
    try:
        with pytest.raises(UserError, match="提醒未能发出：连接 alert：SSLCertVerificationError"):
            alerts.tell(run_on(DAY))
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        alerts.tell(run_on(DAY))
    finally:
        mailbox.stop()
    assert "AUTH" in mailbox.commands
    assert len(mailbox.messages) == 1


def test_what_could_not_be_sent_is_told_next_time(ledger, mailbox):
    ledger.warehouse.add_connections(alert=f"smtp://127.0.0.1:{mailbox.port}/?from=a@b.example&to=c@d.example")
    book_batch(ledger, "broken", "无法读取")
    mailbox.refuse = True
    with pytest.raises(UserError, match="提醒未能发出"):
        alerts.tell(run_on(DAY))
    assert ledger("select count(*) from ledger.alert") == 0
    mailbox.refuse = False
    assert len(alerts.tell(run_on(DAY)).new) == 1
    assert len(mailbox.messages) == 1


@pytest.fixture
def webhook() -> Iterator[Any]:
    received: list[dict[str, Any]] = []

    async def take(request):
        received.append(await request.json())
        return JSONResponse({"errcode": 40001 if len(received) == 1 else 0})

    loop, listener = Loop(), socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(
            Starlette(routes=[Route("/hook", take, methods=["POST"])]),
            log_level="error",
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
    )
    task = asyncio.run_coroutine_threadsafe(server.serve(sockets=[listener]), loop.loop)
    while not server.started:
        pass
    yield listener.getsockname()[1], received
    server.should_exit = True
    task.result(10)
    loop.stop()


def test_by_webhook_and_an_error_code_of_the_robot_counts_as_not_sent(ledger, webhook):
    port, received = webhook
    ledger.warehouse.add_connections(alert=f"http://127.0.0.1:{port}/hook?key=robot-key")
    book_batch(ledger, "broken", "无法读取")
    with pytest.raises(UserError, match="返回错误 40001") as raised:
        alerts.tell(run_on(DAY))
    assert "robot-key" not in str(raised.value)
    alerts.tell(run_on(DAY))
    assert "无法读取" in received[-1]["text"]["content"]
    assert [item["owner"] for item in received[-1]["items"]] == ["department:csdw"]


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("http://127.0.0.1:1/hook", "网络不通"),
        ("ftp://x/", "应为 file"),
        ("smtp://127.0.0.1:1/?from=a@b.example&to=c@d.example", "提醒未能发出"),
        ("smtp://127.0.0.1:1/", "缺少 from 或 to"),
    ],
)
def test_a_transport_that_does_not_work_is_said(ledger, uri, words):
    ledger.warehouse.add_connections(alert=uri)
    book_batch(ledger, "broken", "无法读取")
    with pytest.raises(UserError, match=words):
        alerts.tell(run_on(DAY))
    assert ledger("select verdict from ledger.step where name = 'alert'") == "failed"


def test_file_alerts_are_readable_by_their_owner_only(ledger):
    book_batch(ledger, "broken", "无法读取")
    alerts.tell(run_on(DAY))
    (path,) = (ledger.home / "alerts").iterdir()
    assert isinstance(path, Path)
    assert path.stat().st_mode & 0o077 == 0


DISTRICT = """
contacts:
  data_engineer: {name: 周工, phone: 0533-0000000}
alerts:
  - {connection: mail, to: [wang@x.example, li@x.example], owners: [data_engineer]}
  - {connection: robot, owners: [department]}
  - {connection: csdw_robot, owners: [csdw]}
  - {connection: nobody, owners: [city]}
"""


def _district(told: str) -> None:
    path = settings.checkout() / "include" / "districts" / "demo" / "district.yml"
    path.write_text(path.read_text(encoding="utf-8") + told, encoding="utf-8")


def test_the_district_says_who_is_told_what_and_whom_to_ask(ledger, mailbox, tmp_path: Path) -> None:
    folders = {name: tmp_path / name for name in ("robot", "csdw_robot", "nobody")}
    ledger.warehouse.add_connections(
        mail=f"smtp://127.0.0.1:{mailbox.port}/?from=a@b.example",
        **{name: folder.as_uri() for name, folder in folders.items()},
    )
    _district(DISTRICT)
    book_batch(ledger, "broken", "无法读取")
    book_batch(ledger, "failed", "程序错误", file_name="乙.csv")
    told = alerts.tell(run_on(DAY))
    assert len(told.new) == 2
    (mail,) = mailbox.messages
    letter = email.message_from_string(mail, policy=email.policy.default)
    assert letter["To"] == "wang@x.example, li@x.example"
    assert mailbox.recipients == ["wang@x.example", "li@x.example"]
    text = letter.get_content()
    assert "程序错误" in text and "无法读取" not in text and "【数据管理员】联系：周工，0533-0000000" in text
    for name in ("robot", "csdw_robot"):
        (path,) = folders[name].iterdir()
        text = path.read_text(encoding="utf-8")
        assert "无法读取" in text and "程序错误" not in text and "新增 1 项" in text and "【测试单位】联系：无" in text
    assert not folders["nobody"].exists(), "nothing of the city waits"
    assert not list((ledger.home / "alerts").glob("*")), "the connection alert is for districts that name nobody"
    assert not alerts.tell(run_on(DAY)).sent


def test_a_receiver_that_cannot_be_told_keeps_nobody_else_from_it_and_is_told_next_time(ledger, tmp_path: Path) -> None:
    ledger.warehouse.add_connections(robot="http://127.0.0.1:1/hook?key=robot-key", all=(tmp_path / "all").as_uri())
    _district("\nalerts: [{connection: robot}, {connection: all}]\n")
    book_batch(ledger, "broken", "无法读取")
    with pytest.raises(UserError, match="连接 robot：网络不通") as raised:
        alerts.tell(run_on(DAY))
    assert "robot-key" not in str(raised.value) and len(list((tmp_path / "all").iterdir())) == 1
    for _ in range(2):
        with pytest.raises(UserError, match="连接 robot：网络不通"):
            alerts.tell(run_on(DAY))
    assert len(list((tmp_path / "all").iterdir())) == 1, "who was told is not told again"
    assert ledger("select string_agg(receiver, ' ') from ledger.alert") == "all"
    (item,) = alerts.present(DAY)
    assert item["told_first"] == DAY
    ledger.warehouse.add_connections(robot=(tmp_path / "robot").as_uri())
    assert len(alerts.tell(run_on(DAY)).new) == 1 and len(list((tmp_path / "robot").iterdir())) == 1
    assert not alerts.tell(run_on(DAY)).sent


@pytest.mark.parametrize("broken", range(3))
def test_every_receiver_is_told_beginning_and_end_once_whichever_of_them_fails(
    ledger, tmp_path: Path, broken: int
) -> None:
    names = ["one", "two", "three"]
    folders = {name: tmp_path / name for name in names}
    ledger.warehouse.add_connections(**{name: folder.as_uri() for name, folder in folders.items()})
    _district(f"\nalerts: [{', '.join(f'{{connection: {name}}}' for name in names)}]\n")

    def away(is_away: bool) -> None:
        uri = "http://127.0.0.1:1/hook" if is_away else folders[names[broken]].as_uri()
        ledger.warehouse.add_connections(**{names[broken]: uri})

    def told() -> dict[str, list[str]]:
        return {
            name: [path.read_text(encoding="utf-8").splitlines()[1][:12] for path in sorted(folder.glob("*"))]
            for name, folder in folders.items()
        }

    seq = book_batch(ledger, "broken", "无法读取")
    for ended in (False, True):
        if ended:
            ledger("update ledger.batch set state = 'accepted' where seq = %s", seq)
        away(True)
        for _ in range(3):
            with pytest.raises(UserError):
                alerts.tell(run_on(DAY))
        away(False)
        for _ in range(3):
            alerts.tell(run_on(DAY))
    first, last = "新增 1 项，已解决 0 "[:12], "新增 0 项，已解决 1 "[:12]
    assert told() == dict.fromkeys(names, [first, last])


def test_what_was_told_before_it_was_noted_to_whom_is_not_told_again(ledger, tmp_path: Path) -> None:
    ledger.warehouse.add_connections(one=(tmp_path / "one").as_uri(), two=(tmp_path / "two").as_uri())
    _district("\nalerts: [{connection: one}, {connection: two, owners: [city]}]\n")
    seq = book_batch(ledger, "broken", "无法读取")
    ledger(
        "insert into ledger.alert (fingerprint, owner, message, first_on, last_on, told_at, reminded_on) "
        f"values ('batch/{seq}#broken/department:csdw', 'department:csdw', '无法读取', %s, %s, now(), %s)",
        *(DAY, DAY, DAY),
    )
    assert alerts.present(DAY)[0]["told_first"] == DAY and not alerts.tell(run_on(DAY)).sent
    ledger("update ledger.batch set state = 'accepted' where seq = %s", seq)
    told = alerts.tell(run_on(DAY))
    assert len(told.settled) == 1 and len(list((tmp_path / "one").iterdir())) == 1 and not (tmp_path / "two").exists()


def test_what_left_the_catalogue_ends_and_is_not_called_solved(ledger, offer):
    book_step(ledger, "collect", "failed", "SFTP 服务器无法连接。", "department")
    book_signal(ledger, book_batch(ledger, "accepted"), "案件来源")
    assert len(alerts.tell(run_on(DAY)).new) == 2
    offer(by_hand={"channel": {"type": "hand_in"}})
    told = alerts.tell(run_on(DAY))
    assert (len(told.settled), {gone.how for gone in told.settled}) == (2, {"数据集已不在目录"})
    assert "【已解决】" not in told_files(ledger)[-1]


def test_a_contact_of_nobody_and_an_address_that_is_none_are_mistakes(ledger) -> None:
    _district("\ncontacts: {scjg: {name: 甲}}\n")
    checked = credit("catalogue", "check")
    assert checked.code == 1 and "没有责任人 scjg" in checked.out
    _district("alerts: [{connection: mail, to: [nobody]}]\n")
    checked = credit("catalogue", "check")
    assert checked.code and "alerts.0.to.0：格式不对" in checked.out + checked.err
