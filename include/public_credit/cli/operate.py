"""Do something: migrate, ingest, collect, gate, build, release, deliver, receive, reconcile, replay, sweep, tidy, purge."""

from __future__ import annotations

import json
from datetime import datetime, time
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import select

from ..base.messages import UserError, key_given, spoken
from ..catalogue import load_catalogue
from ..gate import run as judge
from ..identifiers import persons
from ..ledger import approvals, words
from ..ledger.models import Attempt, Batch
from ..ledger.session import session, step
from ..ledger.states import AttemptState, BatchState, Irreversible, StepName, Verdict
from ..oversight import outbound
from ..steps import work
from . import output
from .approvals import Why, waiting
from .chinese import LARGEST, App
from .overview import Json
from .start import (
    On,
    approving,
    dataset_of_catalogue,
    landing_alone,
    newest_day,
    own_dataset,
    run_of,
    unit_of_catalogue,
)

Release = Annotated[int, typer.Argument(help="变更单编号，见 status。")]


def register(app: App) -> None:
    app.command("migrate", help="建立或升级数据库结构。")(migrate)
    app.command("collect", help="立即采集一个单位（即时采集）。")(collect)
    app.command("probe", help="连接一个数据集的来源，说明可收什么；不登记任何内容。")(probe)
    app.command("ingest", help="登记一份文件并入库、裁决。")(ingest)
    app.command("gate", help="裁决所有已入库的批次。")(gate)
    app.command("build", help="构建数仓。")(build)
    app.command(
        "dbt",
        help="运行 dbt 自己的命令（build、test、docs generate、source freshness …），带上连接和最近一次构建的变量。",
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False},
    )(dbt)
    release = App(no_args_is_help=True, help="变更单：生成、查看、审批。")
    release.command("prepare", help="冻结最近一次构建的变更单。")(release_prepare)
    release.command("list", help="变更单列表：等待审批的在前。")(release_list)
    release.command("items", help="变更单的差异：逐条记录编号与操作，不含内容。")(release_items)
    release.command("show", help="查看变更单封面。")(release_show)
    release.command("approve", help="批准异常变更单（须写明差异指纹）。")(release_approve)
    release.command("reject", help="否决等待审批的变更单：不再报送，其记录由下一份变更单重新提出。")(release_reject)
    app.add_typer(release, name="release")
    app.command("deliver", help="把已放行的变更报送市平台。")(deliver)
    app.command("deliveries", help="最近的报送请求、结果不明的记录、被拒收的原因。")(show_deliveries)
    app.command("receive", help="取回市平台的后续回执。")(receive)
    app.command("reconcile", help="与市平台逐条双向对账。")(reconcile)
    app.command("replay", help="从归档重放一个批次：新的一次入库与旧的并列，裁决后一次切换。")(replay)
    app.command("sweep", help="清理中断的收取和入库在归档与保险库中的残留。")(sweep)
    app.command("tidy", help="删除过期的日志和 Airflow 的运行记录。")(tidy)
    app.command("purge", help="清除保存期限届满的记录的原始行，连同归档与保险库。")(purge)


def migrate(as_json: Json = False) -> None:
    from ..steps.migrate import migrate as run

    waiting = run()
    said = "数据库结构已是最新。"
    if waiting:
        said += f"\n字段有改动、等待套用的记录类型：{'、'.join(waiting)}。运行 public-credit catalogue apply 预览。"
    output.done(as_json, said, kinds_to_apply=waiting)


def collect(unit: Annotated[str, typer.Argument(help="单位编号。")], on: On = None, as_json: Json = False) -> None:
    counts = work.collect_and_land(run_of(on), unit_of_catalogue(unit))
    output.done(as_json, f"收到 {counts['receipts']} 份，入库 {counts['rows_in']} 行", **counts)


def probe(dataset: Annotated[str, typer.Argument(help="数据集编号。")], as_json: Json = False) -> None:
    from ..collect.run import probe as ask

    outcome = ask(run_of(), dataset_of_catalogue(dataset))
    said = f"{dataset}：{outcome.message.replace('新收', '可收')}"
    output.done(as_json, said, verdict=outcome.verdict, **outcome.counts)
    if outcome.verdict == Verdict.FAILED:
        raise typer.Exit(5)


