"""``public-credit desk``: serve the desk on this machine's own address."""

from __future__ import annotations

from typing import Annotated

import typer

from ..base import settings
from ..desk.terminal import DEFAULT_PORT
from . import output
from .chinese import App
from .overview import Json


def register(app: App) -> None:
    app.command("desk", help="启动工作台（网页），直到 Ctrl-C；只监听本机，对外由反向代理提供 https。")(desk)


def desk(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="端口，默认 8090 或 PCW_DESK_PORT。")] = None,
    check: Annotated[bool, typer.Option("--check", help="只检查能否启动。")] = False,
    as_json: Json = False,
) -> None:
    from ..desk import serve

    port = port or settings.current().desk_port or DEFAULT_PORT
    app = serve.application()
    if check:
        output.done(as_json, "工作台可以启动。", port=port)
        return
    serve.run(app, port)
