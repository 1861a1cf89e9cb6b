"""HTTP JSON API: pages, MD5 signature, client-side rate limit, back-off; one complete pull is one receipt.

``GET <path>?since=<version>&page=<n>&size=<m>&appKey=..&time=<epoch s>&sign=md5hex(appKey + secret +
time)`` as district legal-person libraries offer it (domain report 5.3, Zhejiang). The version is constant
through the pages of one pull; the version of the last booked receipt is the next pull's ``since``.
"""

from __future__ import annotations

import hashlib
import logging
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx

from ..base import exact_json
from ..base.retry import Again, Patience
from ..base.run import now
from ..catalogue.models import HttpApi
from .base import CollectError, Intake, Owner, SourceChanged, connection_uri, masked_path
from .streams import header_line, row_lines

TIMEOUT = httpx.Timeout(60.0, connect=15.0)
RESTARTS = 5
CODES = {
    "96": ("签名未通过", "与来源单位核对 appKey 与密钥，更新 connections.yaml。"),
    "97": ("请求时间超出允许误差", "校准本机时钟（NTP）。"),
    "98": ("接口名称不存在", "改正目录中的 path，或向来源单位核实。"),
    "99": ("分页参数不被接受", "改小目录中的 page_size。"),
}
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)


# Over all requests of a pull; a source may ask for a longer pause, which the whole pull has to bear.
PATIENCE = partial(Patience, tries=8, first=0.25, longest=30.0, total=180.0, jitter=True)


class RateLimit:
    """At most so many requests per second to one connection, over all its datasets in this process."""

    _next: dict[str, float] = {}

    def __init__(self, conn_id: str, per_second: float):
        self._conn_id, self._gap = conn_id, 1.0 / per_second

    def wait(self) -> None:
        """Sleep until the next call is allowed."""
        now = time.monotonic()
        start = max(now, self._next.get(self._conn_id, 0.0))
        self._next[self._conn_id] = start + self._gap
        time.sleep(start - now)


@dataclass(frozen=True)
class Page:
    """One page of a pull."""

    total: int
    pages: int
    version: str
    rows: list[dict[str, Any]]


def sign(app_key: str, secret: str, moment: str) -> str:
    """The signature departments agreed on; MD5 is theirs, not a choice of ours."""
    return hashlib.md5(f"{app_key}{secret}{moment}".encode(), usedforsecurity=False).hexdigest()


def _retry_after(response: httpx.Response) -> float | None:
    given: str = response.headers.get("Retry-After", "").strip()
    if given.isdecimal():
        return float(given)
    try:
        return max(0.0, (parsedate_to_datetime(given) - now()).total_seconds())
    except (TypeError, ValueError):
        return None


