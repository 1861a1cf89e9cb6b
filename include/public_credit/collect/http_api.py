"""HTTP JSON API: pages, MD5 signature, client-side rate limit, back-off; one complete pull is one receipt.

``GET <path>?since=<version>&page=<n>&size=<m>&appKey=..&time=<epoch s>&sign=md5hex(appKey + secret +
time)`` as district legal-person libraries offer it (domain report 5.3, Zhejiang). The version is constant
through the pages of one pull; the version of the last booked receipt is the next pull's ``since``. Of a source that gives
no version everything is pulled each time, and booked where it is not what the last receipt holds. A version that lies before
the last one (a source restored from a backup gives numbers once more) is told, and everything is pulled. Asked for everything, a
source that answers with total 0 and an empty list states that there is nothing to report; asked for what is new, it has
nothing new.
"""

from __future__ import annotations

import hashlib
import logging
import re
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx

from ..base.retry import Again, Patience
from ..base.run import now
from ..catalogue import load_catalogue, plain_http
from ..catalogue.models import HttpApi
from .api_reply import document
from .base import CollectError, Intake, Owner, SourceChanged, connection_uri, masked_path
from .pages import Incomplete, Received
from .streams import header_line, nothing_to_report, row_lines

TIMEOUT = httpx.Timeout(60.0, connect=15.0)
RESTARTS = 5
PAGE_BYTES = 64 << 20  # of one answer: 1000 rows at most, read into memory as a whole
PULLED = "~"  # begins the version of a receipt whose source gives none: the moment of the pull, never sent as ``since``
_COUNTED_VERSION = re.compile(r"[A-Za-z]?[0-9\-:.T/ +Z]*")  # a number, a date, a moment
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
        intake.outcome.unencrypted = plain_http.agreed(
            self._channel.connection, parts.geturl(), self._channel.plain_http, intake.run.on
        )
        self._key, self._secret = unquote(parts.username), unquote(parts.password or "")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        self._url = f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path.rstrip('/')}"
        self._limit = RateLimit(self._channel.connection, self._channel.requests_per_second)
        self._patience = PATIENCE()
        self._bytes_left = int(self._channel.max_mb * 1e6)
        self._until = time.monotonic() + self._channel.max_minutes * 60
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
            return self._read(*self._ask(since, number))

        try:
            return self._patience.call(once)
        except Again as last:
            raise CollectError(
                f"接口（连接 {self._channel.connection}）第 {number} 页{last.why}，已重试 {tried - 1} 次。",
                "请来源单位检查接口服务；本次未登记任何内容，下次从头拉取。",
                "department",
            ) from None

    def too_much(self, bound: str) -> CollectError:
        """The error that ends a pull which goes beyond what the catalogue grants it."""
        return CollectError(
            f"接口（连接 {self._channel.connection}）{bound}，已停止拉取，未登记任何内容。",
            "请来源单位检查接口的分页与输出；数据确有这么多的，调大目录中的 max_pages、max_mb 或 max_minutes。",
            "department",
        )

    def _ask(self, since: str, number: int) -> tuple[bytes, str | None]:
        """Body and declared charset of a usable response. Raises Again with what went wrong and the wait the source asks for, CollectError when it is hopeless."""
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
            with self._client.stream(
                "GET", self._url + self._channel.path, params=({"since": since} if since else {}) | query
            ) as response:
                self._accept(response)
                return self._body(response), response.charset_encoding
        except httpx.RequestError as error:
            self._refuse_hopeless(error)
            raise Again("超时无应答" if isinstance(error, httpx.TimeoutException) else "无法连接或中途断开") from None

    def _body(self, response: httpx.Response) -> bytes:
        """The whole body, within what is left to this pull."""
        parts, size = list[bytes](), 0
        for part in response.iter_bytes():
            size += len(part)
            if size > PAGE_BYTES:
                raise self.too_much(f"一页答复超过 {PAGE_BYTES >> 20} MB")
            self._bytes_left -= len(part)
            if self._bytes_left < 0:
                raise self.too_much(f"一次拉取超过 {self._channel.max_mb:g} MB")
            if time.monotonic() > self._until:
                raise self.too_much(f"一次拉取超过 {self._channel.max_minutes:g} 分钟")
            parts.append(part)
        return b"".join(parts)

    def _accept(self, response: httpx.Response) -> None:
        """Raises Again or CollectError for a response of another status than 200."""
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

    def _read(self, body: bytes, charset: str | None) -> Page:
        broken = CollectError(
            f"接口（连接 {self._channel.connection}）答复的格式不符合约定。", "请来源单位检查接口输出。", "department"
        )
        try:
            reply = document(body, charset)
            code = str(reply["code"])
            if code != "00":
                meaning, remedy = CODES.get(code, ("返回错误", "请来源单位说明错误代码。"))
                owner: Owner = "data_engineer" if code in CODES else "department"
                shown = code if code.isalnum() and len(code) <= 8 else "无法识别"
                raise CollectError(f"接口（连接 {self._channel.connection}）{meaning}（代码 {shown}）。", remedy, owner)
            data = reply["data"]
            rows = data["rows"]
            if not (isinstance(rows, list) and all(isinstance(row, dict) for row in rows)):
                raise broken
            version = str(data.get("version") or "").replace("\x00", "")
            return Page(int(data["total"]), int(data["pages"]), version, rows)
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
            raise broken from None


