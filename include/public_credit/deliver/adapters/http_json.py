"""The city platform's HTTP JSON interface: batches, row receipts, queries, reconciliation (docs/channels/city_http.md)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx

from ...base import settings
from ...base.messages import UserError
from ...base.retry import Again, Patience
from ..base import BatchRefused, Item, NotTaken, Outcome, OutcomeUnknown, TooLarge, serial_of

_PATIENCE, _QUERY = partial(Patience, granted=30.0), 500


def _wanted(answer: httpx.Response) -> float | None:
    """Seconds the city asks to wait."""
    given = answer.headers.get("retry-after", "")
    return float(given) if given.isdecimal() else None


def _said(row: dict[str, Any], part: str) -> str:
    """A text of a row as the database can hold it."""
    return str(row.get(part) or "").replace("\x00", "")


class HttpJson:
    """One keep-alive client; retries only what the receiver certainly did not take."""

    def __init__(self, conn_id: str):
        try:
            uri = httpx.URL(settings.connection(conn_id, receiver=True))
        except httpx.InvalidURL:
            uri = httpx.URL()
        if uri.scheme not in ("http", "https") or not uri.host:
            raise UserError(
                f"连接 {conn_id} 应为 http(s)://令牌@主机。", remedy="改正 receivers.yaml 中的这一行。", code=3
            )
        timeout = settings.current().city_timeout or 30.0
        self._client = httpx.Client(
            base_url=uri.copy_with(username=None, password=None),
            trust_env=False,
            headers={"Authorization": f"Bearer {uri.username}"},
            timeout=httpx.Timeout(timeout, connect=10),
        )

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _ask(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """An idempotent request: repeated on faults of the network and of the server."""

        def once() -> dict[str, Any]:
            try:
                answer = self._client.request(method, path, **options)
            except httpx.TransportError:
                raise Again from None
            if answer.status_code == 401:
                raise UserError("市平台拒绝了访问令牌。", remedy="更新连接 city_platform 的令牌。", code=5)
            if answer.status_code < 300:
                said: dict[str, Any] = answer.json()
                return said
            if answer.status_code not in (429, 500, 502, 503, 504):
                raise UserError(f"市平台返回 {answer.status_code}。", remedy="核对接口版本，联系市平台。", code=5)
            raise Again(after=_wanted(answer))

        try:
            return _PATIENCE().call(once)
        except Again:
            raise UserError("市平台多次无响应。", remedy="稍后由任务自动重试；持续失败时联系市平台。", code=5) from None

    def send(self, request_id: str, interface: str, items: list[Item]) -> list[Outcome]:
        """Send one bounded batch; one outcome per item, *unknown* for those without an answer."""
        body = {
            "requestId": request_id,
            "interface": interface,
            "items": [
                {
                    "idempotencyKey": item.key,
                    "operation": item.operation,
                    "recordId": item.record_id,
                    "version": item.version,
                    "predecessor": item.predecessor,
                    "data": item.data,
                }
                for item in items
            ],
        }

        def once() -> list[Outcome]:
            try:
                answer = self._client.post("/api/v1/records", json=body)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                raise Again("市平台无法连接") from None
            except httpx.TransportError as error:
                raise OutcomeUnknown(type(error).__name__) from None
            if answer.status_code == 200:
                said = answer.json()
                return self._outcomes(said["results"], "outcome", said.get("receiptId"))
            self._refusal(answer)
            if answer.status_code != 429:
                raise OutcomeUnknown(str(answer.status_code))
            raise Again("市平台持续繁忙", _wanted(answer))

        try:
            return _PATIENCE().call(once)
        except Again as error:
            raise NotTaken(error.why) from None

    @staticmethod
    def _refusal(answer: httpx.Response) -> None:
        if answer.status_code == 401:
            raise UserError("市平台拒绝了访问令牌。", remedy="更新连接 city_platform 的令牌。", code=5)
        if answer.status_code == 413:
            raise TooLarge
        if answer.status_code in (400, 422):
            body = answer.json()
            raise BatchRefused(int(body.get("line") or 0), str(body.get("code", "")), str(body.get("text", "")))

    @staticmethod
    def _outcomes(rows: list[Any], state: str, receipt_id: str | None = None) -> list[Outcome]:
        """What is said of the items, ``state`` being the name of the word; one of which it cannot be read has no outcome."""
        return [
            Outcome(
                row["idempotencyKey"],
                row[state],
                _said(row, "code"),
                _said(row, "field"),
                _said(row, "text"),
                row.get("cityId"),
                row.get("receiptId") or receipt_id,
            )
            for row in rows
            if isinstance(row, dict) and isinstance(row.get("idempotencyKey"), str) and isinstance(row.get(state), str)
        ]

    def query(self, keys: list[str]) -> list[Outcome]:
        """What became of the keys, 500 in a call; state ``unknown`` when the receiver never saw one."""
        results: list[Outcome] = []
        for start in range(0, len(keys), _QUERY):
            body = self._ask("POST", "/api/v1/query", json={"idempotencyKeys": keys[start : start + _QUERY]})
            results += self._outcomes(body["results"], "state")
        return results

    def held(self, interface: str) -> Iterator[list[dict[str, Any]]]:
        """Everything the receiver holds of an interface, in pages."""
        after = ""
        while True:
            page = self._ask(
                "GET", "/api/v1/reconciliation", params={"interface": interface, "after": after, "limit": 5000}
            )
            if page["rows"]:
                yield page["rows"]
            if not page.get("next"):
                return
            after = page["next"]

    def receipts(self, after: int) -> Iterator[list[dict[str, Any]]]:
        """Receipts after a serial number, in pages, oldest first."""
        while True:
            rows = self._ask("GET", "/api/v1/receipts", params={"after": after, "limit": 5000})["receipts"]
            if not rows:
                return
            yield rows
            last = max(map(serial_of, rows))
            if last <= after:
                return
            after = last
