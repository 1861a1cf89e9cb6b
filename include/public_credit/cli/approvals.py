"""``public-credit approvals``: what one person asks for and another one has to agree to."""

from __future__ import annotations

from typing import Annotated

import typer

from ..catalogue import load_catalogue
from ..ledger import approvals, words
from . import output
from .chinese import App
from .overview import Json
from .start import approving, run_of

Why = Annotated[str, typer.Option("--reason", help="理由；不可逆的操作由一人申请、另一人批准，首次申请时必填。")]
Number = Annotated[int, typer.Argument(help="申请编号，见 approvals。")]


def register(app: App) -> None:
    commands = App(invoke_without_command=True)
    commands.callback()(show)
    commands.command("approve", help="同意另一人的申请：此后由申请人再次运行原命令执行。")(approve)
    commands.command("reject", help="不同意一项申请。")(reject)
    app.add_typer(commands, name="approvals", help="两人办理：不可逆的操作由一人申请、另一人批准。")


def waiting(number: int, as_json: bool) -> None:
    """Say that a command did nothing yet, and what it waits for."""
    output.done(
        as_json,
        f"已登记第 {number} 号申请，尚未执行：由另一人运行 public-credit approvals approve {number}，然后再次运行本命令。",
        approval=number,
        waiting=True,
    )


def show(context: typer.Context, as_json: Json = False) -> None:
    if context.invoked_subcommand is not None:
        return
    found = approvals.listing()
    if as_json:
        output.as_json(found)
        return
    if not found:
        print("没有申请。")
    for row in found:
        alone = f"（{approvals.ALONE}）" if row["alone"] else ""
        decided = f"，{row['decided_by']}{alone}" if row["decided_by"] else ""
        print(f"{row['id']}  {words.IRREVERSIBLE[row['action']]}  {words.APPROVAL[row['state']]}{decided}")
        print(f"    {row['asked_by']} 申请于 {row['asked_at']:%Y-%m-%d %H:%M}，{row['about']}；理由：{row['reason']}")


def approve(number: Number, as_json: Json = False) -> None:
    approvals.decide(approving(), number, True, load_catalogue().district.single_handed)
    output.done(as_json, f"第 {number} 号申请已批准，由申请人再次运行原命令执行（七天内有效）。", approval=number)


def reject(number: Number, as_json: Json = False) -> None:
    approvals.decide(run_of(), number, False, load_catalogue().district.single_handed)
    output.done(as_json, f"第 {number} 号申请未获批准，不会执行。", approval=number)
