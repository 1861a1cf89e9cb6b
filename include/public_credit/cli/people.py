"""Commands that can show a record of a person: they ask for a purpose and write ``access_log`` first."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..base.messages import UserError
from ..base.run import Run
from ..oversight import trace
from . import output
from .approvals import Why, waiting
from .chinese import App
from .overview import Json
from .start import run_of

if TYPE_CHECKING:
    from ..papers.record.model import RecordCase

Purpose = Annotated[str | None, typer.Option(help="查询目的；涉及自然人的记录必填，并记入查询日志。")]


def register(app: App) -> None:
    app.command("explain", help="一条记录的来龙去脉：状态、来源、逐项数值、规则、版本、报送与回执。")(explain)
    app.command("find", help="查找：文书号、代码、名称、记录编号、批次、文件 sha256、豁免、数字编号。")(find)
    vault = App(no_args_is_help=True, help="保险库。")
    vault.command("rekey", help="更换保险库与归档密钥：逐条重新加密（可中断后续做）。")(rekey)
    app.add_typer(vault, name="vault")


def explain(
    key: Annotated[
        str, typer.Argument(help="决定文书号、记录编号（r 开头），或 批次/行号（如 64/410，含退回、拒收的行）。")
    ],
    purpose: Purpose = None,
    html: Annotated[Path | None, typer.Option("--html", help="写成一个网页文件（不联网即可打开、打印）。")] = None,
    case: Annotated[
        Path | None, typer.Option("--case", help="写成案卷（zip：网页、JSON、回执、可外带的原件、校验值）。")
    ] = None,
    original: Annotated[
        Path | None, typer.Option("--original", help="取出收到的原件（须有归档权限并写明目的，留痕）。")
    ] = None,
    as_json: Json = False,
) -> None:
    from ..oversight.record import load
    from ..oversight.record import original as originals
    from ..papers.record import casefile, page
    from ..papers.record.model import as_dict

    run, said = run_of(), purpose or ""
    place = load.place_of(key)
    found = [] if place else load.answering(key, run, purpose=said)
    asked = [load.at_place(*place)] if place else [load.asked_for(item) for item in found]
    if html or case or original:
        asked = [load.only(asked, key)]
    if not (html or case or original or as_json or place):
        _tell(run, found, said)
        return
    cases = [load.case(run, item, purpose=said, action="case" if case else "explain") for item in asked]
    written = []
    if html:
        output.save(html, page.page(cases[0]))
        written.append(html)
    if case:
        output.save(case, casefile.made(cases[0], originals.for_case_file(cases[0])))
        written.append(case)
    if original:
        output.save(original, originals.content(run, cases[0], purpose=said))
        written.append(original)
    if as_json:
        output.as_json([as_dict(item) for item in cases])
    elif written:
        print("\n".join(map(str, written)))
    else:
        _print_case(cases[0])


def _tell(run: Run, found: list[trace.Found], purpose: str) -> None:
    from ..oversight.record import load, looked

    for item in map(load.asked_for, found):
        given = looked.purpose_given(item.about_person, purpose)
        if not item.about_person:  # of a person's the database writes the look as it answers
            looked.book(run, item.record_id, item.place, purpose=given, action="explain", channel="cli")
    for one in found:
        with looked.signed_in_for(run, one.about_person, "") as token:
            _print(trace.story(one, purpose=purpose, token=token))


def _print_case(case: RecordCase) -> None:
    """A row of a receipt in short."""
    print(output.paint(case.title, "bold"))
    print(
        f"{case.kind_title}，{case.unit}，{output.paint(case.state.word, 'good' if case.state.tone == 'good' else 'warn')}"
    )
    for cause in case.state.causes:
        print(f"  原因  {cause.on or ''} {cause.text}".rstrip())
    source = case.source
    row = "" if source.source_row is None else f" 第 {source.source_row} 行"
    print(f"  来源  {source.file_name or source.locator} {source.sheet}{row}，{source.received_at:%Y-%m-%d %H:%M} 收到")
    print(output.paint(f"        sha256 {source.file.booked}  {source.file.word}", "dim"))
    for value in case.values:
        changed = "" if value.received == value.landed else f"   （收到时为：{value.received}）"
        print(f"        {value.title}：{value.landed}{changed}")
    for rule in case.rules:
        if rule.tone != "good":
            print(output.paint(f"  规则  {rule.verdict}  {rule.id} {rule.title}  {rule.remedy}", "warn"))
    for note in case.notes:
        print(output.paint(f"  {note}", "dim"))


def find(
    wanted: Annotated[
        str,
        typer.Argument(
            metavar="内容", help="文书号、代码、名称、记录编号、批次、批次/行号、sha256、豁免 编号、数字编号。"
        ),
    ] = "",
    person: Annotated[
        bool, typer.Option("--person", help="按证件号码查本人的记录；号码在提示符处或标准输入中给出。")
    ] = False,
    purpose: Purpose = None,
    as_json: Json = False,
) -> None:
    from ..oversight import search

    if person:
        if not (purpose or "").strip():
            raise UserError("按证件号码查询须说明目的。", remedy="加上 --purpose “……”，查询将记入日志。")
        given = getpass.getpass("身份证号码（不显示）：") if sys.stdin.isatty() else sys.stdin.readline()
        found = search.of_person(run_of(), given.strip(), purpose=purpose or "")
    else:
        found = search.search(run_of(), wanted)
    if as_json:
        output.as_json({"given": found.given, "hits": [hit.__dict__ for hit in found.hits], "notes": found.notes})
        return
    for note in found.notes:
        print(output.paint(note, "dim"))
    if not found.hits:
        raise UserError(
            f"没有查到“{found.given[:80]}”。", remedy="文书号、代码、名称须写全称；括号可用全角或半角。", code=4
        )
    output.table(["类别", "名称", "说明", "编号"], [[hit.word, hit.title, hit.detail, hit.key] for hit in found.hits])


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
