"""``public-credit batches``: what was received; set a receipt aside, put it back."""

from __future__ import annotations

from typing import Annotated

import typer

from ..gate import set_aside as moves
from .overview import Json, Unit, list_batches
from .start import run_of

Reason = Annotated[str, typer.Option(help="理由，记入台账。")]
Seq = Annotated[int, typer.Argument(help="批次序号。")]


def register(app: typer.Typer) -> None:
    commands = typer.Typer(invoke_without_command=True)
    commands.callback()(show)
    commands.command("set-aside", help="搁置一个批次：不再入库、裁决和提醒，字节与已入库的行保留；已放行的不能搁置。")(
        set_aside
    )
    commands.command("restore", help="取消搁置：回到搁置前的状态。")(restore)
    app.add_typer(commands, name="batches", help="批次列表：收到什么、入库多少、结论是什么；搁置与取消搁置。")


def show(
    context: typer.Context,
    unit: Unit = None,
    dataset: Annotated[str | None, typer.Option(help="只看一个数据集。")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10000)] = 50,
    as_json: Json = False,
) -> None:
    if context.invoked_subcommand is None:
        list_batches(unit, dataset, limit, as_json)


def set_aside(seq: Seq, reason: Reason) -> None:
    print(f"批次 {seq} 已搁置。" if moves.set_aside(run_of(), seq, reason) else f"批次 {seq} 已经搁置，未作改动。")


def restore(seq: Seq, reason: Reason) -> None:
    print(
        f"批次 {seq} 已取消搁置；运行 public-credit gate 继续处理。"
        if moves.restore(run_of(), seq, reason)
        else f"批次 {seq} 没有搁置，未作改动。"
    )
