"""Department API: pages, MD5 signature, rate limit, and for one department a bad day now and then."""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections import deque
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

MAX_SKEW = 300
MAX_PAGE = 1000


class ApiStore:
    """Rows of one department by interface, each visible from a version on."""

    def __init__(self) -> None:
        self._rows: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        self._versions: list[str] = []
        self._lock = threading.Lock()

    def offer(self, interface: str) -> None:
        """The interface exists, perhaps without rows."""
        with self._lock:
            self._rows.setdefault(interface, [])

    def publish(self, version: str, interface: str, rows: list[dict[str, Any]]) -> None:
        """Make rows visible under a version."""
        with self._lock:
            self._rows.setdefault(interface, []).extend((version, row) for row in rows)
            self._versions = sorted({*self._versions, version})

    def mark(self, version: str) -> None:
        """A new version even where nothing changed."""
        with self._lock:
            self._versions = sorted({*self._versions, version})

    def version(self) -> str:
        with self._lock:
            return self._versions[-1] if self._versions else ""

    def known(self, interface: str) -> bool:
        return interface in self._rows

    def select(self, interface: str, since: str, until: str) -> list[dict[str, Any]]:
        """Rows that became visible after ``since`` and up to ``until``."""
        with self._lock:
            return [row for version, row in self._rows[interface] if since < version <= until]


class DepartmentApi:
    """One department's ``GET /api/v1/<interface>``."""

    def __init__(
        self, store: ApiStore, app_key: str, secret: str, *, per_second: int = 10, flaky_seed: str | None = None
    ):
        self.store, self.app_key, self.secret, self.per_second = store, app_key, secret, per_second
        self.down = False
        self.requests = 0
        self._calls: deque[float] = deque()
        self._moods = self._mood_list(flaky_seed) if flaky_seed else None
        self._snapshots: dict[tuple[str, str], str] = {}
        self.app = Starlette(routes=[Route("/api/v1/{interface}", self.get)])

    @staticmethod
    def _mood_list(seed: str) -> list[int]:
        """A seeded pattern of answers; never more than two failures in a row."""
        rng, moods = random.Random(seed), list[int]()
        for _ in range(97):
            mood = rng.choices([200, 429, 500, 503], [70, 10, 10, 10])[0]
            if mood != 200 and len(moods) > 1 and moods[-1] != 200 and moods[-2] != 200:
                mood = 200
            moods.append(mood)
        moods[0], moods[1], moods[-1] = 200, 503, 200
        return moods

    def _hindrance(self) -> Response | None:
        """Rate limit and bad moods, before anything is looked at."""
        if self.down:
            return PlainTextResponse("系统维护中", 503)
        now = time.monotonic()
        while self._calls and now - self._calls[0] > 1:
            self._calls.popleft()
        if len(self._calls) >= self.per_second:
            return PlainTextResponse("请求过于频繁", 429, {"Retry-After": "1"})
        self._calls.append(now)
        self.requests += 1
        mood = self._moods[self.requests % len(self._moods)] if self._moods else 200
        if mood == 429:
            return PlainTextResponse("请求过于频繁", 429, {"Retry-After": "1"})
        if mood != 200:
            return PlainTextResponse("内部错误", mood)
        return None

    async def get(self, request: Request) -> Response:
        hindrance = self._hindrance()
        if hindrance is not None:
            return hindrance
        query, interface = request.query_params, request.path_params["interface"]
        problem = self._authorise(query)
        if problem:
            return _refusal(*problem)
        if not self.store.known(interface):
            return _refusal("98", "接口不存在")
        try:
            page, size = int(query.get("page", "1")), int(query.get("size", "100"))
        except ValueError:
            return _refusal("99", "页码错误")
        if page < 1 or not 1 <= size <= MAX_PAGE:
            return _refusal("99", "页码错误")
        since = query.get("since", "")
        version = self._snapshot(interface, since, page)
        rows = self.store.select(interface, since, version)
        pages = max(1, -(-len(rows) // size))
        if page > pages:
            return _refusal("99", "页码错误")
        return JSONResponse(
            {
                "code": "00",
                "msg": "ok",
                "data": {
                    "total": len(rows),
                    "page": page,
                    "pages": pages,
                    "version": version or since,
                    "rows": rows[(page - 1) * size : page * size],
                },
            }
        )

    def _snapshot(self, interface: str, since: str, page: int) -> str:
        """The version of page 1 holds for all pages of one pull."""
        if page == 1 or (interface, since) not in self._snapshots:
            self._snapshots[interface, since] = self.store.version()
        return self._snapshots[interface, since]

    def _authorise(self, query: Any) -> tuple[str, str] | None:
        stamp = query.get("time", "")
        expected = hashlib.md5(f"{self.app_key}{self.secret}{stamp}".encode()).hexdigest()
        if query.get("appKey") != self.app_key or query.get("sign", "").lower() != expected:
            return "96", "签名错误"
        if not stamp.isdigit() or abs(time.time() - int(stamp)) > MAX_SKEW:
            return "97", "时间戳超出允许范围"
        return None


def _refusal(code: str, message: str) -> JSONResponse:
    return JSONResponse({"code": code, "msg": message, "data": None})
