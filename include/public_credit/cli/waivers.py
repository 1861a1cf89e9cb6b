"""``public-credit waive | waivers | attest | attestations``: checks set aside for a while, and 零报送; list and revoke both."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from ..collect import attest as attestations
from ..gate import run as judge
from ..gate import waivers
from . import output
from .batches import Reason
from .chinese import App
from .operate import report_batch
from .overview import Json
from .start import dataset_of_catalogue, known_dataset, newest_day, run_of

Dataset = Annotated[str, typer.Argument(help="数据集编号。")]
OneDataset = Annotated[str | None, typer.Option("--dataset", help="只看一个数据集。")]
STATES = {"in_force": "有效", "expired": "已到期", "revoked": "已撤销"}


def register(app: App) -> None:
    app.command("waive", help="暂时豁免一项检查（理由、责任人、到期日必填，最长一年）。")(waive)
    group = App(no_args_is_help=True, help="豁免：列表、撤销。")
    group.command("list", help="有效的豁免；加 --all 连同已到期、已撤销的。")(list_waivers)
    group.command("revoke", help="撤销一项豁免：此后不再放行，已放行的不变。")(revoke_waiver)
    app.add_typer(group, name="waivers")
    app.command("attest", help="登记零报送。")(attest)
    group = App(no_args_is_help=True, help="零报送：列表、撤销。")
    group.command("list", help="最近登记的零报送。")(list_attestations)
    group.command("revoke", help="撤销一项误登的零报送。")(revoke_attestation)
    app.add_typer(group, name="attestations")


def waive(
    dataset: Dataset,
    check: Annotated[str, typer.Argument(help="检查项编号，见关卡说明或退回单的“规则”。")],
    reason: Reason,
    owner: Annotated[str, typer.Option(help="责任人。")],
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="到期日，最长一年。")],
    batch: Annotated[int | None, typer.Option(help="只对一个批次，登记后立即重新裁决。")] = None,
    as_json: Json = False,
) -> None:
    dataset, run = dataset_of_catalogue(dataset), run_of(newest_day())
    number = waivers.grant(run, dataset, check, reason=reason, owner=owner, expires_on=until.date(), batch_seq=batch)
    if batch is None or not as_json:
        output.done(as_json, f"已登记第 {number} 号豁免，至 {until:%Y-%m-%d}。", waiver=number)
    if batch is not None:
        from ..steps.follow_up import follow_up

        judge(run, [batch])
        follow_up(run)
        report_batch(batch, as_json)


def list_waivers(
    dataset: OneDataset = None,
    every: Annotated[bool, typer.Option("--all", help="连同已到期、已撤销的。")] = False,
    as_json: Json = False,
) -> None:
    rows = waivers.listing(newest_day(), dataset_id=known_dataset(dataset), every=every)
    if as_json:
        output.as_json(rows)
    elif not rows:
        print("没有豁免。")
    else:
        columns = ("id", "dataset_id", "check", "batch_seq", "expires_on", "state", "owner", "reason", "revoke_reason")
        output.table(
            ["编号", "数据集", "检查项", "批次", "到期", "状态", "责任人", "理由", "撤销理由"],
            [[STATES.get(row[name], row[name]) for name in columns] for row in rows],
            numeric=(0, 3),
        )


def revoke_waiver(
    number: Annotated[int, typer.Argument(help="豁免编号。")], reason: Reason, as_json: Json = False
) -> None:
    done = waivers.revoke(run_of(newest_day()), number, reason)
    output.done(
        as_json, f"第 {number} 号豁免已撤销。" if done else f"第 {number} 号豁免早已撤销，未作改动。", changed=done
    )


def attest(
    dataset: Dataset,
    start: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="起始日期，最早一年以前。")],
    end: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="截止日期，最晚当天。")],
    reason: Reason,
    as_json: Json = False,
) -> None:
    dataset = dataset_of_catalogue(dataset)
    new = attestations.attest(run_of(), dataset, start.date(), end.date(), reason)
    said = f"{dataset} {start:%Y-%m-%d} 至 {end:%Y-%m-%d} 零报送。"
    output.done(as_json, f"已登记 {said}" if new else f"早已登记 {said}", changed=new)


def list_attestations(
    dataset: OneDataset = None,
    limit: Annotated[int, typer.Option(min=1, max=100000, help="至多列出多少项。")] = 50,
    as_json: Json = False,
) -> None:
    rows = attestations.listing(dataset_id=known_dataset(dataset), limit=limit)
    if as_json:
        output.as_json(rows)
    elif not rows:
        print("没有零报送。")
    else:
        names = ("id", "dataset_id", "period_from", "period_to", "attested_by", "reason", "batch_seq", "superseded_by")
        output.table(
            ["编号", "数据集", "自", "至", "登记人", "依据", "来自批次", "被取代于批次"],
            [[row[name] for name in names] for row in rows],
            numeric=(0, 6, 7),
        )


def revoke_attestation(
    number: Annotated[int, typer.Argument(help="零报送编号。")], reason: Reason, as_json: Json = False
) -> None:
    said = attestations.revoke(run_of(newest_day()), number, reason)
    output.done(as_json, f"已撤销零报送：{said}", attestation=number)
