"""The server of the desk: uvicorn on this machine's own address, behind whatever proxy the district puts before it."""

from __future__ import annotations

import shutil
import socket
from contextlib import suppress
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from ..base import settings
from ..base.messages import UserError
from ..catalogue import load_catalogue
from ..land.rules import load_ruleset
from . import app as desk
from . import guard


def application() -> ASGIApp:
    """The application, every route of which has its audience."""
    return desk.application()


def _free(host: str, port: int) -> None:
    """Raises UserError (code 3) where somebody else serves on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise UserError(f"端口 {port} 已被占用。", remedy="用 --port 另选一个端口。", code=3) from None


def read_ahead() -> None:
    """Read the rule files, so that no page waits for them; one with a mistake is told by the page that needs it."""
    for kind in load_catalogue().kinds:
        with suppress(UserError):
            load_ruleset(kind)


def options(port: int) -> dict[str, Any]:
    """How uvicorn serves the desk; what a proxy says of a client's address counts from ``PCW_DESK_PROXIES`` alone."""
    return {
        "host": settings.current().desk_host or "127.0.0.1",
        "port": port,
        "log_level": "warning",
        "access_log": False,
        "proxy_headers": bool(guard.public_url()),
        "forwarded_allow_ips": settings.current().desk_proxies or "127.0.0.1",
        "server_header": False,
        "timeout_graceful_shutdown": 5,
    }


def run(app: ASGIApp, port: int) -> None:
    """Serve until a signal. Raises UserError (code 3) for a port that is taken."""
    told = options(port)
    _free(told["host"], port)
    shutil.rmtree(settings.home() / "uploads", ignore_errors=True)  # of one that was killed while it took a file
    read_ahead()
    uvicorn.run(app, **told)
