"""Where a figure comes from: ``public-credit trace figure <number>``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..oversight import figure as figures
from . import output
from .chinese import App

app = App(no_args_is_help=True, help="看板数字从哪里来。")


@app.command("figure", help="一个数字由哪些行相加而成；编号印在看板上，如 T05/1/all/2026。")
def show_figure(
    number: Annotated[
        str,
        typer.Argument(
            help="数字编号：目标/期限/单位/年份，或 指标/单位/年份，定稿的数字写 E定稿号/目标/期限/单位；全区写 all。"
        ),
    ],
    out: Annotated[Path | None, typer.Option("--out", help="把全部明细写入这个 xlsx 文件。")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="写成一个网页文件（不联网即可打开、打印）。")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100000, help="屏幕上至多列几行。")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON，供脚本使用。")] = False,
) -> None:
    """Print the figure and its lines, or write them all to a workbook."""
    found = figures.lines(number)
    if out:
        output.save(out, figures.workbook(found))
    if html:
        from ..oversight import figure_page

        output.save(html, figure_page.page(found))
    if as_json:
        output.as_json(
            {
                "number": found.number,
                "title": found.title,
                "on": found.on,
                "numerator": found.numerator,
                "denominator": found.denominator,
                "not_listed": found.untold,
                "lines": [dict(zip(figures.COLUMNS, row, strict=True)) for row in found.rows],
            }
        )
        return
    if html:
        print(html)
        return
    print(found.head)
    if found.rows:
        output.table(list(figures.COLUMNS), found.rows[:limit], numeric=(5, 6))
    if len(found.rows) > limit:
        print(f"另有 {len(found.rows) - limit:,} 行；用 --limit 或 --out 文件.xlsx 看全部。")
    if out:
        print(out)