def _batch(key: str) -> Batch:
    key = key_given(key, "批次序号")
    with session("reader") as opened:
        known = not key.isdecimal() or int(key) <= LARGEST
        where = Batch.seq == int(key) if key.isdecimal() else Batch.batch_id == key
        found = opened.scalar(select(Batch).where(where)) if known else None
        if found is None:
            raise UserError(f"没有批次 {key}。", remedy="用 public-credit batches 查看批次序号。", code=4)
        opened.expunge(found)
        return found


def report_batch(seq: int, as_json: bool) -> None:
    """Say what became of a batch; exit code 4 when it is held or could not be read, 1 when an error of ours ended it."""
    batch = _batch(str(seq))
    counts = {name: getattr(batch, name) for name in ("rows_in", "accepted", "quarantined", "duplicate", "refused")}
    if as_json:
        output.as_json(
            {"seq": seq, "batch_id": batch.batch_id, "state": batch.state, "message": batch.message, **counts}
        )
    else:
        print(
            f"批次 {seq}（{batch.dataset_id}）{words.BATCH[batch.state]}：收到 {counts['rows_in'] or 0:,} 行 = 放行 "
            f"{counts['accepted'] or 0:,} + 退回 {counts['quarantined'] or 0:,} + 重复 {counts['duplicate'] or 0:,} "
            f"+ 拒收 {counts['refused'] or 0:,}"
        )
        if batch.message:
            print(spoken(batch.message))
    if batch.state in (BatchState.HELD, BatchState.BROKEN):
        raise typer.Exit(4)
    if batch.state == BatchState.FAILED:
        raise typer.Exit(1)


def ingest(
    dataset: Annotated[str, typer.Argument(help="数据集编号。")],
    file: Annotated[Path, typer.Option("--file", help="要登记的文件。")],
    land_only: Annotated[bool, typer.Option("--land-only", help="只登记入库，留待关卡集中裁决。")] = False,
    on: On = None,
    as_json: Json = False,
) -> None:
    dataset = key_given(dataset, "数据集编号")
    if not load_catalogue().refusal(dataset):
        dataset = dataset_of_catalogue(dataset)
    if not file.is_file():
        raise UserError(f"没有文件 {file.name}。", remedy="检查路径。")
    own_dataset(dataset)
    if not land_only:
        landing_alone()
    run = run_of(on)
    outcome = work.ingest(run, dataset, file)
    if not outcome.batch_seqs:
        output.done(as_json, outcome.message, batches=[])
        return
    if land_only:
        listed = "、".join(map(str, outcome.batch_seqs))
        output.done(as_json, f"已登记批次 {listed}，待关卡裁决。", batches=list(outcome.batch_seqs))
        return
    work.gate(run)
    for seq in outcome.batch_seqs:
        report_batch(seq, as_json)


def gate(on: On = None, as_json: Json = False) -> None:
    failures = work.gate(run_of(on))
    output.done(as_json, "裁决完成。用 public-credit status 查看结论。", failures=failures)
    if failures:
        raise UserError(
            "；".join(failures),
            remedy="其他批次已照常裁决；修正后重放出错的批次，或用 batches set-aside 搁置（已放行的用 batches withdraw 撤回）。",
            code=1,
        )


def build(
    on: On = None,
    full: Annotated[bool, typer.Option("--full", help="重算已有内容；报送过的内容（exports）是历史，不改写。")] = False,
    select: Annotated[
        list[str] | None,
        typer.Option("-s", "--select", help="与 --full 同用：只重算所选（dbt 选择式）及与其上下游相连的模型。"),
    ] = None,
    as_json: Json = False,
) -> None:
    if select and not full:
        raise UserError(
            "-s 只能与 --full 同用。", remedy="平日的构建总是完整的；要重算一部分，写 build --full -s <模型>。"
        )
    result = work.build(run_of(on), full=full, select=tuple(select or ()))
    output.done(as_json, result.message, build_id=result.build_id, models=result.models, seconds=result.seconds)


