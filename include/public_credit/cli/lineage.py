"""``public-credit lineage <field | column | figure>``: what a column is made from, step by step, or what is made from it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..base import settings
from ..base.messages import UserError
from ..base.run import now
from ..catalogue import load_catalogue
from . import output
from .overview import Json


def register(app: typer.Typer) -> None:
    app.command("lineage", help="一个字段、列或看板数字从哪里来、经过什么，或流向哪里（逐列）。")(lineage)


def lineage(
    wanted: Annotated[
        str, typer.Argument(metavar="字段|列|数字", help="数字编号、表名.列名、类型.字段、中文名或代码。")
    ] = "",
    down: Annotated[bool, typer.Option("--down", help="流向：它用在哪些列和数字里。")] = False,
    openlineage: Annotated[
        Path | None, typer.Option("--openlineage", help="把全部血缘写成 OpenLineage 事件（JSON 行）。")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", help="画成一个网页文件：左边由什么而来，右边用在哪里，逐列可点。")
    ] = None,
    as_json: Json = False,
) -> None:
    from ..oversight.lineage import compiled, page, shown
    from ..oversight.lineage import openlineage as events
    from ..oversight.lineage.told import Words

    if not wanted.strip() and openlineage is None:
        raise UserError("请写明要查的字段、列或数字。", remedy="例如 public-credit lineage T05/1/all/2026。", code=2)
    graph = compiled.current()
    if openlineage is not None:
        output.save(openlineage, events.events(graph, "public-credit-warehouse", now()))
        if not wanted.strip():
            output.done(as_json, f"已生成 {openlineage}", file=str(openlineage))
            return
    words = Words(load_catalogue())
    columns = words.find(graph, wanted)
    if html is not None:
        output.save(html, page.page(graph, words, columns, wanted=wanted.strip(), simulated=settings.simulated_clock()))
        output.done(as_json, f"已生成 {html}", file=str(html), columns=columns)
        return
    if as_json:
        output.as_json([shown.as_json(graph, words, column, down) for column in columns])
        return
    for column in columns:
        print("\n".join(shown.lines(graph, words, column, down)))
