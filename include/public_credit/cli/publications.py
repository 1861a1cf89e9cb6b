"""Publications: files that leave the warehouse for readers, each whole and self-contained."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import output
from .chinese import App
from .overview import Json
from .start import run_of


def register(report_app: App) -> None:
    report_app.command("leadership", help="领导看板：网页、工作簿、PDF 各一份，数字同出一处。")(leadership)


def leadership(
    year: Annotated[int | None, typer.Option(min=2000, max=2100, help="打开时显示的年份；不填为最近一年。")] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="写到哪个文件夹；不填为状态目录 publications/leadership。", file_okay=False),
    ] = None,
    as_json: Json = False,
) -> None:
    from ..papers.leadership.publish import publish

    published = publish(run_of(), year, out)
    if as_json:
        output.as_json(
            {
                "year": published.year,
                "build_id": published.build_id,
                "page": published.page,
                "workbook": published.workbook,
                "pdf": published.pdf,
                "lists": published.lists,
            }
        )
        return
    print(f"{published.year} 年，第 {published.build_id} 次构建")
    output.table(
        ["文件", "大小（字节）", "位置"],
        [
            [word, path.stat().st_size, str(path)]
            for word, path in (
                ("网页", published.page),
                ("工作簿", published.workbook),
                ("PDF", published.pdf),
                *(("名单", path) for path in published.lists),
            )
        ],
        numeric=(1,),
    )