def dbt(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="结束时输出 JSON，供脚本使用；写在 dbt 的命令之前。")] = False,
) -> None:
    from ..build import dbt as of_dbt

    done = of_dbt.call(run_of(), list(context.args))
    if as_json:
        output.as_json({"success": done, "arguments": list(context.args)})
    if not done:
        raise typer.Exit(1)


def release_prepare(on: On = None, as_json: Json = False) -> None:
    result = work.release(run_of(on))
    said = result.message if result else "没有待冻结的变更。"
    output.done(as_json, said, release=result.release_id if result else None, state=result.state if result else None)


def release_list(as_json: Json = False) -> None:
    with session("reader") as opened:
        rows = outbound.releases(opened)
    if as_json:
        output.as_json(rows)
    elif not rows:
        print("还没有变更单。")
    else:
        output.table(
            ["编号", "业务日期", "新增", "变更", "撤下", "状态", "批准人", "异常"],
            [
                [
                    row["release_id"],
                    row["business_date"],
                    row["adds"],
                    row["mods"],
                    row["dels"],
                    words.RELEASE[row["state"]],
                    row["decided_by"],
                    row["unusual"],
                ]
                for row in rows
            ],
            numeric=(0, 2, 3, 4),
        )


def release_items(
    release_id: Release,
    limit: Annotated[int, typer.Option(min=1, max=100000, help="至多列出多少条。")] = 200,
    as_json: Json = False,
) -> None:
    with session("reader") as opened:
        rows = outbound.release(opened, release_id, limit)["items"]
    if as_json:
        output.as_json(rows)
        return
    output.table(
        ["接口", "操作", "记录编号", "结果"],
        [
            [row["interface"], words.OPERATION[row["operation"]], row["record_id"], words.ITEM[row["state"]]]
            for row in rows
        ],
    )


def show_deliveries(
    limit: Annotated[int, typer.Option(min=1, max=100000, help="每类至多列出多少条。")] = 50, as_json: Json = False
) -> None:
    with session("reader") as opened:
        told = outbound.deliveries(opened, limit)
    if as_json:
        output.as_json(told)
        return
    output.table(
        ["请求", "接口", "条数", "结果", "时间", "说明"],
        [
            [
                row["delivery_id"],
                row["interface"],
                row["items"],
                words.REQUEST.get(row["state"], row["state"]),
                f"{row['started_at']:%m-%d %H:%M}",
                row["message"],
            ]
            for row in told["requests"]
        ],
        numeric=(0, 2),
    )
    print(f"结果不明 {len(told['doubtful'])} 条")
    for row in told["refused"]:
        print(f"拒收 {row['receipt_code']}  {row['interface']}  {row['items']:,} 条  {row['said']}")


def release_show(release_id: Release, as_json: Json = False) -> None:
    from ..deliver import release

    cover = release.cover(release_id)
    if as_json:
        output.as_json(cover)
        return
    for name, value in cover.items():
        print(f"{name}：{json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value}")


def release_approve(
    release_id: Release,
    diff_hash: Annotated[str, typer.Option("--hash", help="差异指纹，见封面。")],
    as_json: Json = False,
) -> None:
    from ..deliver import release

    release.approve(approving(), release_id, diff_hash)
    output.done(as_json, f"第 {release_id} 号变更单已批准。", release=release_id)


def release_reject(
    release_id: Release, reason: Annotated[str, typer.Option(help="理由。")], as_json: Json = False
) -> None:
    from ..deliver import release

    items = release.reject(run_of(), release_id, reason)
    said = f"第 {release_id} 号变更单已否决，{items:,} 条不再报送；其记录由下一次构建后的变更单重新提出。"
    output.done(as_json, said, release=release_id, items=items)


def deliver(on: On = None, as_json: Json = False) -> None:
    result = work.deliver(run_of(on))
    counts = {name: getattr(result, name, 0) for name in ("accepted", "rejected", "unknown")}
    output.done(as_json, result.message if result else "本辖区没有接收方，无可报送。", **counts)


