"""HTTP API against a real server: pages, signature, patience, versions, completeness."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
from public_credit import collect, gate
from public_credit.base import settings
from public_credit.base.retry import Patience
from public_credit.collect import http_api
from public_credit.steps.work import land_received
from starlette.responses import JSONResponse, Response, StreamingResponse

from tests.helpers.receipts import DAY, archived_lines
from tests.helpers.runs import run_on
from tests.helpers.servers import Api, api_rows

ROSTER = {"kind": "enterprise_registration", "variant": "all", "delivery_mode": "full_snapshot"}


@pytest.fixture
def api() -> Iterator[Api]:
    running = Api()
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(http_api, "PATIENCE", lambda: Patience(first=0.01, longest=0.1, tries=4, total=3))
    monkeypatch.setattr(http_api.RateLimit, "_next", {})


@pytest.fixture
def pull(offer, api):
    warehouse = None

    def run(uri: str | None = None, dataset: dict | None = None, on: date = DAY, **more):
        nonlocal warehouse
        if warehouse is None:
            channel = {
                "type": "http_api",
                "connection": "api_csdw",
                "path": "/api/v1/xk_fr",
                "page_size": 3,
                "requests_per_second": 50,
            } | more
            warehouse = offer(licences={"channel": channel} | (dataset or {}))
            warehouse.add_connections(api_csdw=uri or api.uri())
        return collect.collect(run_on(on), "csdw")[0]

    return run


def test_all_pages_make_one_receipt_in_order(api, pull, batches):
    api.rows = api_rows(8)
    outcome = pull()
    (batch,) = batches()
    assert outcome.batch_seqs == [batch["seq"]]
    assert batch["source_version"] == api.version
    header, *rows = archived_lines(batch["archive_uri"])
    assert header == {"columns": ["XK_XDR_MC", "XK_WSH", "BZ", "SJC"], "source_version": api.version}
    assert rows == api.rows
    assert [(call["page"], call["size"]) for call in api.calls] == [("1", "3"), ("2", "3"), ("3", "3")]


def test_a_version_with_a_persons_number_goes_back_unchanged_and_is_booked_without_it(api, pull, batches, steps):
    api.rows, api.version = api_rows(2), "t13800138000"
    pull()
    assert pull().batch_seqs == [] and api.calls[-1]["since"] == "t13800138000"
    (batch,) = batches()
    assert "13800138000" not in str([batch, *steps()]) and "******" in batch["source_version"]
    api.version = "t13900139000"
    api.rows = [row | {"SJC": "u"} for row in api_rows(2)]
    assert len(pull().batch_seqs) == 1 and len({batch["source_version"] for batch in batches()}) == 2


def test_an_interface_without_tls_is_asked_only_where_somebody_agreed_and_that_is_booked(api, pull, batches, steps):
    """0.0.0.0 is this machine, but no loopback address."""
    api.rows = api_rows(2)
    elsewhere = api.uri().replace("127.0.0.1", "0.0.0.0")
    assert elsewhere != api.uri()
    refused = pull(elsewhere)
    assert (refused.verdict, refused.owner, api.calls, batches()) == ("failed", "data_engineer", [], [])
    assert "未加密" in steps()[-1]["message"]


def test_an_agreed_interface_without_tls_is_told_with_every_pull(api, pull, steps):
    api.rows = api_rows(2)
    agreed = {"reason": "政务外网专线", "agreed_by": "区大数据中心", "until": "2026-12-31"}
    outcome = pull(api.uri().replace("127.0.0.1", "0.0.0.0"), plain_http=agreed)
    assert len(outcome.batch_seqs) == 1
    assert "未加密传输（区大数据中心同意至 2026-12-31：政务外网专线）" in steps()[-1]["message"]


def test_the_next_pull_asks_since_the_last_booked_version(api, pull, batches, steps):
    api.rows = api_rows(2, "2026-02-25T09:00:00")
    pull()
    api.rows += api_rows(2, "2026-02-26T09:00:00", start=2)
    api.version = "2026-02-26T18:00:00"
    pull()
    assert api.calls[-1]["since"] == "2026-02-25T18:00:00"
    assert [len(archived_lines(batch["archive_uri"])) - 1 for batch in batches()] == [2, 2]
    api.version = "2026-02-27T18:00:00"
    outcome = pull()
    assert len(batches()) == 2
    assert (outcome.verdict, outcome.message) == ("nothing_due", "无新增")
    assert steps()[-1]["message"] == "无新增"
    pull()
    assert api.calls[-1]["since"] == "2026-02-26T18:00:00"


def test_a_full_snapshot_is_pulled_whole_and_known_again_by_its_version(api, pull, batches):
    api.rows = api_rows(4)
    pull(dataset=ROSTER)
    outcome = pull()
    assert "since" not in api.calls[-1]
    assert outcome.known == 1
    api.version = "2026-02-26T18:00:00"
    pull()
    first, second = batches()
    assert (first["source_version"], second["source_version"]) == ("2026-02-25T18:00:00", "2026-02-26T18:00:00")
    assert archived_lines(first["archive_uri"])[1:] == archived_lines(second["archive_uri"])[1:]


def test_a_source_that_was_restored_gives_its_versions_once_more_and_nothing_is_lost(api, pull, batches, steps):
    """It stood at 10:00, lost what came after 09:00, and decides anew; between two pulls it never passes where it had been."""
    api.rows, api.version = api_rows(2, "2026-02-25T09:00:00"), "2026-02-25T10:00:00"
    pull()
    api.version = "2026-02-25T09:00:00"
    restored = pull()
    assert (restored.verdict, restored.owner) == ("warning", "department")
    assert "来源版本后退，已从头拉取全部：2026-02-25T10:00:00 → 2026-02-25T09:00:00" in steps()[-1]["message"]
    api.rows += api_rows(1, "2026-02-25T09:30:00", start=2)
    api.version = "2026-02-25T09:45:00"
    assert (pull().verdict, api.calls[-1]["since"]) == ("ok", "2026-02-25T09:00:00")
    assert [len(archived_lines(batch["archive_uri"])) - 1 for batch in batches()] == [2, 2, 1]


def test_a_restored_source_is_pulled_whole_as_long_as_it_lies_behind(api, pull, batches):
    api.rows, api.version = api_rows(2, "2026-02-25T09:00:00"), "2026-02-25T09:00:00"
    pull()
    api.rows += api_rows(1, "2026-02-25T10:00:00", start=2)
    api.version = "2026-02-25T10:00:00"
    pull()
    api.rows, api.version = api.rows[:2], "2026-02-25T09:00:00"
    assert (pull().known, len(batches())) == (1, 2)
    api.rows += api_rows(1, "2026-02-25T09:30:00", start=3)
    api.version = "2026-02-25T09:45:00"
    assert pull().verdict == "warning"
    assert [len(archived_lines(batch["archive_uri"])) - 1 for batch in batches()] == [2, 1, 3]


@pytest.mark.parametrize(
    ("version", "since", "told"),
    [
        ("9", "10", True),
        ("10", "9", False),
        ("10", "10", False),
        ("v0009", "v0010", True),
        ("2026-02-25T9:00:00", "2026-02-25T10:00:00", True),
        ("2026/2/25 18:00:00.5", "2026/2/26 1:00:00.1", True),
        ("20260225", "2026-02-26", False),
        ("", "10", False),
        ("a3f", "b2e", False),
        ("5d41402abc4b2a76", "7d793037a0760186", False),
        ("续-9", "续-10", False),
        ("1" * 5000, "2" * 5000, True),
    ],
)
def test_only_versions_that_count_lie_behind_one_another(version, since, told):
    assert http_api.behind(version, since) is told


def test_failures_and_rate_limits_of_the_source_are_waited_out(api, pull, batches):
    api.rows = api_rows(5)
    api.moods.extend([(500, {}), (503, {}), (429, {"Retry-After": "1"})])
    started = time.monotonic()
    pull()
    assert time.monotonic() - started >= 1
    assert len(api.calls) == 5
    assert len(batches()) == 1


def test_patience_is_bounded_and_a_half_pull_books_nothing(api, pull, batches, steps, warehouse):
    api.rows = api_rows(9)
    api.before = lambda server, page: server.moods.extend([(500, {})] * 20) if page == 2 else None
    outcome = pull()
    assert batches() == []
    assert (outcome.verdict, outcome.owner) == ("failed", "department")
    assert "服务故障（500），已重试 3 次" in outcome.message
    with warehouse.connect() as connection:
        assert connection.execute("select count(*) from ledger.archive_object").fetchone() == (0,)
    api.before = None
    api.moods.clear()
    pull()
    assert len(archived_lines(batches()[0]["archive_uri"])) == 10


def test_a_wait_longer_than_our_patience_is_not_begun(api, pull):
    api.rows = api_rows(1)
    api.moods.append((429, {"Retry-After": "3600"}))
    started = time.monotonic()
    outcome = pull()
    assert time.monotonic() - started < 2
    assert "限制访问频次（429）" in outcome.message


def test_our_own_rate_limit_keeps_below_theirs(api, pull, batches):
    api.rows = api_rows(12)
    api.per_second = 12
    pull(requests_per_second=10)
    assert len(batches()) == 1
    assert len(api.calls) == 4
    assert api.times[-1] - api.times[0] >= 0.29


def test_a_version_that_moves_between_pages_starts_the_pull_again(api, pull, batches):
    api.rows = api_rows(5)

    def publish(server: Api, page: int) -> None:
        if page == 2:
            server.before = None
            server.rows = server.rows + api_rows(1, "2026-02-25T19:00:00", start=90)
            server.version = "2026-02-25T20:00:00"

    api.before = publish
    pull()
    (batch,) = batches()
    assert batch["source_version"] == "2026-02-25T20:00:00"
    assert len(archived_lines(batch["archive_uri"])) == 7


def test_a_source_that_never_stands_still_is_left_incomplete(api, pull, batches):
    api.rows = api_rows(5)

    def publish(server: Api, page: int) -> None:
        server.version = f"{server.version}+"

    api.before = publish
    outcome = pull()
    assert batches() == []
    assert (outcome.verdict, outcome.owner) == ("incomplete", "department")
    assert "不断变化" in outcome.message


def test_fewer_rows_than_announced_books_nothing(api, pull, batches, steps):
    api.rows = api_rows(5)
    api.announced = 7
    pull()
    assert batches() == []
    assert steps()[-1]["verdict"] == "incomplete"
    assert "应有 7 行，实收 5 行" in steps()[-1]["message"]


def test_a_column_that_appears_on_a_later_page_is_in_the_header(api, pull, batches):
    api.rows = api_rows(5)
    api.rows[4]["XK_BLR"] = "某人"
    pull()
    header, *rows = archived_lines(batches()[0]["archive_uri"])
    assert header["columns"][-1] == "XK_BLR"
    assert rows == api.rows


def test_a_wrong_secret_is_said_without_showing_it(api, pull, steps):
    pull(uri=api.uri(secret="other-secret"))
    assert (steps()[-1]["verdict"], steps()[-1]["owner"]) == ("failed", "data_engineer")
    assert "签名未通过（代码 96）" in steps()[-1]["message"]
    assert "other-secret" not in steps()[-1]["message"]


@pytest.mark.parametrize(
    ("code", "words", "owner"),
    [
        ("97", "时间超出允许误差", "data_engineer"),
        ("98", "接口名称不存在", "data_engineer"),
        ("99", "分页参数", "data_engineer"),
        ("55", "返回错误（代码 55）", "department"),
        ("<script>", "代码 无法识别", "department"),
    ],
)
def test_error_codes_name_cause_and_owner(api, pull, code, words, owner):
    api.code = code
    outcome = pull()
    assert words in outcome.message
    assert outcome.owner == owner


@pytest.mark.parametrize(("status", "owner"), [(401, "data_engineer"), (404, "data_engineer"), (302, "data_engineer")])
def test_answers_that_asking_again_does_not_mend(api, pull, status, owner):
    api.moods.append((status, {"Location": "http://127.0.0.1:1/"}))
    outcome = pull()
    assert (outcome.verdict, outcome.owner) == ("failed", owner)
    assert len(api.calls) == 1


@pytest.mark.parametrize(
    ("uri", "words", "owner"),
    [
        ("http://k:s@127.0.0.1:1", "无法连接或中途断开，已重试 3 次", "department"),
        ("https://k:s@no-such-host.invalid", "主机名无法解析", "data_engineer"),
        ("https://k:s@127.0.0.1:{port}", "无法连接或中途断开", "department"),
        ("ftp://k:s@127.0.0.1", "应为 http(s)", "data_engineer"),
        ("http://127.0.0.1:1", "应为 http(s)", "data_engineer"),
    ],
)
def test_a_source_out_of_reach(api, pull, uri, words, owner):
    outcome = pull(uri=uri.replace("{port}", str(api.port)))
    assert (outcome.verdict, outcome.owner) == ("failed", owner)
    assert words in outcome.message


def test_an_answer_that_is_not_the_agreed_format(api, pull, batches):
    api.moods.append((200, {}))
    outcome = pull()
    assert "格式不符合约定" in outcome.message
    assert batches() == []


def test_a_page_that_comes_again_as_another_one_is_asked_again_and_then_left(api, pull, batches, steps):
    """The server ignores ``page``: the number of rows is right, and two thirds of them are missing."""
    api.rows = api_rows(9)

    def first_page(page: int, document: dict[str, Any]) -> None:
        document["data"]["rows"] = api.rows[:3]

    api.answer = first_page
    outcome = pull()
    assert (outcome.verdict, outcome.owner, batches()) == ("incomplete", "department", [])
    assert "第 2 页与第 1 页内容相同，已从头拉取 5 次" in steps()[-1]["message"]
    assert [call["page"] for call in api.calls] == ["1", "2"] * 5
    api.answer = None
    pull()
    assert "since" not in api.calls[-1], "the cursor has not moved"
    assert archived_lines(batches()[0]["archive_uri"])[1:] == api.rows


def test_rows_that_shift_between_pages_are_told_by_who_they_are(api, pull, batches, steps):
    """A row goes, another comes, version and total stay: one row comes twice in place of one that never comes."""
    api.rows = [row | {"序号": number} for number, row in enumerate(api_rows(8))]

    def shifted(page: int, document: dict[str, Any]) -> None:
        if page == 2:
            document["data"]["rows"] = [row | {"序号": 99} for row in api.rows[2:5]]

    api.answer = shifted
    pull()
    assert batches() == []
    assert "应有 8 行，实收的不同行只有 7 行：第 2 页有 1 行在前面的页中已出现" in steps()[-1]["message"]
    api.answer = lambda page, document: shifted(page, document) if len(api.calls) < 13 else None
    api.calls.clear()
    pull()
    assert archived_lines(batches()[0]["archive_uri"])[1:] == api.rows, "asked again until it stands still"


def test_a_double_inside_a_page_is_a_matter_of_its_rows(api, pull, batches):
    api.rows = [*api_rows(2), *api_rows(1), *api_rows(2, start=5)]
    pull()
    assert archived_lines(batches()[0]["archive_uri"])[1:] == api.rows


def test_a_source_without_versions_is_pulled_whole_and_its_first_page_asked_twice(api, pull, batches, steps):
    api.rows, api.version = api_rows(5), ""
    pull()
    assert [call["page"] for call in api.calls] == ["1", "2", "1"]
    api.calls.clear()
    api.rows = api_rows(6)
    pull()
    assert "since" not in api.calls[-1]
    assert [len(archived_lines(batch["archive_uri"])) - 1 for batch in batches()] == [5, 6]

    def grows(server: Api, page: int) -> None:
        if page == 2:
            server.rows = [*api_rows(1, start=len(server.rows) + 100), *server.rows[:-1]]

    api.before = grows
    outcome = pull()
    assert (outcome.verdict, len(batches())) == ("incomplete", 2)


def test_a_source_without_versions_that_shows_the_same_is_booked_once_within_its_cadence(api, pull, batches, steps):
    """In another order, with another number and time of the answer: the same rows. Removed and back again: news."""
    api.rows, api.version = [row | {"序号": number, "导出时间": "9:00"} for number, row in enumerate(api_rows(5))], ""
    pull(dataset=ROSTER | {"ignored_columns": ["序号", "导出时间"], "cadence_days": 7})
    api.rows = [row | {"序号": number, "导出时间": "10:00"} for number, row in enumerate(reversed(api.rows))]
    outcome = pull(on=DAY + timedelta(days=6))
    assert (len(batches()), outcome.verdict, outcome.unchanged) == (1, "ok", 1)
    assert steps()[-1]["message"] == "来源内容与上一份回执相同，不另行登记" and steps()[-1]["counts"]["unchanged"] == 1
    assert len(list(Path(urlsplit(settings.archive_url()).path).rglob("*.pcw"))) == 1, (
        "what was pulled in vain is not kept"
    )
    assert len(pull(on=DAY + timedelta(days=7)).batch_seqs) == 1, "a sign of life"
    whole, api.rows = api.rows, api.rows[1:]
    assert len(pull(on=DAY + timedelta(days=7)).batch_seqs) == 1
    api.rows = whole
    assert len(pull(on=DAY + timedelta(days=7)).batch_seqs) == 1


@pytest.mark.parametrize("version", ["", "v1"], ids=["without a version", "with a version"])
@pytest.mark.parametrize("mode", ["events", "changes", "full_snapshot"])
def test_asked_for_everything_nothing_is_a_statement_and_asked_for_news_it_is_none(
    api, pull, batches, steps, warehouse, mode, version
):
    api.version = version
    pull(dataset=ROSTER if mode == "full_snapshot" else {"delivery_mode": mode})
    (batch,) = batches()
    pull()
    assert len(batches()) == 1, "once a day, or once a version"
    land_received(run_on(DAY), "csdw")
    gate.run(run_on(DAY))
    with warehouse.connect() as reader:
        stated = reader.execute("select batch_seq, period_from, superseded_by from ledger.attestation").fetchall()
    (judged,) = batches()
    if mode == "full_snapshot":
        assert judged["state"] == "held" and "全量名录不为空" in judged["message"] and stated == []
    else:
        assert judged["state"] == "accepted" and stated == [(batch["seq"], DAY, None)]
    api.rows, api.version = api_rows(2, "v2"), version and "v2"
    if mode != "full_snapshot" and version:
        assert len(pull().batch_seqs) == 1 and api.calls[-1]["since"] == "v1"
        assert pull().message == "无新增" and api.calls[-1]["since"] == "v2", "nothing new is no statement"
        assert len(batches()) == 2


@pytest.mark.parametrize(
    "data",
    [{"total": 0, "rows": {}}, {"total": 0, "rows": ""}, {"total": 0}, {"rows": []}, {"total": None, "rows": []}],
)
def test_only_the_agreed_form_is_a_statement_of_nothing(api, pull, batches, data):
    api.answer = lambda page, document: JSONResponse({"code": "00", "data": {"pages": 1, "version": "v"} | data})
    assert pull().verdict == "failed" and batches() == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            b"<!DOCTYPE html><html><body>\xcf\xb5\xcd\xb3</body></html>",
            "第 1 页答复是网页（HTML）而不是 JSON，已重试 3 次",
        ),
        (b"\xef\xbb\xbf \n<html/>", "答复是网页"),
        (b"", "第 1 页答复为空，已重试 3 次"),
    ],
    ids=["gbk page", "page with bom", "empty"],
)
def test_a_web_page_or_nothing_with_status_200_is_asked_again(api, pull, batches, body, words):
    api.rows = api_rows(2)
    api.answer = lambda page, document: Response(body, media_type="text/html")
    outcome = pull()
    assert (outcome.verdict, outcome.owner) == ("failed", "department")
    assert words in outcome.message
    api.calls.clear()
    api.answer = lambda page, document: Response(body) if len(api.calls) < 3 else None
    pull()
    assert len(archived_lines(batches()[0]["archive_uri"])) == 3


@pytest.mark.parametrize(
    ("codec", "declared"),
    [
        ("utf-8-sig", "application/json"),
        ("gb18030", "application/json;charset=GB2312"),
        ("gb18030", "text/plain; charset=gbk"),
        ("utf-8", "application/json;charset=gbk"),
        ("utf-16", "application/json"),
        ("big5", "application/json;charset=big5"),
    ],
)
def test_an_answer_is_read_in_the_charset_it_declares_or_shows(api, pull, batches, codec, declared):
    api.rows = api_rows(1) if codec != "big5" else [api_rows(1)[0] | {"XK_XDR_MC": "示範", "XK_WSH": "1"}]
    api.answer = lambda page, document: Response(
        orjson.dumps(document).decode().encode(codec), headers={"Content-Type": declared}
    )
    outcome = pull()
    assert outcome.verdict == "ok", outcome.message
    assert archived_lines(batches()[0]["archive_uri"])[1:] == api.rows


@pytest.mark.parametrize("declared", ["application/json", "application/json;charset=no-such"])
def test_bytes_in_no_declared_charset_are_not_guessed(api, pull, batches, declared):
    api.rows = api_rows(1)
    api.answer = lambda page, document: Response(
        orjson.dumps(document).decode().encode("gb18030"), headers={"Content-Type": declared}
    )
    assert "格式不符合约定" in pull().message
    assert batches() == []


def test_more_pages_than_the_catalogue_grants_are_not_begun(api, pull, batches):
    api.rows = api_rows(3)

    def announce(page: int, document: dict[str, Any]) -> None:
        document["data"] |= {"pages": 10**9, "total": 3 * 10**9}

    api.answer = announce
    outcome = pull()
    assert (outcome.verdict, outcome.owner, len(api.calls)) == ("failed", "department", 1)
    assert "声明共 1,000,000,000 页，超过 2,000 页，已停止拉取" in outcome.message


async def _streamed(chunks: int, size: int, pause: float) -> AsyncIterator[bytes]:
    """An answer that goes on for longer than anybody may listen."""
    yield b'{"code": "00", "data": {"rows": ['
    for _ in range(chunks):
        yield b" " * size
        await asyncio.sleep(pause)


@pytest.mark.parametrize(
    ("stream", "bound", "words"),
    [
        ((100, 100_000, 0), {"max_mb": 2}, "一次拉取超过 2 MB，已停止拉取"),
        ((200, 10, 0.01), {"max_minutes": 0.01}, "一次拉取超过 0.01 分钟，已停止拉取"),
        ((700, 100_000, 0), {}, "一页答复超过 64 MB，已停止拉取"),
    ],
    ids=["bytes", "time", "page"],
)
def test_an_answer_without_end_is_cut_off(api, pull, batches, stream, bound, words):
    api.answer = lambda page, document: StreamingResponse(_streamed(*stream), media_type="application/json")
    outcome = pull(**bound)
    assert (outcome.verdict, outcome.owner, batches()) == ("failed", "department", [])
    assert words in outcome.message
    assert len(api.calls) == 1


def test_the_bytes_of_all_pages_count_together(api, pull, batches, warehouse):
    api.rows = [row | {"BZ": "备注" * 1000} for row in api_rows(30)]
    assert "一次拉取超过 0.1 MB" in pull(max_mb=0.1).message
    assert batches() == []
    with warehouse.connect() as connection:
        assert connection.execute("select count(*) from ledger.archive_object").fetchone() == (0,)