class Api:
    """A department's interface; every request is signed anew, limited in rate and repeated with back-off."""

    def __init__(self, intake: Intake):
        self._channel = intake.channel(HttpApi)
        parts = urlsplit(connection_uri(self._channel.connection))
        if parts.scheme not in ("http", "https") or not parts.hostname or not parts.username:
            raise CollectError(
                f"连接 {self._channel.connection} 应为 http(s)://appKey:密钥@主机。",
                "改正 connections.yaml 中的这一行。",
                "data_engineer",
            )
        self._key, self._secret = unquote(parts.username), unquote(parts.password or "")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        self._url = f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path.rstrip('/')}"
        self._limit = RateLimit(self._channel.connection, self._channel.requests_per_second)
        self._patience = PATIENCE()
        verify: Any = ssl.create_default_context() if parts.scheme == "https" else True
        self._client = httpx.Client(timeout=TIMEOUT, verify=verify, trust_env=False, follow_redirects=False)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def page(self, since: str, number: int) -> Page:
        """One page; raises CollectError when the source refuses or stays unreachable."""
        tried = 0

        def once() -> Page:
            nonlocal tried
            tried += 1
            return self._read(self._ask(since, number))

        try:
            return self._patience.call(once)
        except Again as last:
            raise CollectError(
                f"接口（连接 {self._channel.connection}）{last.why}，已重试 {tried - 1} 次。",
                "请来源单位检查接口服务；本次未登记任何内容，下次从头拉取。",
                "department",
            ) from None

    def _ask(self, since: str, number: int) -> httpx.Response:
        """A usable response. Raises Again with what went wrong and the wait the source asks for, CollectError when it is hopeless."""
        moment = str(int(time.time()))
        query = {
            "page": str(number),
            "size": str(self._channel.page_size),
            "appKey": self._key,
            "time": moment,
            "sign": sign(self._key, self._secret, moment),
        }
        self._limit.wait()
        try:
            response = self._client.get(
                self._url + self._channel.path, params=({"since": since} if since else {}) | query
            )
        except httpx.RequestError as error:
            self._refuse_hopeless(error)
            raise Again("超时无应答" if isinstance(error, httpx.TimeoutException) else "无法连接或中途断开") from None
        if response.status_code == 429:
            raise Again("限制访问频次（429）", _retry_after(response))
        if response.status_code >= 500:
            raise Again(f"服务故障（{response.status_code}）", _retry_after(response))
        if response.status_code in (401, 403):
            raise CollectError(
                f"接口拒绝了连接 {self._channel.connection} 的凭据（{response.status_code}）。",
                "与来源单位核对 appKey 与密钥，更新 connections.yaml。",
                "data_engineer",
            )
        if response.status_code != 200:
            raise CollectError(
                f"接口（连接 {self._channel.connection}）答复异常（HTTP {response.status_code}）。",
                "核对目录中的 path 与来源单位的接口地址。",
                "data_engineer",
            )
        return response

    def _refuse_hopeless(self, error: httpx.RequestError) -> None:
        """Name lookup and certificate faults do not go away by asking again."""
        words = str(error).lower()
        conn_id = self._channel.connection
        if any(sign in words for sign in ("getaddrinfo", "name or service not known", "name resolution", "no address")):
            raise CollectError(
                f"连接 {conn_id} 的主机名无法解析。", "检查连接中的主机名与本机 DNS。", "data_engineer"
            ) from None
        if "certificate" in words:
            raise CollectError(
                f"连接 {conn_id} 的 HTTPS 证书校验未通过。",
                "安装来源单位的根证书（SSL_CERT_FILE），不要关闭校验。",
                "data_engineer",
            ) from None

    def _read(self, response: httpx.Response) -> Page:
        broken = CollectError(
            f"接口（连接 {self._channel.connection}）答复的格式不符合约定。", "请来源单位检查接口输出。", "department"
        )
        try:
            reply = exact_json.loads(response.content)
            code = str(reply["code"])
            if code != "00":
                meaning, remedy = CODES.get(code, ("返回错误", "请来源单位说明错误代码。"))
                owner: Owner = "data_engineer" if code in CODES else "department"
                shown = code if code.isalnum() and len(code) <= 8 else "无法识别"
                raise CollectError(f"接口（连接 {self._channel.connection}）{meaning}（代码 {shown}）。", remedy, owner)
            data = reply["data"]
            rows = data["rows"]
            if not all(isinstance(row, dict) for row in rows):
                raise broken
            return Page(int(data["total"]), int(data["pages"]), str(data["version"]).replace("\x00", ""), rows)
        except (KeyError, TypeError, ValueError):
            raise broken from None


class Pull:
    """All pages since a version, as JSON Lines.

    SourceChanged when version, total or columns move on meanwhile.
    """

    def __init__(self, api: Api, since: str, columns: list[str]):
        self._api, self._since = api, since
        self.first = api.page(since, 1)
        self.columns = columns
        self._extend(self.first)

    def _extend(self, page: Page) -> bool:
        """Add columns a page brings; whether there were any."""
        known = set(self.columns)
        fresh = list(dict.fromkeys(name for row in page.rows for name in row if name not in known))
        self.columns += fresh
        return bool(fresh)

    def lines(self) -> Iterator[bytes]:
        """The rows of all pages, one JSON document per line, after a line with the columns."""
        first, received = self.first, len(self.first.rows)
        yield header_line(self.columns, first.version)
        yield from row_lines(first.rows)
        for number in range(2, first.pages + 1):
            page = self._api.page(self._since, number)
            if (page.version, page.total) != (first.version, first.total) or self._extend(page):
                raise SourceChanged
            received += len(page.rows)
            yield from row_lines(page.rows)
        if received != first.total:
            raise Short(received, first.total)


class Short(Exception):
    """Fewer or more rows came than the source announced."""

    def __init__(self, received: int, total: int):
        super().__init__(received, total)
        self.received, self.total = received, total


def _pull(intake: Intake, api: Api) -> None:
    channel = intake.channel(HttpApi)
    columns: list[str] = []
    where = f"http_api:{channel.connection}{channel.path}?since="
    since = "" if intake.dataset.delivery_mode == "full_snapshot" else intake.cursor(where)
    for _ in range(RESTARTS):
        pull = Pull(api, since, columns)
        if pull.first.total == 0 and not pull.first.rows:
            return
        locator, version = masked_path(where + since), masked_path(pull.first.version)
        if (locator, version) in intake.known([locator]):
            intake.outcome.known += 1
            return
        try:
            intake.take(locator, version, f"{channel.path.rpartition('/')[2]}@{version}", pull.lines())
            return
        except SourceChanged:
            continue
        except Short as short:
            intake.outcome.incomplete.append(f"版本 {version}（应有 {short.total} 行，实收 {short.received} 行）")
            return
    intake.outcome.incomplete.append(f"拉取期间来源数据不断变化，已从头拉取 {RESTARTS} 次")


def pull(intake: Intake) -> None:
    """Pull everything since the last booked version; complete, or not at all."""
    api = Api(intake)
    try:
        _pull(intake, api)
    finally:
        api.close()
