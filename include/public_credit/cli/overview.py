"""What is going on: status, alerts, batches, quarantine, slips, doctor, metrics."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Annotated, Any

import typer

from ..base import files, settings
from ..base.messages import UserError, spoken
from ..ledger import words
from ..ledger.session import newest_business_day, session
from ..oversight import alerts, assessed, metrics, receipts, status, trends
from ..oversight.doctor import examine
from ..oversight.waits.item import DEPARTMENT, folded
from . import output
from .chinese import App
from .start import known_batch, known_dataset, known_unit, run_of, unit_of_catalogue

Json = Annotated[bool, typer.Option("--json", help="输出 JSON，供脚本使用。")]
Unit = Annotated[str | None, typer.Option("--unit", help="只看一个单位（单位编号）。")]


def register(app: App) -> None:
    app.command("status", help="今天一览：合计，和各责任人的待办，最要紧的在前。")(show_status)
    app.command("alerts", help="提醒清单：现在有哪些事项未了，各自何时首次提醒。")(show_alerts)
    app.command("quarantine", help="退回的行：在哪个文件哪一行、违反哪条规则、处理到哪一步。")(show_quarantine)
    app.command("slips", help="退回单：在哪里、多少行、已更正多少。")(show_slips)
    app.command("assessment", help="一个单位的年度考核：各项得分，逐行依据。")(show_assessment)
    app.command("trends", help="各规则近期退回的行数，按业务日期。")(show_trends)
    app.command("doctor", help="检查运行环境：目录、密钥、数据库、模型、连接。")(doctor)
    app.command("metrics", help="监控指标（Prometheus 文本）。")(show_metrics)


def show_metrics(
    out: Annotated[
        Path | None, typer.Option("--out", help="写入文件（整体替换），供 node_exporter 的 textfile 收集器读取。")
    ] = None,
    as_json: Json = False,
) -> None:
    if out is not None:
        if not out.parent.is_dir():
            raise UserError(f"没有文件夹 {out.parent}。", remedy="写成 textfile 收集器的文件夹中以 .prom 结尾的文件。")
        output.save(out, metrics.exposition(run_of()), files.SHARED)
    elif as_json:
        told = metrics.read(run_of())
        output.as_json([{"name": metrics.PREFIX + name, "help": said, "samples": rows} for name, said, rows in told])
    else:
        print(metrics.exposition(run_of()), end="")


def show_status(
    unit: Unit = None,
    only_open: Annotated[bool, typer.Option("--open", help="只列待办，全部列出。")] = False,
    every: Annotated[
        bool, typer.Option("--all", help="另列每个数据集的最近报送与结论；同一单位的退回单逐份列出。")
    ] = False,
    as_json: Json = False,
) -> None:
    overview = status.overview(run_of(), known_unit(unit))
    if as_json:
        output.as_json(overview["open"] if only_open else overview)
        return
    if not only_open:
        print(f"业务日期 {overview['business_date']}")
        if every:
            _datasets(overview["datasets"])
        _totals(overview)
    print_open(overview["open"], brief=not (only_open or every), each=every)


def _datasets(rows: list[dict[str, Any]]) -> None:
    output.table(
        ["单位", "数据集", "最近报送", "收到行", "放行", "退回", "重复", "拒收", "结论", "该谁处理"],
        [
            [
                row["unit_name"],
                row["title"],
                row["last_delivery"] or "从未",
                row["rows_in"],
                row["accepted"],
                row["quarantined"],
                row["duplicate"],
                row["refused"],
                row["verdict"],
                row["move"],
            ]
            for row in rows
        ],
        numeric=(3, 4, 5, 6, 7),
    )


def _totals(overview: dict[str, Any]) -> None:
    total = overview["totals"]
    print(
        f"合计 {total['batches']} 批，收到 {total['rows_in']:,} 行 = 放行 {total['accepted']:,} + 退回 "
        f"{total['quarantined']:,} + 重复 {total['duplicate']:,} + 拒收 {total['refused']:,} + 待裁决 {total['rows_waiting']:,} + 未放行 {total['rows_held']:,}"
        f"；扣留 {total['held']} 批，无法读取 {total['broken']} 批，出错 {total['failed']} 批，搁置 {total['set_aside']} 批，撤回 {total['withdrawn']} 批"
    )
    city = overview["city"]
    print(
        f"市平台：已报 {city['sent']:,}，接收 {city['accepted']:,}，拒收 {city['rejected']:,}，结果不明 {city['unknown']:,}，"
        f"待报 {city['pending']:,}"
    )


def print_open(items: list[dict[str, Any]], brief: bool, each: bool = False) -> None:
    """Print what is open, owner by owner and worst first; ``brief``: of a department the worst, of everybody else five.

    Slips of one unit are one line unless ``each`` is asked for.
    """
    if not items:
        print("没有待办。")
        return
    print(f"待办 {len(items)} 项，按责任人列出，最要紧的在前")
    for owner, group in groupby(items, itemgetter("owner")):
        theirs = list(group)
        counts = Counter(item["rank_title"] for item in theirs)
        told = "，".join(f"{title} {count}" for title, count in counts.items())
        print(output.paint(f"【{theirs[0]['owner_name']}】{len(theirs)} 项：{told}", "bold"))
        lines = theirs if each else folded(theirs)
        most = (1 if owner.startswith(DEPARTMENT) else 5) if brief else len(lines)
        for item in lines[:most]:
            told = f"（首次提醒 {item['told_first']}）" if item.get("told_first") else ""
            print(
                output.paint(f"  自 {item['since']}  {item['message']}{told}", "bad" if item["rank"] <= 3 else "warn")
            )
            if not (brief and owner.startswith(DEPARTMENT)):
                print(output.paint(f"      办法：{item['act']}", "dim"))
    if brief:
        print(spoken("全部待办及办法：public-credit status --open；一个单位的：加 --unit；各数据集：加 --all"))


def show_alerts(
    unit: Unit = None,
    every: Annotated[bool, typer.Option("--all", help="同一单位的退回单逐份列出。")] = False,
    as_json: Json = False,
) -> None:
    unit = known_unit(unit)
    run = run_of()
    items = alerts.present(newest_business_day("reader") or run.on)
    items = [item for item in items if unit in (None, item["unit_id"])]
    output.as_json(items) if as_json else print_open(items, brief=False, each=every)


def list_batches(unit: str | None, dataset: str | None, limit: int, as_json: bool) -> None:
    """Print the newest receipts."""
    unit, dataset = known_unit(unit), known_dataset(dataset)
    with session("reader") as opened:
        rows = receipts.batches(opened, unit, dataset, limit)
    if as_json:
        output.as_json(rows)
        return
    if not rows:
        print("还没有批次。")
        return
    output.table(
        ["序号", "数据集", "文件或批号", "日期", "收到", "放行", "退回", "重复", "拒收", "状态", "说明"],
        [
            [
                row["seq"],
                row["dataset_id"],
                row["file_name"] or row["source_version"],
                row["business_date"],
                row["rows_in"],
                row["accepted"],
                row["quarantined"],
                row["duplicate"],
                row["refused"],
                words.BATCH[row["state"]],
                row["message"],
            ]
            for row in rows
        ],
        numeric=(0, 4, 5, 6, 7, 8),
    )


def show_quarantine(
    unit: Unit = None,
    batch: Annotated[int | None, typer.Option(help="只看一个批次（序号）。")] = None,
    every: Annotated[bool, typer.Option("--all", help="连同已更正、已豁免的。")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100000, help="至多列出多少行。")] = 50,
    as_json: Json = False,
) -> None:
    unit = known_unit(unit)
    rows = status.quarantine_rows(unit, known_batch(batch), every, limit)
    if as_json:
        output.as_json(rows)
        return
    if not rows:
        print("没有待处理的退回行。")
        return
    output.table(
        ["批次", "数据集", "文件", "工作表", "行号", "规则", "状态", "退回日期"],
        [
            [
                row["batch_seq"],
                row["dataset_id"],
                row["file_name"],
                row["sheet"] or "",
                row["source_row"],
                row["rules"],
                words.QUARANTINE[row["state"]],
                row["opened_on"],
            ]
            for row in rows
        ],
        numeric=(0, 4),
    )
    several = len({row["kind"] for row in rows}) > 1
    for code, title, kinds in status.rule_titles(rows):
        print(output.paint(f"{code}  {title}" + (f"（{kinds}）" if several else ""), "dim"))


def show_slips(unit: Unit = None, as_json: Json = False) -> None:
    unit = known_unit(unit)
    with session("reader") as opened:
        rows = receipts.slips(opened, unit)
    for row in rows:
        row["path"] = str(settings.home() / "slips" / row["unit_id"] / row["file_name"])
    if as_json:
        output.as_json(rows)
        return
    if not rows:
        print("没有退回单。")
        return
    output.table(
        ["单位", "数据集", "日期", "行数", "已更正", "未更正", "文件"],
        [
            [
                row["unit_id"],
                row["dataset_id"],
                row["written_on"],
                row["rows"],
                row["corrected"],
                row["open"],
                row["path"],
            ]
            for row in rows
        ],
        numeric=(3, 4, 5),
    )


def show_assessment(
    unit: Annotated[str, typer.Argument(help="单位编号。")],
    limit: Annotated[int, typer.Option(min=1, max=100000, help="至多列出多少行。")] = 200,
    as_json: Json = False,
) -> None:
    unit = unit_of_catalogue(unit)
    with session("reader") as opened:
        told = assessed.of_unit(opened, unit, limit)
    if as_json:
        output.as_json(told)
    elif not told["items"]:
        print("还没有考核数字。")
    else:
        print(f"{told['year']} 年度")
        output.table(
            ["项目", "得分", "满分", "算法"],
            [[row["title"], str(row["points"]), str(row["max_points"]), row["formula"]] for row in told["items"]],
        )
        lines = [
            [row["item"], row["event_on"], str(row["counted"]), str(row["out_of"]), row["note"]]
            for row in told["lines"]
        ]
        if lines:
            output.table(["项目", "日期", "计入", "满额", "说明"], lines)


def show_trends(
    unit: Unit = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="最近多少天。")] = 30,
    as_json: Json = False,
) -> None:
    unit = known_unit(unit)
    with session("reader") as opened:
        told = trends.by_rule(opened, newest_business_day("reader") or run_of().on, unit, days)
    if as_json:
        output.as_json(told)
    elif not told["rules"]:
        print("这段时间没有退回的行。")
    else:
        output.table(
            ["规则", "类型", "合计", *(f"{day:%m-%d}" for day in told["dates"]), "说明"],
            [[row["rule"], row["kind"], row["rows"], *row["by_date"], row["title"]] for row in told["rules"]],
            numeric=tuple(range(2, 3 + len(told["dates"]))),
        )


def doctor(as_json: Json = False) -> None:
    findings = examine(settings.today())
    if as_json:
        output.as_json([finding.__dict__ for finding in findings])
    else:
        tones = {"通过": "good", "提醒": "warn", "待办": "bad"}
        for finding in findings:
            print(
                f"{output.paint(output.pad(finding.verdict, 6), tones[finding.verdict])}"
                f"{output.pad(finding.subject, 22)}{spoken(finding.detail)}"
            )
        counts = {word: sum(finding.verdict == word for finding in findings) for word in tones}
        print(f"{counts['通过']} 项通过，{counts['提醒']} 项提醒，{counts['待办']} 项待处理")
    if any(finding.verdict == "待办" for finding in findings):
        raise UserError("有待处理的项目。", remedy="按上面“待办”各行的说明处理后重试。", code=3)