class Pull:
    """All pages since a version, as JSON Lines. ``version``: that of the receipt.

    Raises SourceChanged when version, total or columns move on meanwhile, Incomplete when rows are missing or came twice,
    CollectError for more pages than the catalogue grants.
    """

    def __init__(self, intake: Intake, api: Api, since: str, columns: list[str]):
        channel, kind = intake.channel(HttpApi), load_catalogue().kinds[intake.dataset.kind]
        self._api, self._since = api, since
        self._received = Received([*kind.ignored_headers, *intake.dataset.ignored_columns], channel.row_version)
        self.first = api.page(since, 1)
        if self.first.pages > channel.max_pages:
            raise api.too_much(f"声明共 {self.first.pages:,} 页，超过 {channel.max_pages:,} 页")
        self.version = self.first.version or f"{PULLED}{now():%Y-%m-%dT%H:%M:%S.%f}"
        self.told = self._received.told
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
        first = self.first
        yield header_line(self.columns, self.version)
        self._received.take(1, first.rows)
        yield from row_lines(first.rows)
        for number in range(2, first.pages + 1):
            page = self._api.page(self._since, number)
            if (page.version, page.total) != (first.version, first.total) or self._extend(page):
                raise SourceChanged
            self._received.take(number, page.rows)
            yield from row_lines(page.rows)
        if not first.version and first.pages > 1 and self._api.page(self._since, 1) != first:
            raise SourceChanged
        self._received.settle(first.total)


def _news(intake: Intake, locator: str, pull: Pull) -> bool:
    """Whether a pull is worth a receipt: the source gave a version, or shows other rows than at the last receipt.

    The same rows are booked once in the time within which the dataset has to be heard of: that is the sign of life.
    """
    last = None if pull.first.version else intake.last(locator)
    if last is None or last.source_rows != str(pull.told):
        return True
    return intake.run.on - last.business_date >= timedelta(days=intake.dataset.cadence_days)


def behind(version: str, since: str) -> bool:
    """Whether a version lies before another one: both are numbers or moments and written alike, else nobody can say."""
    if not all(_COUNTED_VERSION.fullmatch(one) for one in (version, since)):
        return False
    if re.sub(r"[0-9]+", "0", version) != re.sub(r"[0-9]+", "0", since):
        return False
    return _order(version) < _order(since)


def _order(version: str) -> list[tuple[int, str]]:
    """Its numbers, to compare, however long: digits first, then which."""
    return [(len(digits), digits) for part in re.findall(r"[0-9]+", version) for digits in [part.lstrip("0")]]


def _pull(intake: Intake, api: Api) -> None:
    channel = intake.channel(HttpApi)
    columns: list[str] = []
    name = channel.path.rpartition("/")[2]
    where = f"http_api:{channel.connection}{channel.path}?since="
    last = intake.cursor(where)
    since = "" if intake.dataset.delivery_mode == "full_snapshot" or last.startswith(PULLED) else last
    reason = ""
    for _ in range(RESTARTS):
        pull = Pull(intake, api, since, columns)
        if since and behind(pull.first.version, since):
            intake.outcome.behind = [f"{since} → {pull.first.version}"]
            since = ""
            pull = Pull(intake, api, since, columns)
        nothing = pull.first.total == 0 and not pull.first.rows
        if nothing and since:
            return
        if nothing and not pull.first.version:
            pull.version = f"{PULLED}{intake.run.on}"  # one statement a day
        locator, version = masked_path(where + since), masked_path(pull.version)
        if (locator, version) in intake.known([locator]):
            intake.outcome.known += 1
            return
        if nothing:
            intake.take(locator, version, f"{name}@{version}", [nothing_to_report(pull.version)], pull.told)
            return
        try:
            intake.take(
                locator, version, f"{name}@{version}", pull.lines(), pull.told, partial(_news, intake, locator, pull)
            )
            return
        except SourceChanged:
            reason = "拉取期间来源数据不断变化"
        except Incomplete as incomplete:
            reason = f"版本 {pull.first.version or '（无）'}：{incomplete.reason}"
    intake.outcome.incomplete.append(f"{reason}，已从头拉取 {RESTARTS} 次")


def pull(intake: Intake) -> None:
    """Pull everything since the last booked version; complete, or not at all."""
    api = Api(intake)
    try:
        _pull(intake, api)
    finally:
        api.close()