def receive(on: On = None, as_json: Json = False) -> None:
    from ..deliver import receipts

    count = receipts.fetch(run_of(on))
    output.done(as_json, f"取回 {count} 条回执。", receipts=count)


def reconcile(
    on: On = None, as_json: Json = False, each: Annotated[bool, typer.Option("--list", help="逐条列出差异。")] = False
) -> None:
    from ..deliver import reconcile as reconciliation

    result = reconciliation.run(run_of(on))
    if as_json:
        output.as_json(result.__dict__)
    elif each:
        rows = [
            (words.DIFFERENCE[kind], interface, record or "自然人，不列编号", *versions)
            for kind, interface, record, *versions in reconciliation.differences()
        ]
        output.table(("差异", "接口", "记录编号", "我方版本", "市平台版本"), rows)
    else:
        print(
            f"我方应有 {result.ours:,}，市平台持有 {result.theirs:,}，一致 {result.agreed:,}；"
            f"缺 {result.missing:,}，多 {result.surplus:,}，版本不同 {result.differing:,}"
        )
    if result.missing or result.surplus or result.differing:
        raise typer.Exit(1)


def replay(
    batch: Annotated[str, typer.Argument(help="批次序号或批次编号。")],
    why: Annotated[str, typer.Option("--reason", help="理由，记入台账。")] = "",
    on: On = None,
    as_json: Json = False,
) -> None:
    found = _batch(batch)
    run = run_of(on or newest_day())
    if why.strip():
        with step(run, "collector", StepName.REPLAY, batch_seq=found.seq) as record:
            record.message = persons.mask(f"{run.who} 重放批次 {found.seq}：{why.strip()}")
    result = work.land_one(run, found.seq)
    from ..steps.follow_up import follow_up

    judged = [(outcome.state, outcome.message) for outcome in judge(run, [found.seq])]
    follow_up(run)
    if not as_json:
        with session("reader") as opened:
            state = opened.get_one(Attempt, (found.seq, result.attempt)).state
        print(f"第 {result.attempt} 次入库，{'已切换为当前版本' if state == AttemptState.GATED else '未切换'}。")
    report_batch(found.seq, as_json)
    for state, message in [(result.state, result.message), *judged]:  # an earlier attempt may have stayed live
        if state in (BatchState.FAILED, BatchState.BROKEN):
            if not as_json:
                print(spoken(message))
            raise typer.Exit(1 if state == BatchState.FAILED else 4)


def sweep(as_json: Json = False) -> None:
    counts = work.sweep(run_of())
    said = (
        "已清理：归档 {stray_objects} 个未登记的对象、{unreceived_objects} 个未成回执的对象，"
        "保险库 {unused_numbers} 个未用的号码。".format(**counts)
    )
    output.done(as_json, said, **counts)


def tidy(as_json: Json = False) -> None:
    from ..steps.tidy import tidy as run

    counts = run(run_of())
    output.done(as_json, f"已删除过期日志 {counts['logs']:,} 个，Airflow 的运行记录已清理。", **counts)


def purge(
    on: On = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只说明将清除什么，不作改动。")] = False,
    reason: Why = "",
    as_json: Json = False,
) -> None:
    from ..land import retention
    from ..steps import irreversible

    if on is None and not dry_run and not reason:  # what was agreed to yesterday is done today as it was asked for
        agreed = approvals.day_agreed(Irreversible.PURGE)
        on = datetime.combine(agreed, time()) if agreed else None
    run = run_of(on)
    if dry_run:
        found = retention.preview(run.on)
    else:
        done = irreversible.purge(run, reason)
        if done.waiting is not None:
            waiting(done.waiting, as_json)
            return
        found = done.due
    if as_json:
        output.as_json(
            [{"kind": due.kind.id, "records": due.records, "rows": due.rows, "purged": not dry_run} for due in found]
        )
        return
    for due in found:
        rule = due.kind.retention
        print(f"{due.kind.title}：{due.records:,} 条记录、{due.rows:,} 行（{rule.rule}，{rule.clause}）")
    if not found:
        print("没有保存期限届满的记录。")
    elif dry_run:
        print("以上为预览，未作改动。")
