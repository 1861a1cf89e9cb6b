"""``public-credit batches``: what was received; set a receipt aside, put it back."""

from __future__ import annotations

from typing import Annotated

import typer

from ..base.messages import UserError
from ..gate import set_aside as moves
from ..land import withdrawn
from ..ledger import words
from ..ledger.session import session
from ..oversight import receipts
from ..steps import work
from . import output
from .chinese import App
from .overview import Json, Unit, list_batches
from .start import newest_day, run_of

Reason = Annotated[str, typer.Option(help="理由，记入台账。")]
Seq = Annotated[int, typer.Argument(help="批次序号。")]


def register(app: App) -> None:
    commands = App(invoke_without_command=True)
    commands.callback()(show)
    commands.command("show", help="一个批次的全部：各次入库、步骤、检查项、各规则行数、有问题的行、退回单。")(show_one)
    commands.command("set-aside", help="搁置一个批次：不再入库、裁决和提醒，字节与已入库的行保留；已放行的不能搁置。")(
        set_aside
    )
    commands.command("withdraw", help="撤回一个已放行的批次：下一次构建收回它的行，市平台随之收到撤销。")(withdraw)
    commands.command("restore", help="恢复搁置或撤回的批次：回到原来的状态。")(restore)
    app.add_typer(commands, name="batches", help="批次列表：收到什么、入库多少、结论是什么；搁置、撤回与恢复。")


def show(
    context: typer.Context,
    unit: Unit = None,
    dataset: Annotated[str | None, typer.Option(help="只看一个数据集。")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10000, help="至多列出多少批。")] = 50,
    as_json: Json = False,
) -> None:
    if context.invoked_subcommand is None:
        list_batches(unit, dataset, limit, as_json)


def show_one(
    seq: Seq,
    limit: Annotated[int, typer.Option(min=1, max=100000, help="至多列出多少行。")] = 50,
    as_json: Json = False,
) -> None:
    with session("reader") as opened:
        told = receipts.batch(opened, seq, listed=limit)
    if as_json:
        output.as_json(told)
        return
    print(f"批次 {seq}  {told['dataset_id']}  {told['file_name']}  {words.BATCH[told['state']]}  {told['message']}")
    for step in told["steps"]:
        print(
            f"  {step['started_at']:%m-%d %H:%M}  {words.STEP.get(step['name'], step['name'])}  {words.VERDICT[step['verdict']]}  {step['message']}"
        )
    for check in told["checks"]:
        if not check["success"]:
            print(f"  未通过 {check['expectation_id']}  {check['title']}  {check['remedy']}")
    for rule in told["rules"]:
        print(f"  {rule['rule']}  {rule['rows']:,} 行  {rule['title']}")
    output.table(
        ["工作表", "行号", "错误", "提醒"],
        [[row["sheet"] or "", row["source_row"], row["errors"], row["warnings"]] for row in told["rows"]],
        numeric=(1,),
    )


def set_aside(seq: Seq, reason: Reason, as_json: Json = False) -> None:
    done = moves.set_aside(run_of(newest_day()), seq, reason)
    output.done(as_json, f"批次 {seq} 已搁置。" if done else f"批次 {seq} 已经搁置，未作改动。", changed=done)


def withdraw(seq: Seq, reason: Reason, as_json: Json = False) -> None:
    if not moves.withdraw(run_of(newest_day()), seq, reason):
        output.done(as_json, f"批次 {seq} 已经撤回，未作改动。", changed=False)
        return
    failures = work.gate(run_of(newest_day()))
    with session("reader") as opened:
        left = [row.seq for row in withdrawn.due(opened) if row.withdrawn == seq]
    said = f"批次 {seq} 已撤回；下一次构建收回它的行，变更单随后报市平台。"
    if left:
        said += f"批次 {'、'.join(map(str, left))} 中与之重复的行尚未计入，见 public-credit status。"
    output.done(as_json, said, changed=True, not_landed_again=left)
    if failures:
        raise UserError("；".join(failures), remedy="用 public-credit status 查看。", code=1)


def restore(seq: Seq, reason: Reason, as_json: Json = False) -> None:
    done = moves.restore(run_of(newest_day()), seq, reason)
    output.done(
        as_json,
        f"批次 {seq} 已恢复；运行 public-credit gate 和 build 继续处理。"
        if done
        else f"批次 {seq} 没有搁置或撤回，未作改动。",
        changed=done,
    )
