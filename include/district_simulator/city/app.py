"""The HTTP service of the simulated city."""

from __future__ import annotations

import asyncio
import json
import secrets
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from district_simulator.city.store import Store, digest, now
from district_simulator.city.validate import PERSON, Fault, Validator, read_registry
from district_simulator.vocabulary.tables import codes

MAX_ITEMS, MAX_KEYS = 200, 500
INTERFACES = ("xk_fr", "xk_zrr", "cf_fr", "cf_zrr")


class City:
    """State and behaviour of the platform."""

    def __init__(self, home: Path, token: str):
        self.home, self.token = home, token
        self.store = Store(home / "city")
        self._registry: tuple[float, Validator] | None = None
        self.mode, self.left = "none", 0

    def validator(self) -> Validator:
        path = self.home / "city_registry.csv"
        stamp = path.stat().st_mtime if path.exists() else 0.0
        if self._registry is None or self._registry[0] != stamp:
            self._registry = (stamp, Validator(read_registry(path)))
        return self._registry[1]

    def take_mode(self) -> str:
        """The failure mode for this request; modes run out after their count."""
        if self.left <= 0:
            return "none"
        self.left -= 1
        return self.mode

    # --- records ----------------------------------------------------------------------------------
    def _fault(self, interface: str, item: dict[str, Any]) -> Fault | None:
        held = self.store.one(
            "select version, state from record where interface = ? and record_id = ?", interface, item["recordId"]
        )
        operation = item["operation"]
        if operation != "ADD":
            if held is None or held[1] != "held":
                return "3002", "", "没有可变更或撤下的记录"
            if item.get("predecessor") != held[0]:
                return "3001", "", "前一版本不符，次序有误"
        elif held is not None and held[1] == "held":
            return "3001", "", "记录已存在，应为变更"
        return None if operation == "DEL" else self.validator().fault(interface, item["data"])

    def _apply(self, interface: str, item: dict[str, Any]) -> str:
        row = self.store.one(
            "select city_id from record where interface = ? and record_id = ?", interface, item["recordId"]
        )
        city_id = row[0] if row else f"ZB{secrets.token_hex(8).upper()}"
        if item["operation"] == "DEL":
            published = self.store.one(
                "select published from record where interface = ? and record_id = ?", interface, item["recordId"]
            )
            self.store.run(
                "update record set state = 'deleted', published = 0 where interface = ? and record_id = ?",
                interface,
                item["recordId"],
            )
            if published and published[0]:
                self._tell(item["recordId"], city_id, "withdrawn", "已撤下公示")
            return city_id
        date_code = codes(interface)["decision_date"]
        self.store.run(
            "insert or replace into record values (?, ?, ?, ?, 'held', coalesce((select published from record "
            "where interface = ? and record_id = ?), 0), ?, ?)",
            interface,
            item["recordId"],
            city_id,
            item["version"],
            interface,
            item["recordId"],
            item["data"].get(date_code),
            json.dumps(item["data"], ensure_ascii=False),
        )
        return city_id

    def _tell(self, record_id: str, city_id: str | None, event: str, text: str) -> None:
        self.store.run(
            "insert into receipt (record_id, city_id, event, text, at) values (?, ?, ?, ?, ?)",
            record_id,
            city_id,
            event,
            text,
            now(),
        )

    def _item(self, interface: str, item: dict[str, Any], receipt_id: str) -> dict[str, Any]:
        key, mark = item["idempotencyKey"], digest(item)
        known = self.store.answered(key)
        if known is not None and known[0] != mark:
            return {
                "idempotencyKey": key,
                "recordId": item["recordId"],
                "outcome": "rejected",
                "cityId": None,
                "code": "4009",
                "field": None,
                "text": "幂等键已用于其他内容",
            }
        if known is None:
            fault = self._fault(interface, item)
            city_id = None if fault else self._apply(interface, item)
            code, field, text = fault or ("00", None, "接收成功")
            outcome = "rejected" if fault else "accepted"
            self.store.run(
                "insert into answer values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                key,
                mark,
                item["recordId"],
                outcome,
                city_id,
                code,
                field,
                text,
                receipt_id,
            )
            known = (mark, item["recordId"], outcome, city_id, code, field, text, receipt_id)
        return {
            "idempotencyKey": key,
            "recordId": known[1],
            "outcome": known[2],
            "cityId": known[3],
            "code": known[4],
            "field": known[5] or None,
            "text": known[6],
        }

    def receive(self, body: dict[str, Any], refuse_whole: bool) -> tuple[int, dict[str, Any]]:
        """Take in one batch, in one transaction."""
        interface, items = body.get("interface"), body.get("items")
        if interface not in INTERFACES or not isinstance(items, list) or not all(self._well_formed(i) for i in items):
            return 400, {"code": "5001", "text": "请求格式不正确"}
        if len(items) > MAX_ITEMS:
            return 413, {"code": "5001", "text": f"一批至多 {MAX_ITEMS} 条"}
        receipt_id = f"SJ{secrets.token_hex(8).upper()}"
        with self.store.lock:
            self.store.begin()
            try:
                if refuse_whole:
                    for line, item in enumerate(items, start=1):
                        known = self.store.answered(item["idempotencyKey"])
                        if known is None and (fault := self._fault(interface, item)):
                            self.store.rollback()
                            return 422, {
                                "code": "9001",
                                "line": line,
                                "text": f"第 {line} 条有误，整批退回：{fault[2]}",
                            }
                results = [self._item(interface, item, receipt_id) for item in items]
                self.store.commit()
            except BaseException:
                self.store.rollback()
                raise
        return 200, {"requestId": body.get("requestId"), "receiptId": receipt_id, "results": results}

    @staticmethod
    def _well_formed(item: Any) -> bool:
        return (
            isinstance(item, dict)
            and isinstance(item.get("data"), dict)
            and item.get("operation") in ("ADD", "MOD", "DEL")
            and all(
                isinstance(item.get(name), str) and item[name] for name in ("idempotencyKey", "recordId", "version")
            )
        )

    # --- questions --------------------------------------------------------------------------------
    def query(self, keys: list[str]) -> list[dict[str, Any]]:
        results: list[dict[str, Any]] = []
        with self.store.lock:
            for key in keys:
                known = self.store.answered(key)
                results.append(
                    {"idempotencyKey": key, "state": "unknown"}
                    if known is None
                    else {
                        "idempotencyKey": key,
                        "state": known[2],
                        "cityId": known[3],
                        "code": known[4],
                        "field": known[5] or None,
                        "text": known[6],
                        "receiptId": known[7],
                    }
                )
        return results

    def held(self, interface: str, after: str, limit: int) -> list[dict[str, Any]]:
        with self.store.lock:
            rows = self.store.all(
                "select record_id, version, city_id, state, published from record "
                "where interface = ? and record_id > ? order by record_id limit ?",
                interface,
                after,
                limit,
            )
        return [{"recordId": r, "version": v, "cityId": c, "state": s, "published": bool(p)} for r, v, c, s, p in rows]

    def receipts(self, after: int, limit: int) -> list[dict[str, Any]]:
        with self.store.lock:
            rows = self.store.all(
                "select seq, record_id, city_id, event, text, at from receipt where seq > ? order by seq limit ?",
                after,
                limit,
            )
        return [dict(zip(("seq", "recordId", "cityId", "event", "text", "at"), row, strict=True)) for row in rows]

    def publish(self, day: str) -> int:
        """A day passes: accepted records of organisations are published, persons never."""
        with self.store.lock:
            self.store.begin()
            rows = self.store.all(
                "select interface, record_id, city_id from record where state = 'held' and published = 0 "
                f"and interface not in ({','.join(repr(name) for name in PERSON)})"
            )
            for interface, record_id, city_id in rows:
                self.store.run(
                    "update record set published = 1 where interface = ? and record_id = ?", interface, record_id
                )
                self.store.run(
                    "insert into receipt (record_id, city_id, event, text, at) values (?, ?, 'published', ?, ?)",
                    record_id,
                    city_id,
                    "已公示",
                    f"{day}T18:00:00",
                )
            self.store.commit()
        return len(rows)


