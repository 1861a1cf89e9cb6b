"""The control side: a token-guarded HTTP door for ``play``, ``status`` and outages of a running district."""

from __future__ import annotations

import json
import os
import secrets
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from district_simulator.district import District, SimulatorError
from district_simulator.vocabulary.workcalendar import CALENDAR, DAYS


def control_app(district: District, token: str) -> Starlette:
    """``GET /status``, ``POST /play {"day": n}``, ``POST /outage {"unit": u, "down": bool}``."""

    def guarded(handler):
        async def wrapped(request: Request) -> JSONResponse:
            if request.headers.get("authorization") != f"Bearer {token}":
                return JSONResponse({"error": "令牌错误"}, 401)
            try:
                return JSONResponse(await handler(request))
            except SimulatorError as problem:
                return JSONResponse({"error": str(problem)}, 409)

        return wrapped

    async def status(_: Request) -> dict[str, Any]:
        return summary(district)

    async def play(request: Request) -> dict[str, Any]:
        day = (await request.json())["day"]
        await run_in_threadpool(district.play, day)
        return summary(district)

    async def outage(request: Request) -> dict[str, Any]:
        order = await request.json()
        district.outage(order["unit"], order.get("down", True))
        return summary(district)

    return Starlette(
        routes=[
            Route("/status", guarded(status)),
            Route("/play", guarded(play), methods=["POST"]),
            Route("/outage", guarded(outage), methods=["POST"]),
        ]
    )


def summary(district: District) -> dict[str, Any]:
    """Where the district stands."""
    following = district.next_day
    return {
        "seed": district.state["seed"],
        "scale": district.state["scale"],
        "played": district.played,
        "business_date": CALENDAR[district.played[-1]].isoformat() if district.played else None,
        "next_day": following,
        "next_date": DAYS[following].isoformat() if following else None,
    }


def open_door(district: District) -> Path:
    """Start the control server and leave its address in ``control.json`` (0600)."""
    token = secrets.token_hex(16)
    assert district.runtime is not None
    port = district.runtime.web(control_app(district, token), 0)
    path = district.home / "control.json"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as target:
        json.dump({"url": f"http://127.0.0.1:{port}", "token": token, "pid": os.getpid()}, target)
    return path


def call(home: Path, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Ask a running district; raises SimulatorError with a sentence when that fails."""
    control = home / "control.json"
    if not control.exists():
        raise SimulatorError("模拟辖区没有运行，请先执行 serve")
    door = json.loads(control.read_text())
    request = urllib.request.Request(
        door["url"] + path,
        method=method,
        data=json.dumps(body).encode() if body is not None else None,
        headers={"Authorization": f"Bearer {door['token']}", "Content-Type": "application/json"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=120) as reply:
            return json.loads(reply.read())
    except urllib.error.HTTPError as problem:
        raise SimulatorError(json.loads(problem.read()).get("error", f"HTTP {problem.code}")) from None
    except OSError as problem:
        raise SimulatorError(f"无法连接正在运行的模拟辖区：{problem}") from None
