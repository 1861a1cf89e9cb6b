"""``public-credit corrections``: rows that may correct a returned one where only a person can tell; decide them, take it back."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ..base.messages import UserError
from ..base.run import Run
from ..gate import corrections
from ..ledger import words
from ..ledger.session import session
from . import output
from .batches import Reason
from .chinese import App
from .overview import Json
from .start import newest_day, run_of


def register(app: App) -> None:
    commands = App(invoke_without_command=True)
    commands.callback()(show)
    commands.command("decide", help="认定一项：是某退回行的更正（--correction-of），或是另一条新记录（--new）。")(
        decide
    )
    commands.command("undo", help="撤销一项认定：回到待认定，由它而来的取代也收回。")(undo)
    app.add_typer(commands, name="corrections", help="待认定的更正：报回的行与退回的行是不是同一条，由人认定。")


def _place(row: dict[str, Any]) -> str:
    sheet = f"·{row['sheet']}" if row["sheet"] else ""
    return f"批次 {row['batch_seq']} {row['file_name']}{sheet} 第 {row['source_row'] or '？'} 行"


def show(context: typer.Context, as_json: Json = False) -> None:
    if context.invoked_subcommand is not None:
        return
    with session("reader") as opened:
        cases = corrections.waiting(opened)
    if as_json:
        output.as_json(cases)
        return
    if not cases:
        print("没有待认定的更正。")
        return
    for case in cases:
        print(f"{case['id']}  {case['dataset_id']}  {words.CASE_REASON[case['reason']]}（{case['opened_on']}）")
        print(f"    报回：{_place(case)}")
        for entry in case["returned"]:
            print(f"    退回行 {entry['id']}：{_place(entry)}，{entry['rules']}")


def _followed_up(run: Run) -> None:
    """Do what follows from a decision. Raises UserError where that did not come to its end; the next run of the gate tries again."""
    from ..steps.follow_up import follow_up

    if follow_up(run)["not_followed_up"]:
        raise UserError(
            "已记入台账，但更正匹配或退回单未完成。",
            remedy="用 public-credit status 查看原因；修正后运行 public-credit gate。",
            code=1,
        )


def decide(
    case: Annotated[int, typer.Argument(help="待认定的编号。")],
    reason: Reason,
    correction_of: Annotated[int | None, typer.Option(help="是这一退回行的更正（退回行编号）。")] = None,
    new: Annotated[bool, typer.Option("--new", help="不是更正，是另一条新记录。")] = False,
    as_json: Json = False,
) -> None:
    if new == (correction_of is not None):
        raise UserError("请在 --correction-of 与 --new 中选一个。", remedy="用 public-credit corrections 查看编号。")
    run = run_of(newest_day())
    if not corrections.decide(run, case, correction_of, reason):
        output.done(as_json, f"第 {case} 号早已这样认定，未作改动。", changed=False)
        return
    _followed_up(run)
    output.done(
        as_json,
        f"第 {case} 号认定为新记录，退回的行继续等待更正。"
        if new
        else f"第 {case} 号认定为退回行 {correction_of} 的更正；原记录在册的，下一次构建由它取代，市平台随之收到撤销与新增。",
        changed=True,
    )


def undo(case: Annotated[int, typer.Argument(help="已认定的编号。")], reason: Reason, as_json: Json = False) -> None:
    run = run_of(newest_day())
    if not corrections.undo(run, case, reason):
        output.done(as_json, f"第 {case} 号没有认定过，或已经撤销，未作改动。", changed=False)
        return
    _followed_up(run)
    output.done(
        as_json,
        f"第 {case} 号的认定已撤销，回到待认定；被取代的原记录，下一次构建恢复，市平台随之收到新增。",
        changed=True,
    )
