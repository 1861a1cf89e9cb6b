"""Commands that can show a record of a person: they ask for a purpose and write ``access_log`` first."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ..base.messages import UserError
from ..ledger.session import signed_in
from ..oversight import trace
from . import output
from .approvals import Why, waiting
from .chinese import App
from .overview import Json
from .start import run_of

Purpose = Annotated[str | None, typer.Option(help="查询目的；涉及自然人的记录必填，并记入查询日志。")]


def register(app: App) -> None:
    app.command("explain", help="一条记录的来龙去脉：来源、入库、规则、版本、报送与回执。")(explain)
    vault = App(no_args_is_help=True, help="保险库。")
    vault.command("rekey", help="更换保险库与归档密钥：逐条重新加密（可中断后续做）。")(rekey)
    app.add_typer(vault, name="vault")


def explain(
    key: Annotated[str, typer.Argument(help="决定文书号，或记录编号（r 开头）。")],
    purpose: Purpose = None,
    as_json: Json = False,
) -> None:
    found = trace.find(key)
    if not found:
        raise UserError(f"没有文书号或记录编号为 {key} 的记录。", remedy="核对文书号（括号可用全角或半角）。", code=4)
    if any(item.about_person for item in found):
        if purpose is None or not purpose.strip():
            raise UserError(
                "该记录涉及自然人，须说明查询目的。", remedy="加上 --purpose “……”，查询将记入日志。", code=2
            )
        with signed_in(run_of()) as token:
            stories = [trace.story(item, purpose=purpose, token=token) for item in found]
    else:
        stories = [trace.story(item) for item in found]
    if as_json:
        output.as_json(stories)
        return
    for story in stories:
        _print(story)


def _print(story: dict[str, Any]) -> None:
    print(output.paint(story["document_no"] or story["record_id"] or "", "bold"))
    print(f"{story['kind_title']}，{story['subject']}，{story['authority']}，{story['state']}")
    print(output.paint(f"记录编号 {story['record_id']}", "dim"))
    for number, version in enumerate(story["versions"], start=1):
        print()
        print(f"第 {number} 版  {version['outcome']}")
        print(
            f"  来源  {version['file_name'] or version['locator']}  {version['sheet'] or ''} 第 {version['source_row']} 行，"
            f"{version['received_at']:%Y-%m-%d %H:%M} 收到（业务日期 {version['business_date']}）"
        )
        print(
            output.paint(
                f"        批次 {version['batch_seq']} {version['batch_id']}  sha256 {version['sha256'][:32]}…", "dim"
            )
        )
        print(
            f"  入库  第 {version['attempt']} 次，{version['dag_run'] or '命令行'}；目录 {version['catalogue_version']}，"
            f"规则 {version['rules_version']}，程序 {version['code_version']}"
        )
        print(f"  质量  通过 {version['rules_passed']}/{version['rules_total']} 条")
        for item in version["findings"]:
            print(output.paint(f"        {item['severity']}  {item['rule']} {item['title']}", "warn"))
        print("  数值")
        for field in version["fields"]:
            changed = "" if field["received"] == field["value"] else f"   （收到时为：{field['received']}）"
            print(f"        {field['title']}：{field['value']}{changed}")
    print()
    if not story["deliveries"]:
        print("  送达  未报送")
    for item in story["deliveries"]:
        receipt = f"，回执 {item['receipt_id']}" if item["receipt_id"] else ""
        print(
            f"  送达  {item['operation_title']} {item['state_title']}  第 {item['release_id']} 号变更单，"
            f"{item['sent_at']:%Y-%m-%d %H:%M}{receipt}"
            if item["sent_at"]
            else f"  送达  {item['operation_title']} {item['state_title']}  第 {item['release_id']} 号变更单，尚未发送"
        )
        if item["receipt_code"] not in (None, "", "00"):
            print(
                output.paint(
                    f"        {item['receipt_code']} {item['receipt_field'] or ''} {item['receipt_text'] or ''}", "bad"
                )
            )
        for name, value in item["values"].items():
            if value:
                print(output.paint(f"        {name} = {value}", "dim"))
    for event in story["events"]:
        print(f"  回执  {event['event_title']}  {event['at_on'] or ''} {event['text']}")
    for look in story["looks"]:
        print(output.paint(f"  查询  {look['at']:%Y-%m-%d %H:%M} {look['who']}：{look['purpose']}", "dim"))


def rekey(reason: Why = "", as_json: Json = False) -> None:
    from ..custody import vault
    from ..steps import irreversible

    done = irreversible.rekey(run_of(), reason)
    if done.waiting is not None:
        waiting(done.waiting, as_json)
        return
    said = f"已重新加密 {done.numbers:,} 条，归档对象密钥 {done.objects:,} 个。"
    if done.doubles:
        seqs = "、".join(map(str, vault.batches_with(done.doubles)))
        said += (
            f"\n其中 {len(done.doubles):,} 个号码曾登记两次：两个标识均可解密、均可按号码查到，新入库的行只用其中一个。"
            + (f"要使已入库的行也归一，用 public-credit replay 重放批次 {seqs}，再构建。" if seqs else "")
        )
    output.done(as_json, said, numbers=done.numbers, objects=done.objects, doubles=len(done.doubles))
