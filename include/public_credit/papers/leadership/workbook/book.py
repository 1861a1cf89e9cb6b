"""The look of a workbook: one sheet per question a reader asks, formatted, with data bars, ready to print."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from ...sheets import height, landscape, said
from ..model import Publication

FONT = "微软雅黑"
BLUE, ORANGE, GREY = "#1D5A9E", "#C4500F", "#5B6875"
BAR = "#BBD3EC"  # behind digits, which stay black on it
_SCALE = 60  # percent, of a sheet too wide for one page
_KINDS: dict[str, dict[str, object]] = {
    "text": {"text_wrap": True},
    "wrap": {"text_wrap": True},
    "count": {"num_format": "#,##0", "align": "right"},
    "rate": {"num_format": "[<0.9995]0.0%;[<1]0.000%;0.0%", "align": "right"},
    "score": {"num_format": "0.00", "align": "right"},
    "points": {"num_format": "+0.0;−0.0;0.0", "align": "right"},
    "day": {"num_format": "yyyy-mm-dd", "align": "center"},
    "middle": {"align": "center"},
}


class Book:
    """A workbook with one look; each table is written with its title, header and print set-up."""

    def __init__(self, path: Path, publication: Publication, year: int, holds: str = "不含个人信息，不含逐条记录"):
        self.publication, self.year, self.holds = publication, year, holds
        self.file = xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False})
        self.file.set_properties({"title": f"{publication.district}社会信用体系建设目标", "comments": self.source})
        base: dict[str, object] = {
            "font_name": FONT,
            "font_size": 10,
            "valign": "vcenter",
            "border": 1,
            "border_color": "#DDE2E8",
        }
        self.kinds = {name: self.file.add_format(base | extra) for name, extra in _KINDS.items()}
        self.head = self.file.add_format(
            base | {"bold": True, "bg_color": "#E8F0F9", "text_wrap": True, "align": "center"}
        )
        self.title = self.file.add_format({"font_name": FONT, "font_size": 14, "bold": True})
        self.note = self.file.add_format({"font_name": FONT, "font_size": 9, "font_color": GREY})
        self.bad = self.file.add_format({"font_color": ORANGE, "bold": True})
        self.good = self.file.add_format({"font_color": BLUE})

    @property
    def source(self) -> str:
        """The line that says where a sheet's figures come from."""
        found = self.publication
        return (
            f"{'模拟数据 · ' if found.simulated else ''}数据截至 {found.business_date} · "
            f"数字截至 {found.as_of(found.month_of(self.year))} · 数据版本 {found.build_id} · "
            "率都有分母，没有分母的不出率"
        )

    def sheet(
        self,
        name: str,
        question: str,
        columns: list[tuple[str, str, int]],
        rows: Iterable[Iterable[Any]],
        *,
        note: str = "",
        bars: dict[int, str] | None = None,
        pages: Sequence[int] = (),
    ) -> Worksheet:
        """One sheet: ``columns`` are (title, kind, width); ``bars`` name the columns with data bars and their colour.

        ``pages``: columns a further page of the print begins with, the first two beside them; none for one page wide.
        """
        sheet = self.file.add_worksheet(name)
        sheet.hide_gridlines(2)
        sheet.write_string(0, 0, question, self.title)
        sheet.write_string(1, 0, self.source + (f" · {note}" if note else ""), self.note)
        for index, (title, _, width) in enumerate(columns):
            sheet.set_column(index, index, width)
            sheet.write_string(3, index, title, self.head)
        widths = [width for _, _, width in columns]
        wrapped = [index for index, (_, kind, _) in enumerate(columns) if kind in ("text", "wrap")]
        sheet.set_row(0, height([(question, 400)], 14))
        sheet.set_row(3, height((title, width) for title, _, width in columns))
        last = 3
        for last, row in enumerate(map(list, rows), start=4):
            for index, value in enumerate(row):
                self._cell(sheet, last, index, value, self.kinds[columns[index][1]])
            if wrapped:
                sheet.set_row(last, height((row[index] or "", widths[index]) for index in wrapped))
        for index, colour in (bars or {}).items():
            sheet.conditional_format(
                4,
                index,
                max(last, 4),
                index,
                {
                    "type": "data_bar",
                    "bar_solid": True,
                    "bar_color": colour,
                    "min_type": "num",
                    "min_value": 0,
                    "max_type": "num",
                    "max_value": 1,
                    "data_bar_2010": True,
                },
            )
        self._states(sheet, columns, last)
        sheet.freeze_panes(4, 1)
        sheet.autofilter(3, 0, max(last, 4), len(columns) - 1)
        self._print(sheet, question, pages)
        return sheet

    @staticmethod
    def _cell(sheet: Worksheet, row: int, column: int, value: Any, style: Any) -> None:
        if value is None:
            sheet.write_string(row, column, "—", style)
        elif hasattr(value, "year"):
            sheet.write_datetime(row, column, value, style)
        elif isinstance(value, (int, float)):
            sheet.write_number(row, column, value, style)
        else:
            sheet.write_string(row, column, str(value), style)

    def _states(self, sheet: Worksheet, columns: list[tuple[str, str, int]], last: int) -> None:
        for index, (title, _, _) in enumerate(columns):
            if title.endswith("状态"):
                for word, style in (("逾期", self.bad), ("落后", self.bad), ("已达标", self.good)):
                    sheet.conditional_format(
                        4,
                        index,
                        max(last, 4),
                        index,
                        {"type": "text", "criteria": "containing", "value": word, "format": style},
                    )

    def _print(self, sheet: Worksheet, question: str, pages: Sequence[int]) -> None:
        landscape(sheet, "")
        if pages:
            sheet.set_print_scale(_SCALE)
            sheet.set_v_pagebreaks(list(pages))
            sheet.repeat_columns(0, 1)
        sheet.repeat_rows(3)
        sheet.center_horizontally()
        sheet.set_header(f"&L&9 {said(question)}&R&9 {self.publication.business_date}")  # a blank ends the size
        sheet.set_footer(f"&L&8数据版本 {self.publication.build_id}&C&8第 &P 页，共 &N 页&R&8{self.holds}")
