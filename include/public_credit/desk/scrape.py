"""The one route of a machine: whose metrics they are to read – the bearer of the district's token, or this machine where that is set.

Closed by default: without a token in its file nobody is let in by one. This machine needs none with ``PCW_METRICS=local``, and only
where no proxy is named (``PCW_DESK_URL``): behind one on the same machine everybody comes from 127.0.0.1.
"""

from __future__ import annotations

import hmac
from pathlib import Path

from fastapi import Request
from fastapi.responses import PlainTextResponse

from ..base import settings
from ..base.messages import UserError
from ..oversight import metrics
from .start import run_now

ROUTE = ("GET", "/metrics")
TOKEN = "metrics_token"  # its file in the folder of secrets
READS_AS = "reader"  # the database role that tells the metrics: counts and ages, no record
SHORTEST = 32  # characters of a token
TYPE = "text/plain; version=0.0.4; charset=utf-8"
_HERE = frozenset({"127.0.0.1", "::1"})


class NoToken(Exception):
    """Who asks for the metrics has no token, or another one."""


def token_file() -> Path:
    """Where the token stands."""
    return settings.current().metrics_token_file or settings.home() / "secrets" / TOKEN


def _token() -> bytes:
    """The district's token, b'' where none is kept. Raises UserError (code 3) for one that cannot be read or is too short."""
    path = token_file()
    try:
        token = path.read_bytes().strip()
    except FileNotFoundError:
        return b""
    except OSError:
        raise UserError(f"无法读取 {path.name}。", remedy="检查文件的权限。", code=3) from None
    if len(token) < SHORTEST:
        raise UserError(f"{path.name} 的内容过短。", remedy=f"写入至少 {SHORTEST} 个字符的随机令牌。", code=3)
    return token


def _of_this_machine(request: Request) -> bool:
    now = settings.current()
    return now.metrics == "local" and not now.desk_url and request.client is not None and request.client.host in _HERE


def admitted(request: Request) -> None:
    """The gate of the route. Raises NoToken, whatever is missing or wrong."""
    if _of_this_machine(request):
        return
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    wanted = _token()
    if not hmac.compare_digest(given.strip().encode(), wanted) or not wanted or kind.lower() != "bearer":
        raise NoToken


def read() -> PlainTextResponse:
    """The metrics as ``public-credit metrics`` prints them."""
    return PlainTextResponse(metrics.exposition(run_now()), media_type=TYPE)


def refused(request: Request, error: Exception) -> PlainTextResponse:
    """The answer to who has no token."""
    return PlainTextResponse("需要令牌。\n", 401, {"WWW-Authenticate": 'Bearer realm="metrics"'})
