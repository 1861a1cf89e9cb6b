"""``public-credit calendar show | deadline | import``: the working days, and a year's announcement of public holidays."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from ..base.messages import UserError
from ..policy import announcement, calendar_file
from ..policy.calendar_file import Day
from ..policy.workdays import PROVISIONAL, WorkCalendar, by_weekday
from . import output
from .chinese import App
from .overview import Json

_YEAR = typer.Argument(min=2000, max=2100, help="年份。")


def register(app: typer.Typer) -> None:
    calendar = App(no_args_is_help=True, help="工作日历：查看，导入一年的放假安排。")
    calendar.command("show", help="各年的安排；写上年份，列出与平常不同的日子。")(show)
    calendar.command("deadline", help="某日作出的决定最迟哪一天报送入库。")(deadline)
    calendar.command("import", help="把一年的放假安排写入辖区的 calendar.csv。")(take_in)
    app.add_typer(calendar, name="calendar")


def _different(days: list[Day]) -> list[Day]:
    return [item for item in days if item.is_workday != by_weekday(item.day)]


def show(year: Annotated[int | None, _YEAR] = None, as_json: Json = False) -> None:
    calendar = WorkCalendar.load()
    told = calendar.through(date(max(year or 0, calendar.announced_through().year + 1), 12, 31))
    if year is not None:
        days = [(item, announced) for item, announced in told if item.day.year == year]
        headers = ("日期", "安排", "说明", "来源")
        rows = [
            (str(item.day), "上班" if item.is_workday else "放假", item.note, item.source)
            for item in _different([item for item, _ in days])
        ]
        unknown = sum(not announced for _, announced in days)
        note = f"{year} 年有 {unknown} 天尚未公布，{PROVISIONAL}。" if unknown else ""
    else:
        headers, note = ("年份", "工作日", "与平常不同", "来源"), ""
        rows = []
        for each in range(calendar.first_day.year, told[-1][0].day.year + 1):
            of_year = [item for item, _ in told if item.day.year == each]
            sources = "、".join(dict.fromkeys(item.source for item in of_year))
            worked = sum(item.is_workday for item in of_year)
            rows.append((str(each), str(worked), str(len(_different(of_year))), sources))
    if as_json:
        output.as_json([dict(zip(headers, row, strict=True)) for row in rows])
        return
    output.table(headers, rows)
    if note:
        print(note)


def deadline(
    day: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="决定日期。")], as_json: Json = False
) -> None:
    calendar, decided_on = WorkCalendar.load(), day.date()
    last, provisional = calendar.deadline(decided_on), calendar.is_provisional(decided_on)
    mark = f"（{PROVISIONAL}）" if provisional else ""
    text = f"{decided_on} 作出的决定：期限 {last}{mark}"
    output.done(as_json, text, decided_on=str(decided_on), deadline=str(last), provisional=provisional)


def take_in(
    year: Annotated[int, _YEAR],
    file: Annotated[
        Path | None,
        typer.Option("--file", help="通知中与平常不同的日子（day,is_workday,note）；不写则取软件包 chinesecalendar。"),
    ] = None,
    source: Annotated[str, typer.Option(help="通知的文号，与 --file 同用。")] = "",
    to: Annotated[Path | None, typer.Option("--to", help="写入的文件，默认辖区文件夹的 calendar.csv。")] = None,
    as_json: Json = False,
) -> None:
    target = to or calendar_file.district_path()
    if target is None:
        raise UserError("没有指定辖区。", remedy="把 PCW_DISTRICT 设为辖区文件夹的路径，或用 --to 写明文件。", code=3)
    if file is not None and not source.strip():
        raise UserError("没有写明通知的文号。", remedy="加上 --source “国办发明电〔……〕……号”。")
    if file is not None and not file.is_file():
        raise UserError(f"没有文件 {file.name}。", remedy="检查路径。")
    days = announcement.of_file(year, file, source.strip()) if file else announcement.of_package(year)
    try:
        calendar_file.write(target, days)
    except OSError as error:
        raise UserError(
            f"{target.name} 无法写入（{type(error).__name__}）。", remedy="用 --to 写到别处，再放入辖区文件夹。", code=3
        ) from None
    different = _different(days)
    free = sum(not item.is_workday for item in different)
    text = f"已写入 {target}：{year} 年平日放假 {free} 天，周末上班 {len(different) - free} 天。下一次构建按它重算全部期限。"
    output.done(as_json, text, file=str(target), year=year, free=free, worked=len(different) - free)
