"""Reports: of an organisation, a person's own, and the review of an applicant list."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ..base import settings
from ..base.messages import UserError, key_given
from ..ledger.states import PaperForm
from . import output
from .chinese import App
from .overview import Json
from .start import answered_for

Purpose = Annotated[str, typer.Option(help="查询目的，写入报告并留痕。")]
Area = Annotated[str, typer.Option(help="应用领域（实施意见列名的领域，如政府采购；计入推行信用报告制度的领域数）。")]
Output = Annotated[Path | None, typer.Option("-o", "--output", help="输出文件夹，默认当前文件夹。")]


def register(report: App) -> None:
    report.command("subject", help="一个组织的公共信用信息报告（xlsx 与可打印网页）。")(subject)
    report.command("verify", help="核验报告：真实、被改动或未知。给出文件，或编号加 --code 校验码。")(verify)
    report.command("person", help="本人信用信息报告；身份证号码在提示符处或标准输入中给出。")(person)
    report.command("review", help="批量审查：申请单位名单 xlsx 进，同一名单加提示出。")(review)


def _done(as_json: bool, files: list[Path], text: str, **fields: Any) -> None:
    """Say which files were written, and what they are."""
    output.done(as_json, text if as_json else "\n".join([*map(str, files), text]), files=[*map(str, files)], **fields)


def subject(
    key: Annotated[str, typer.Argument(help="统一社会信用代码，或主体编号。")],
    level: Annotated[str, typer.Option(help="查询级别：公开、政务共享、授权查询、封存。")] = "公开",
    purpose: Purpose = "",
    area: Area = "",
    out: Output = None,
    as_json: Json = False,
) -> None:
    from ..papers import issued
    from ..papers.subject import gather

    key_given(key, "主体编号或代码")
    report = gather(answered_for(), key, level=level, purpose=purpose, area=area)
    papers, folder = issued.issue(report), out or Path()
    files = [folder / f"{report.number}.xlsx", folder / f"{report.number}.html"]
    output.save(files[0], papers[PaperForm.WORKBOOK], folders=True)
    output.save(files[1], papers[PaperForm.PAGE], folders=True)
    _done(as_json, files, f"{report.number}：列出 {report.shown} 条；数据日期 {report.data_on}", number=report.number)


def verify(
    paper: Annotated[str, typer.Argument(help="报告文件（html、xlsx），或报告编号。")],
    code: Annotated[str, typer.Option(help="校验码，只有编号时给出。")] = "",
    as_json: Json = False,
) -> None:
    from ..papers import issued

    path = Path(paper)
    if path.is_file():
        found = issued.verify_file(path.read_bytes())
    elif code.strip():
        found = issued.verify_code(paper, code)
    else:
        raise UserError(f"没有文件 {path.name}。", remedy="检查路径；只有编号的，加上 --code 校验码。")
    said = f"{found.verdict}：{found.number or '文件中没有报告编号'}"
    if found.report:
        told = found.report
        said += f"\n出具时间 {told.at.astimezone(settings.TIMEZONE):%Y-%m-%d %H:%M}，级别 {told.level}，数据日期 {told.data_on}"
    output.done(as_json, said, verdict=found.verdict, number=found.number)
    if found.verdict != issued.GENUINE:
        raise typer.Exit(4 if found.verdict == issued.UNKNOWN else 1)


def person(purpose: Purpose = "", out: Output = None, as_json: Json = False) -> None:
    from ..papers import page, workbook
    from ..papers.person import gather

    if not purpose.strip():
        raise UserError("出具本人报告须说明目的。", remedy="加上 --purpose “……”，查询将记入日志。")
    given = getpass.getpass("身份证号码（不显示）：") if sys.stdin.isatty() else sys.stdin.readline()
    key_given(given, "身份证号码")
    report = gather(answered_for(), given.strip(), purpose=purpose)
    folder = out or Path()
    files = [folder / f"{report.number}.xlsx", folder / f"{report.number}.html"]
    output.save(files[0], workbook.person_workbook(report), folders=True)
    output.save(files[1], page.person_page(report).encode(), folders=True)
    said = f"{report.number}：{report.masked_number}，" + ("已列出本人的记录" if report.roles else "没有对应的记录")
    _done(as_json, files, said, number=report.number)


def review(
    applicants: Annotated[Path, typer.Argument(help="申请单位名单（xlsx、xls），有名称或统一社会信用代码列。")],
    purpose: Purpose = "",
    area: Area = "",
    out: Annotated[Path | None, typer.Option("-o", "--output", help="结果文件，默认在名单旁。")] = None,
    as_json: Json = False,
) -> None:
    from ..papers.review import review as run
    from ..papers.review_workbook import workbook

    if not applicants.is_file():
        raise UserError(f"没有文件 {applicants.name}。", remedy="检查路径。")
    reviewed = run(answered_for(), applicants.read_bytes(), purpose=purpose, area=area)
    path = out or applicants.with_name(f"{applicants.stem}_审查提示.xlsx")
    output.save(path, workbook(reviewed), folders=True)
    said = (
        f"{reviewed.number}：{len(reviewed.lines):,} 行，已比对 {reviewed.count('已比对'):,}，"
        f"其中有提示 {sum(bool(line.hits) for line in reviewed.lines):,}；未匹配 {reviewed.count('未匹配'):,}，"
        f"自然人未审查 {reviewed.count('未审查（自然人）'):,}"
    )
    _done(as_json, [path], said, number=reviewed.number, lines=len(reviewed.lines))
