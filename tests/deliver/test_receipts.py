"""Later receipts of a receiver: one that nobody can read stops none of the others, nor the comparison of both sides."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import uvicorn
from public_credit.base.messages import UserError
from public_credit.deliver.adapters.http_json import HttpJson
from public_credit.oversight.waits import open_list
from public_credit.steps import work
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.helpers.penalties import ON
from tests.helpers.runs import run_on
from tests.helpers.servers import Loop

GOOD = {"recordId": "r1", "cityId": "c1", "event": "published", "text": "已公示", "at": "2026-02-25T09:00:00+08:00"}
CARD = "370399199001011234"
# A receipt → what is booked of it: (record, event, day, what its text says). ``UNREADABLE`` keeps all of it.
UNREADABLE = "unreadable"
ROWS: list[tuple[Any, tuple[str, str, date | None, str]]] = [
    (GOOD, ("r1", "published", ON, "已公示")),
    (GOOD | {"at": "昨天"}, ("r1", "published", None, "已公示（回执时间无法识别：昨天）")),
    (GOOD | {"at": "2026-02-30"}, ("r1", "published", None, "已公示（回执时间无法识别：2026-02-30）")),
    (GOOD | {"at": 17.5}, ("r1", "published", None, "已公示（回执时间无法识别：17.5）")),
    (GOOD | {"at": None, "text": None, "cityId": 7}, ("r1", "published", None, "")),
    (GOOD | {"text": f"人\x00{CARD}\ud800"}, ("r1", "published", ON, "人")),
    ({key: value for key, value in GOOD.items() if key != "recordId"}, ("", UNREADABLE, ON, "已公示")),
    (GOOD | {"recordId": None}, ("", UNREADABLE, ON, "已公示")),
    (GOOD | {"recordId": 12}, ("", UNREADABLE, ON, "12")),
    (GOOD | {"recordId": "\x00"}, ("", UNREADABLE, ON, "已公示")),
    (GOOD | {"event": {"name": "published"}}, ("r1", UNREADABLE, ON, "name")),
    ({"text": f"张三 {CARD}"}, ("", UNREADABLE, None, "张三")),
]
WITHOUT_SERIAL = [
    GOOD,
    GOOD | {"seq": "9"},
    GOOD | {"seq": True},
    GOOD | {"seq": -4},
    GOOD | {"seq": 2**70},
    "一句话",
    None,
    [1],
    7,
]


@pytest.fixture
def city(warehouse: Any) -> Iterator[dict[str, Any]]:
    """A receiver that answers what it is told to: ``receipts``, all in one page; it holds nothing."""
    told: dict[str, Any] = {"receipts": [], "status": 200}

    async def receipts(request: Any) -> Response:
        after = int(request.query_params["after"])
        rows = [
            row
            for row in told["receipts"]
            if not isinstance(row, dict) or type(row.get("seq")) is not int or not 0 < row["seq"] <= after
        ]
        return Response(json.dumps({"receipts": rows}), told["status"], media_type="application/json")

    async def held(request: Any) -> JSONResponse:
        return JSONResponse({"rows": [], "next": None})

    async def results(request: Any) -> JSONResponse:
        return JSONResponse({"receiptId": "all", "results": told["results"]})

    routes = [
        Route("/api/v1/receipts", receipts),
        Route("/api/v1/reconciliation", held),
        Route("/api/v1/{word}", results, methods=["POST"]),
    ]
    loop, listener = Loop(), socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(Starlette(routes=routes), log_level="error", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    task = asyncio.run_coroutine_threadsafe(server.serve(sockets=[listener]), loop.loop)
    while not server.started:
        pass
    warehouse.add_connections(city_platform=f"http://-token@127.0.0.1:{listener.getsockname()[1]}")
    yield told
    server.should_exit = True
    task.result(10)
    loop.stop()


def _booked(warehouse: Any) -> list[tuple[Any, ...]]:
    with warehouse.connect() as owner:
        return owner.execute(
            "select seq, record_id, event, at_on, text from ledger.receiver_event order by seq"
        ).fetchall()


def test_what_can_be_read_of_a_receipt_is_booked_and_none_stops_the_others(
    warehouse: Any, city: dict[str, Any]
) -> None:
    city["receipts"] = [row | {"seq": number} for number, (row, _) in enumerate(ROWS, 1)] + WITHOUT_SERIAL
    assert work.receive(run_on(ON)).clean
    booked = _booked(warehouse)
    for (row, (record, event, day, said)), found in zip(ROWS, [row for row in booked if row[0] > 0], strict=True):
        assert found[1:4] == (record, event, day), (row, found)
        assert (said in found[4]) if event == UNREADABLE or said.startswith("人") else found[4] == said, (row, found)
        assert CARD not in str(found)
    without = [found for found in booked if found[0] < 0]
    assert len(without) == len(WITHOUT_SERIAL) and {found[2] for found in without} == {UNREADABLE}
    again = len(booked)
    assert work.receive(run_on(ON + timedelta(days=1))).clean and len(_booked(warehouse)) == again, "each of them once"

    def told(on: date) -> list[str]:
        return [item.message for item in open_list.items(on) if item.key == "unreadable/"]

    unreadable = 6 + len(WITHOUT_SERIAL)
    assert told(ON + timedelta(days=1)) == [f"市平台的 {unreadable} 条后续回执无法识别，原文留在台账"]
    assert told(ON + timedelta(days=40)) == []
    with warehouse.connect() as owner:
        steps = owner.execute("select verdict, owner from ledger.step where name = 'receipt' order by id").fetchall()
    assert steps == [("warning", "data_engineer"), ("nothing_due", "")]


def test_both_sides_are_compared_though_the_receipts_could_not_be_fetched(warehouse: Any, city: dict[str, Any]) -> None:
    city["status"] = 403
    with pytest.raises(UserError, match="403"):
        work.receive(run_on(ON))
    with warehouse.connect() as owner:
        assert owner.execute("select name, verdict from ledger.step order by id").fetchall() == [
            ("receipt", "failed"),
            ("reconcile", "ok"),
        ]
        assert owner.execute("select count(*) from ledger.reconciliation").fetchone() == (1,)


def test_a_row_of_an_answer_that_cannot_be_read_leaves_its_item_in_doubt_and_no_other(
    warehouse: Any, city: dict[str, Any]
) -> None:
    said = {"code": "00", "text": "接收\x00成功", "cityId": "c1", "receiptId": "own"}
    city["results"] = [
        said | {"idempotencyKey": "a", "outcome": "accepted", "state": "accepted"},
        said | {"outcome": "accepted", "state": "accepted"},
        said | {"idempotencyKey": "b"},
        said | {"idempotencyKey": 7, "outcome": "rejected", "state": "rejected"},
        "一句话",
        {"idempotencyKey": "c", "outcome": "rejected", "state": "rejected", "code": 3001},
    ]
    adapter = HttpJson("city_platform")
    try:
        asked, sent = adapter.query(["a", "b", "c"]), adapter.send("request", "cf_fr", [])
    finally:
        adapter.close()
    told = [("a", "accepted", "00", "接收成功", "c1"), ("c", "rejected", "3001", "", None)]
    for outcomes, whole in ((asked, None), (sent, "all")):
        assert [(one.key, one.state, one.code, one.text, one.city_id) for one in outcomes] == told
        assert [one.receipt_id for one in outcomes] == ["own", whole]
