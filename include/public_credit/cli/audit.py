"""Tamper evidence: seal, show the roots, verify everything against them (docs/audit.md)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import text

from ..base.messages import UserError, key_given
from ..ledger.session import session
from . import output
from .approvals import Why, waiting
from .chinese import App
from .overview import Json
from .start import On, run_of

app = App(no_args_is_help=True, help="留痕与防篡改：封存证据链、查看根值、全面复核。")
_SEALS = text("select * from ledger.chain_seal order by seal_no desc limit :limit")
_COUNTED = {
    "tables": "台账表", "events": "链上事件", "seals": "封存", "roots": "留存的根值", "attempts": "入库批次", "raw_rows": "原始行",
    "objects": "归档对象",
}  # fmt: skip


@app.command(
    "verify", help="复核归档、原始行、台账与证据链，说明何处被改、至迟何时、哪些说不出。发现改动时退出码为 1。"
)
def verify(
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="归档与原始行只复核该日起收到的；台账与链总是全部复核。"),
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="接收方交回的根值原文，与本库比对。", exists=True, dir_okay=False)
    ] = None,
    as_json: Json = False,
) -> None:
    from ..oversight.audit import places
    from ..oversight.audit import verify as audit

    handed_back = places.from_file(against) if against else None
    done = audit.verify(run_of(), since.date() if since else None, handed_back)
    report, timeline = done.report, done.timeline
    if as_json:
        findings = [timeline.as_json(finding) for finding in report.findings]
        counted = {"accepted": report.accepted, "unsaid": report.unsaid, "counts": report.counts}
        output.as_json({"findings": findings, "verified_at": timeline.now, **counted})
    else:
        print("已复核：" + "，".join(f"{word} {report.counts.get(name, 0):,}" for name, word in _COUNTED.items()))
        for finding in report.findings:
            told = f"被改  {finding.id}  {finding.where}：{finding.text}。{timeline.told(finding)}。"
            print(output.paint(told, "bad"))
        for line in report.accepted:
            print(f"依规  {line}")
        for line in report.unsaid:
            print(output.paint(f"说不出  {line}", "warn"))
        print("没有发现改动。" if not report.findings else f"发现 {len(report.findings)} 处改动。")
    if report.findings:
        raise typer.Exit(1)
    if report.unread:
        raise report.unread


@app.command("explain", help="说明一处发现：由一人说明、另一人批准，此后列为“依规”；那里再有改动，仍会发现。")
def explain(
    finding: Annotated[str, typer.Argument(help="发现的编号，见 audit verify。")],
    reason: Why = "",
    as_json: Json = False,
) -> None:
    from ..steps import evidence

    finding = key_given(finding, "发现的编号")
    asked = evidence.explain(run_of(), finding, reason)
    if not asked.granted:
        waiting(asked.id, as_json)
        return
    output.done(as_json, f"{finding} 已说明，载入证据链。", finding=finding)


@app.command("seal", help="封存：把新登记的事件接到链上，算出根值并送出。每次构建之后自动进行。")
def seal(on: On = None, as_json: Json = False) -> None:
    from ..oversight.audit import seal as audit

    done = audit.seal(run_of(on))
    output.done(as_json, f"{done.pop('message')}。", **done)
    if done["failed"]:
        raise UserError("有去处没有送到。", remedy="检查归档存储与连接 audit；下次封存会再送。", code=5)


@app.command("roots", help="列出各次封存的根值，供抄存于本机以外。")
def roots(
    limit: Annotated[int, typer.Option(min=1, max=100000, help="至多列出最近多少次。")] = 20,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="写到文件，每个根值一行，可交回 audit verify --against。", dir_okay=False),
    ] = None,
    as_json: Json = False,
) -> None:
    from ..oversight.audit import places

    with session("reader") as opened:
        found = [places.of_seal(row) for row in opened.execute(_SEALS, {"limit": limit}).all()]
    if out:
        output.save(out, "".join(f"{root.line}\n" for root in reversed(found)))
    if as_json:
        output.as_json([root.as_json() for root in found])
        return
    if not found:
        print("还没有封存过。")
        return
    output.table(
        ["封存", "日期", "封存时刻（UTC）", "事件", "根值"],
        [[root.seal, root.day, root.sealed_at[:19], root.position, root.root] for root in found],
        numeric=(0, 3),
    )