def build(home: Path, token: str) -> Starlette:
    """The ASGI application over a folder."""
    city = City(Path(home), token)

    def allowed(request: Request) -> bool:
        return secrets.compare_digest(request.headers.get("authorization", ""), f"Bearer {token}")

    async def guard(request: Request) -> Response | None:
        if not allowed(request):
            return JSONResponse({"code": "401", "text": "令牌无效"}, 401)
        mode = city.take_mode() if request.method == "POST" and request.url.path == "/api/v1/records" else "none"
        request.state.mode = mode
        if mode == "500":
            return JSONResponse({"code": "500", "text": "系统繁忙"}, 500)
        if mode == "429":
            return JSONResponse({"code": "429", "text": "请求过于频繁"}, 429, headers={"Retry-After": "1"})
        if mode == "slow":
            await asyncio.sleep(1.5)
        return None

    async def records(request: Request) -> Response:
        if (refused := await guard(request)) is not None:
            return refused
        try:
            body = await request.json()
        except json.JSONDecodeError:
            return JSONResponse({"code": "5001", "text": "不是有效的 JSON"}, 400)
        mode = request.state.mode
        status, answer = await asyncio.to_thread(city.receive, body, mode == "refuse_batch")
        if mode == "timeout_after_commit":
            await asyncio.sleep(3600)
        return JSONResponse(answer, status)

    async def query(request: Request) -> Response:
        if (refused := await guard(request)) is not None:
            return refused
        keys = (await request.json()).get("idempotencyKeys", [])
        if len(keys) > MAX_KEYS:
            return JSONResponse({"code": "5001", "text": f"一次至多查询 {MAX_KEYS} 个"}, 413)
        return JSONResponse({"results": await asyncio.to_thread(city.query, keys)})

    async def reconciliation(request: Request) -> Response:
        if (refused := await guard(request)) is not None:
            return refused
        params = request.query_params
        limit = min(int(params.get("limit", 1000)), 5000)
        rows = await asyncio.to_thread(city.held, params["interface"], params.get("after", ""), limit)
        return JSONResponse({"rows": rows, "next": rows[-1]["recordId"] if len(rows) == limit else None})

    async def receipts(request: Request) -> Response:
        if (refused := await guard(request)) is not None:
            return refused
        params = request.query_params
        rows = await asyncio.to_thread(
            city.receipts, int(params.get("after", 0)), min(int(params.get("limit", 500)), 5000)
        )
        return JSONResponse({"receipts": rows})

    async def control(request: Request) -> Response:
        if not allowed(request):
            return JSONResponse({"code": "401", "text": "令牌无效"}, 401)
        name = request.path_params["name"]
        if name == "store":
            with city.store.lock:
                rows = city.store.all(
                    "select interface, record_id, city_id, version, state, published, data from record "
                    "order by interface, record_id"
                )
            names = ("interface", "recordId", "cityId", "version", "state", "published", "data")
            return JSONResponse({"records": [dict(zip(names, row, strict=True)) for row in rows]})
        body = await request.json()
        if name == "mode":
            city.mode, city.left = body["mode"], int(body.get("count", 1))
            return JSONResponse({"mode": city.mode, "count": city.left})
        if name == "day":
            return JSONResponse({"published": await asyncio.to_thread(city.publish, body["date"])})
        return JSONResponse({"text": "没有这个控制项"}, 404)

    return Starlette(
        routes=[
            Route("/api/v1/records", records, methods=["POST"]),
            Route("/api/v1/query", query, methods=["POST"]),
            Route("/api/v1/reconciliation", reconciliation),
            Route("/api/v1/receipts", receipts),
            Route("/control/{name}", control, methods=["GET", "POST"]),
        ]
    )
