"""``public-credit subjects``: look an organisation up, work through what is unclear, judge who is who."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from ..base.messages import UserError
from ..ledger import words
from ..ledger.session import session
from ..oversight import asof
from ..subjects import judgements, lookup, worklist
from ..subjects.nodes import TITLES
from ..subjects.suggest import suggest
from . import output
from .chinese import App
from .overview import Json
from .start import On, run_of

Reason = Annotated[str, typer.Option(help="理由，记入裁定。")]
_EFFECT = "已登记；自下一次构建（public-credit build）起生效。"


def register(app: App) -> None:
    commands = App(no_args_is_help=True)
    commands.command("show", help="查看一个组织：标识、曾用编号、承继、裁定、待办（编号、统一社会信用代码或名称）。")(
        show
    )
    commands.command("as-of", help="某日已知的、关于另一日的记录：两条时间轴。")(as_of)
    commands.command("work", help="待办：多码、共用标识、未关联记录、可能重复。")(work)
    commands.command("merge", help="裁定两个主体（或标识 类别:值）为同一主体。")(merge)
    commands.command("split", help="裁定某些标识不属于该主体。")(split)
    commands.command("undo", help="撤销一项裁定。")(undo)
    commands.command("suggest", help="按名称、住所、法定代表人查找可能重复的组织，只列入待办。")(suggest_pairs)
    app.add_typer(commands, name="subjects", help="主体：查询、待办、合并、拆分、撤销（仅组织）。")


def show(
    subject: Annotated[str, typer.Argument(help="主体编号、统一社会信用代码、类别:值 或名称。")], as_json: Json = False
) -> None:
    with session("reader") as opened:
        known = lookup.describe(opened, lookup.find(run_of(), opened, subject))
    if as_json:
        output.as_json(known)
        return
    state = "已不在登记名册" if known["gone"] else known["state"]
    print(output.paint(known["name"], "bold"))
    print(
        f"{words.SUBJECT_CLASS[known['subject_class']]}  {known['org_type']}  {state}  主体编号 {known['subject_id']}"
    )
    for item in known["identifiers"]:
        print(f"  {TITLES[item['scheme']]}  {item['value']}")
    for item in known["records"]:
        print(f"  登记行  {item['record_id']}  {item['dataset_id']} 第 {item['batch_seq']} 批第 {item['row_no']} 行")
    for item in known["past_ids"]:
        print(f"  曾用编号  {item['past_id']}  {item['since_on']} {words.PAST_ID[item['reason']]}")
    for item in known["successions"]:
        print(f"  个转企  {item['old_subject_id']} → {item['new_subject_id']}  {item['known_on']} 知悉")
    for item in known["judgements"]:
        told = words.DECISION[item["decision"]]
        undone = f"，{item['undone_on']} 撤销" if item["undone_on"] else ""
        print(
            f"  裁定 {item['id']}  {item['left_key']} 与 {item['right_key']} 为{told}：{item['reason']}"
            f"（{item['decided_by']}，{item['decided_on']}{undone}）"
        )
    for item in known["work"]:
        print(output.paint(f"  待办  {words.TOPIC[item['topic']]}：{_reason(item)}  {item['key']}", "warn"))


def as_of(
    subject: Annotated[str, typer.Argument(help="主体编号、统一社会信用代码、类别:值 或名称。")],
    known_on: Annotated[
        datetime | None, typer.Option("--known-on", formats=["%Y-%m-%d"], help="以哪一天所知为准，默认业务日期。")
    ] = None,
    about: Annotated[
        datetime | None, typer.Option("--about", formats=["%Y-%m-%d"], help="问的是哪一天的情况，默认与所知日相同。")
    ] = None,
    as_json: Json = False,
) -> None:
    run = run_of(known_on)
    known = run.on
    asked = about.date() if about else known
    with session("reader") as opened:
        found = asof.records(opened, lookup.find(run, opened, subject), known, asked)
    if as_json:
        output.as_json(found)
        return
    print(f"{known} 所知、{asked} 的情况：{len(found):,} 条记录")
    output.table(
        ["日期", "类别", "名称", "文书号", "期限至", "状态", "来源"],
        [
            [
                item["event_on"] or "",
                item["topic"],
                item["title"],
                item["document_no"],
                item["ends_on"] or item["exited_on"] or "",
                words.RECORD[item["state"]] + ("，异议中" if item["objected"] else ""),
                f"{item['dataset_id']} 第 {item['batch_seq']} 批第 {item['row_no']} 行",
            ]
            for item in found
        ],
    )


def _reason(item: dict[str, Any]) -> str:
    reason: str = item["reason"]
    return worklist.REASONS.get(reason, reason)


def work(
    topic: Annotated[str | None, typer.Option(help="只看一类：" + "、".join(words.TOPIC))] = None,
    limit: Annotated[int, typer.Option(min=1, max=100000, help="每类最多列出多少项。")] = 20,
    as_json: Json = False,
) -> None:
    if topic is not None and topic not in words.TOPIC:
        raise UserError(f"没有待办类别 {topic}。", remedy="可用类别：" + "、".join(words.TOPIC))
    with session("reader") as opened:
        items = worklist.work(opened, topic)
    if as_json:
        output.as_json(items)
        return
    if not items:
        print("没有待办。")
    for name, title in words.TOPIC.items():
        found = [item for item in items if item["topic"] == name]
        if not found:
            continue
        print(output.paint(f"{title}（{name}）：{len(found):,} 项", "bold"))
        output.table(
            ["自", "原因", "标识或记录", "相关"],
            [[item["opened_on"], _reason(item), item["key"], _related(item["detail"])] for item in found[:limit]],
        )
        if len(found) > limit:
            print(f"……其余 {len(found) - limit:,} 项用 --json 或 --limit 查看。")


def _related(detail: dict[str, Any]) -> str:
    if "scheme" in detail:
        return f"{detail['unit_id']} {detail['kind']} {TITLES.get(detail['scheme'], '')} {detail['value']}"
    return "、".join(detail.get("usccs") or detail.get("keys") or [])


def merge(
    left: Annotated[str, typer.Argument(help="一个主体，或标识 类别:值。")],
    right: Annotated[str, typer.Argument(help="另一个主体，或标识 类别:值。")],
    reason: Reason,
    on: On = None,
    as_json: Json = False,
) -> None:
    number = judgements.merge(run_of(on), left, right, reason)
    output.done(as_json, f"第 {number} 号裁定：二者为同一主体。{_EFFECT}", judgements=[number])


def split(
    subject: Annotated[str, typer.Argument(help="主体编号、统一社会信用代码、类别:值 或名称。")],
    reason: Reason,
    identifier: Annotated[list[str], typer.Option("--identifier", help="要拆出的标识 类别:值，可多次给出。")],
    on: On = None,
    as_json: Json = False,
) -> None:
    numbers = judgements.split(run_of(on), subject, identifier, reason)
    said = f"第 {'、'.join(map(str, numbers))} 号裁定：所列标识不属于该主体。{_EFFECT}"
    output.done(as_json, said, judgements=list(numbers))


def undo(
    judgement: Annotated[int, typer.Argument(help="裁定编号。")], reason: Reason, on: On = None, as_json: Json = False
) -> None:
    judgements.undo(run_of(on), judgement, reason)
    output.done(as_json, f"第 {judgement} 号裁定撤销{_EFFECT}", judgements=[judgement])


def suggest_pairs(on: On = None, as_json: Json = False) -> None:
    counts = suggest(run_of(on))
    if as_json:
        output.as_json(counts)
    else:
        print(
            f"可能重复 {counts['suggested']:,} 对：新增待办 {counts['opened']:,} 项，了结 {counts['closed']:,} 项；未合并任何主体。"
        )
