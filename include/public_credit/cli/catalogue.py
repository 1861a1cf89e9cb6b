"""``public-credit catalogue check | show | coverage | generate | apply | template``."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ..base import files, settings
from ..base.messages import UserError, key_given
from ..build import inputs
from ..catalogue import CatalogueError, generate, load_catalogue, read
from ..catalogue.load import default_root
from ..catalogue.models import Field, Kind
from ..oversight import coverage as report
from . import output
from .chinese import App
from .start import dataset_of_catalogue, newest_day, run_of

app = App(no_args_is_help=True)
NO_DISTRICT = "未指定辖区（PCW_DISTRICT）"
Json = Annotated[bool, typer.Option("--json", help="输出 JSON，供脚本使用。")]


@contextmanager
def _looking_at(district: Path | None) -> Iterator[None]:
    """The district is the folder given, for this command."""
    before = os.environ.get("PCW_DISTRICT")
    if district is not None:
        os.environ["PCW_DISTRICT"] = str(district.resolve())
    try:
        yield
    finally:
        if district is not None:
            os.environ.pop("PCW_DISTRICT")
            os.environ |= {} if before is None else {"PCW_DISTRICT": before}


@app.command("check", help="检查目录和辖区文件夹；有错误时逐条指出文件、行号和改法。")
def check(
    root: Annotated[Path | None, typer.Option(help="目录所在文件夹。")] = None,
    district: Annotated[Path | None, typer.Option(help="辖区文件夹，默认为 PCW_DISTRICT 所指的。")] = None,
    as_json: Json = False,
) -> None:
    with _looking_at(district):
        _check(root, as_json)


def _check(root: Path | None, as_json: bool) -> None:
    if root is not None and not (root / "code_lists.yml").is_file():
        raise UserError(
            f"文件夹 {root} 不是目录文件夹（没有 code_lists.yml）。", remedy="写 include/catalogue 所在的路径。"
        )
    catalogue, problems = read(root or default_root(), settings.district_folder())
    if settings.district_folder() and not catalogue.district.name:
        raise CatalogueError(problems)
    faults = [] if problems or root else inputs.facts().faults
    reminders = catalogue.absent.reminders(settings.today())
    if as_json:
        output.as_json(
            {
                "version": catalogue.version,
                "problems": [asdict(item) for item in problems],
                "evidence": [str(fault) for fault in faults],
                "reminders": reminders,
            }
        )
    elif problems:
        for item in problems:
            print(f"{item.file}:{item.line}  {item.where}  {item.reason}")
            print(f"    改法：{item.remedy}")
        print(f"共 {len(problems)} 处错误；有误的文件不生效，其余照常。")
    elif not faults:
        print(
            f"目录正确：{catalogue.district.title or NO_DISTRICT}，{len(catalogue.kinds)} 种记录，{len(catalogue.units)} 个单位，{len(catalogue.datasets)} 个数据集，"
            f"版本 {catalogue.version}。"
        )
    for line in () if as_json else reminders:
        print(output.paint(f"提醒  {line}", "warn"))
    if faults:
        raise UserError("；".join(fault.text for fault in faults), remedy=faults[0].remedy, code=3)
    if problems:
        raise typer.Exit(1)


def _table(kind: Kind, variant: str) -> list[Field]:
    return [kind.fields[name] for name in kind.tables[variant].fields]


def _markdown(kind: Kind) -> str:
    lines = [
        f"# {kind.title}（{kind.id}）",
        "",
        f"公示：{kind.publication.rule}（{kind.publication.clause}）",
        "",
        f"保留：{kind.retention.rule}（{kind.retention.clause}）",
    ]
    for variant, table in kind.tables.items():
        lines += [
            "",
            f"## {table.title}",
            "",
            "| 序号 | 中文名 | 代码 | 字段 | 类型 | 长度 | 必填 | 敏感级别 |",
            "|---|---|---|---|---|---|---|---|",
        ]
        lines += [
            f"| {number} | {field.title} | {field.codes.get(variant, '')} | {field.name} | {field.type} | "
            f"{field.length} | {field.required} | {field.sensitivity} |"
            for number, field in enumerate(_table(kind, variant), start=1)
        ]
    return "\n".join(lines)


@app.command("show", help="查看目录：全部单位与数据集，或某一单位、数据集、记录类型。")
def show(
    name: Annotated[str | None, typer.Argument(help="单位、数据集或记录类型编号。")] = None,
    form: Annotated[str, typer.Option("--format", help="text、markdown 或 json。")] = "text",
    as_json: Json = False,
) -> None:
    catalogue = load_catalogue()
    form = "json" if as_json else form
    if name is None:
        if form == "json":
            print(
                json.dumps(
                    {unit.id: unit.model_dump() for unit in catalogue.units.values()},
                    ensure_ascii=False,
                    indent=2,
                    default=str,
                )
            )
            return
        for unit in catalogue.units.values():
            print(f"{unit.id}  {unit.name}（{unit.nature}，{unit.uscc}）")
            for dataset in unit.datasets:
                print(
                    f"    {dataset.id}  {dataset.title}  渠道 {dataset.channel.type}  {dataset.disclosure}  "
                    f"依据：{dataset.legal_basis}"
                )
        return
    name = key_given(name, "单位、数据集或记录类型编号")
    found = catalogue.units.get(name) or catalogue.datasets.get(name) or catalogue.kinds.get(name)
    if found is None:
        raise UserError(
            f"目录中没有 {name}。", remedy="不带参数运行 public-credit catalogue show 查看全部编号。", code=4
        )
    if form == "markdown" and isinstance(found, Kind):
        print(_markdown(found))
    elif form == "json" or not isinstance(found, Kind):
        print(json.dumps(found.model_dump(), ensure_ascii=False, indent=2, default=str))
    else:
        print(_markdown(found))


@app.command("coverage", help="依据文件的各领域（D01–D35）：数据集、单位、最近报送，或不予归集的理由。")
def coverage(as_json: Json = False) -> None:
    rows = report.table()
    if as_json:
        output.as_json(rows)
        return
    output.table(
        ["领域", "名称", "口径", "单位", "最近报送", "数据集或理由"],
        [line for row in rows for line in report.lines(row)],
    )
    served = sum(bool(row["last_delivery"]) for row in rows)
    print(
        f"{len(rows)} 个领域，{served} 个已有报送；{len(load_catalogue().datasets)} 个数据集，"
        f"{len(load_catalogue().refused)} 类不予归集。"
    )


@app.command("generate", help="按目录重写 dbt 项目中由它生成的文件：staging、报送接口及其说明。")
def generate_files(as_json: Json = False) -> None:
    written = generate.write(load_catalogue())
    if not as_json:
        for name in written:
            print(f"dbt_project/{name}")
    said = f"已重写 {len(written)} 个文件。" if written else "dbt 项目与目录一致，没有要重写的文件。"
    output.done(as_json, said, files=[f"dbt_project/{name}" for name in written])


@app.command("apply", help="把目录中改过的记录字段套用到数据库和 dbt 项目：先预览，加 --yes 才改。")
def apply(
    yes: Annotated[bool, typer.Option("--yes", help="照预览改；不加只预览。")] = False,
    erase: Annotated[
        str | None, typer.Option(help="清除一个已停用字段在原始层保留的值：<记录类型>.<字段>，须与 --yes 同用。")
    ] = None,
    as_json: Json = False,
) -> None:
    from ..land import reshape

    if erase:
        kind, _, name = key_given(erase, "记录类型.字段").partition(".")
        if not yes:
            raise UserError(f"将清除 {kind}.{name} 在原始层的全部值，不可恢复。", remedy="确认后加 --yes。")
        output.done(as_json, reshape.erase(run_of(newest_day()), kind, name))
        return
    catalogue = load_catalogue()
    with settings.engine("owner").connect() as connection:  # who applies it; it looks at the values of every row
        plans = reshape.plan(connection, catalogue)
    stale = generate.stale(catalogue)
    if as_json and not yes:
        output.as_json(
            [
                {"kind": made.kind.id, "rows": made.rows, "refused": made.refused}
                | {"changes": [change.__dict__ for change in made.changes]}
                for made in plans
            ]
        )
        return
    if not yes:
        for made in plans:
            print(f"{made.kind.id}（{made.kind.title}，已入库 {made.rows:,} 行）")
            for change in made.changes:
                print(f"    {change.text}")
            for reason in made.refused:
                print(f"    不能套用：{reason}")
        for name in stale:
            print(f"dbt_project/{name} 将按目录重写")
    if not plans and not stale:
        output.done(as_json, "目录与数据库一致，没有要套用的改动。", applied=[])
    elif not yes:
        print("以上只是预览，未作改动。加 --yes 套用；下一次构建将全量重建。")
    else:
        applied = reshape.apply(run_of(newest_day()), plans, catalogue)
        if not as_json:
            for line in applied:
                print(line)
        output.done(as_json, "已套用。下一次构建（public-credit build）将全量重建。", applied=applied)


@app.command("template", help="生成某数据集的填报模板（xlsx）：下拉选项、批注、示例行。")
def template(
    dataset: Annotated[str, typer.Argument(help="数据集编号。")],
    out: Annotated[Path | None, typer.Option("-o", "--output", help="保存到哪个文件。")] = None,
    as_json: Json = False,
) -> None:
    from ..papers.template import workbook

    catalogue = load_catalogue()
    found = catalogue.datasets[dataset_of_catalogue(dataset)]
    unit = catalogue.units[found.unit]
    path = out or Path(f"填报模板_{dataset}.xlsx")
    output.save(path, workbook(catalogue.kinds[found.kind], found, unit.name, unit.uscc), files.SHARED)
    output.done(as_json, f"已生成 {path}", file=str(path))
