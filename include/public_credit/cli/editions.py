"""Yearly editions of the targets' figures: list, show, diff, draft, approve, reject."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ..editions import diff as edition_diff
from ..editions import run as editions
from ..ledger import words
from . import output
from .chinese import App
from .overview import Json
from .start import On, approving, run_of

Edition = Annotated[int, typer.Argument(help="定稿编号，见 editions list。")]


def register(app: App) -> None:
    group = App(no_args_is_help=True, help="年度定稿：列表、查看、比较、起草、审批。")
    group.command("list", help="全部定稿、重列与草稿。")(list_editions)
    group.command("show", help="一份定稿的全部数字。")(show)
    group.command("diff", help="同一年度两份定稿的差别：数字，以及逐行的来、去、变。")(diff)
    group.command("draft", help="按最近一次构建起草某一年度（已定稿的年度起草重列）。")(draft)
    group.command("approve", help="批准草稿并定稿（须写明内容指纹）。")(approve)
    group.command("reject", help="否决草稿（须写明理由）。")(reject)
    app.add_typer(group, name="editions")


def _number(value: Any) -> str:
    return "－" if value is None else f"{value:,}"


def _percent(value: Any) -> str:
    return "－" if value is None else f"{value:.2f}%"


def list_editions(as_json: Json = False) -> None:
    rows = editions.listing()
    if as_json:
        output.as_json(rows)
        return
    if not rows:
        print("还没有年度定稿。")
        return
    output.table(
        ["编号", "年度", "类别", "状态", "截至", "数字", "起草", "审批", "内容指纹", "说明"],
        [
            [
                row["id"],
                str(row["year"]),
                words.EDITION_KIND[row["kind"]] + (f"（第 {row['restates']} 号）" if row["restates"] else ""),
                words.EDITION[row["state"]],
                row["as_of"],
                row["figures"],
                row["computed_by"],
                row["decided_by"],
                row["content_hash"][:12],
                row["reason"],
            ]
            for row in rows
        ],
        numeric=(0, 5),
    )


def show(
    edition: Edition,
    unit: Annotated[str, typer.Option(help="只看一个单位的数字（单位编号）。")] = "",
    as_json: Json = False,
) -> None:
    found = editions.show(edition, unit)
    if as_json:
        output.as_json(found)
        return
    head = found["edition"]
    print(
        f"第 {edition} 号  {head['year']} 年  {words.EDITION_KIND[head['kind']]}  {words.EDITION[head['state']]}  截至 {head['as_of']}  "
        f"{'单位 ' + unit if unit else '全区'}"
    )
    print(output.paint(f"内容指纹 {head['content_hash']}", "dim"))
    output.table(
        ["目标", "名称", "分子", "分母", "分母来源", "进度", "目标", "距目标", "状态"],
        [
            [
                f"{row['target_id']}-{row['goal_no']}",
                row["title"],
                _number(row["numerator"]),
                _number(row["denominator"]),
                row["denominator_source"],
                _percent(row["percent"]),
                row["goal_text"],
                "－" if row["distance"] is None else f"{row['distance']:.2f}",
                row["state"],
            ]
            for row in found["figures"]
        ],
        numeric=(2, 3, 5, 7),
    )


def diff(
    old: Annotated[int, typer.Argument(help="先前的定稿编号。")],
    new: Annotated[int, typer.Argument(help="后来的定稿编号。")],
    limit: Annotated[int, typer.Option(min=1, max=100000, help="至多列出多少行明细。")] = 1000,
    as_json: Json = False,
) -> None:
    found = edition_diff.compare(old, new, limit)
    if as_json:
        output.as_json(found)
        return
    if not found["figures"] and not found["items"]:
        print(f"{found['year']} 年：第 {old} 号与第 {new} 号没有差别。")
        return
    print(f"{found['year']} 年：第 {old} 号 → 第 {new} 号")
    output.table(
        ["目标", "名称", "原因", "分子", "分母", "进度", "变动（百分点）", "状态", "明细增 / 减 / 变"],
        [
            [
                f"{row['target_id']}-{row['goal_no']}",
                row["title"],
                "口径调整" if row["redefined"] else "r 数据更正",
                f"{_number(row['old_numerator'])} → {_number(row['new_numerator'])}",
                f"{_number(row['old_denominator'])} → {_number(row['new_denominator'])}",
                f"{_percent(row['old_percent'])} → {_percent(row['new_percent'])}",
                "－" if row["moved"] is None else f"{row['moved']:+.4f}",
                row["old_state"]
                if row["old_state"] == row["new_state"]
                else f"{row['old_state']} → {row['new_state']}",
                " / ".join(str(row[change]) for change in edition_diff.CHANGES),
            ]
            for row in found["figures"]
        ],
    )
    for row in found["redefined"]:
        print(f"口径调整 {row['target_id']}-{row['goal_no']}：{row['before']} → {row['now']}")
    print()
    output.table(
        ["数字", "变化", "单位", "对象", "分子", "分母", "单独影响（百分点）", "记录"],
        [
            [
                row["figure_id"],
                edition_diff.CHANGES[row["change"]],
                row["unit_id"],
                row["label"],
                f"{_number(row['old_numerator'])} → {_number(row['new_numerator'])}",
                f"{_number(row['old_denominator'])} → {_number(row['new_denominator'])}",
                "－" if row["moved"] is None else f"{row['moved']:+.4f}",
                row["new_record"]
                if row["old_record"] == row["new_record"]
                else f"{row['old_record'] or '无'} → {row['new_record'] or '无'}",
            ]
            for row in found["items"]
        ],
    )
    if len(found["items"]) == limit:
        print(f"只列出前 {limit:,} 行，更多请加 --limit。")


def draft(
    year: Annotated[int | None, typer.Option(min=2000, max=2100, help="年度，默认最近一个已结束的年度。")] = None,
    reason: Annotated[str, typer.Option(help="重列的原因。")] = "",
    on: On = None,
    as_json: Json = False,
) -> None:
    run = run_of(on)
    made = editions.draft(run, year or editions.last_year(run.on), reason)
    approve = f"public-credit editions approve {made.edition_id} --hash {made.content_hash}"
    output.done(
        as_json,
        made.message + (f"\n审批：{approve}" if made.edition_id else ""),
        edition=made.edition_id,
        content_hash=made.content_hash,
    )


def approve(
    edition: Edition,
    content_hash: Annotated[str, typer.Option("--hash", help="内容指纹，见 editions show。")],
    as_json: Json = False,
) -> None:
    run = approving()
    editions.approve(run, edition, content_hash)
    editions.freeze(run, edition)
    output.done(as_json, f"第 {edition} 号已批准并定稿，此后不再更改。", edition=edition)


def reject(edition: Edition, reason: Annotated[str, typer.Option(help="理由。")], as_json: Json = False) -> None:
    editions.reject(run_of(), edition, reason)
    output.done(as_json, f"第 {edition} 号已否决。", edition=edition)
