"""A report as a workbook: a sheet of facts and figures, then one sheet per section that has rows."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

import xlsxwriter

from . import policy as policies
from .person import PersonReport
from .sheets import height, landscape, whole
from .subject import SubjectReport

_LEFT = "退出日期"  # each section calls it by its own word
_COLUMNS = (
    ("事项", 26),
    ("内容", 44),
    ("文号", 20),
    ("日期", 11),
    ("期限至", 11),
    (_LEFT, 11),
    ("状态", 9),
    ("标注", 8),
    ("作出机关", 20),
    ("来源单位", 16),
    ("披露级别", 8),
    ("记录编号", 18),
)


class Book:
    """A workbook with the few formats reports use; all values are text, so no code loses a digit."""

    def __init__(self, title: str, subject: str):
        self._buffer = io.BytesIO()
        self.book = xlsxwriter.Workbook(
            self._buffer,
            {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
        )
        self.book.set_properties({"title": title, "subject": subject})
        base = {"font_name": "Microsoft YaHei", "font_size": 10, "valign": "top"}
        self.title = self.book.add_format(base | {"bold": True, "font_size": 16, "font_color": "#1D4A7A"})
        self.head = self.book.add_format(base | {"bold": True, "bg_color": "#DCE6F1", "border": 1, "text_wrap": True})
        self.cell = self.book.add_format(base | {"border": 1, "text_wrap": True, "num_format": "@"})
        self.count = self.book.add_format(base | {"border": 1, "num_format": "0", "align": "left"})
        self.marked = self.book.add_format(
            base | {"border": 1, "text_wrap": True, "num_format": "@", "bg_color": "#FCE4D6"}
        )
        self.plain = self.book.add_format(base | {"text_wrap": True})
        self._widths: dict[str, list[int]] = {}

    def sheet(self, name: str, widths: Iterable[int], footer: str) -> Any:
        """A landscape A4 sheet that prints with page numbers and the report's number."""
        sheet = self.book.add_worksheet(name)
        self._widths[name] = list(widths)
        for column, width in enumerate(self._widths[name]):
            sheet.set_column(column, column, width)
        landscape(sheet, footer)
        return sheet

    def headline(self, sheet: Any, text: str) -> None:
        """The title of a report, on its first line."""
        sheet.set_row(0, height([(text, 100)], 16))
        sheet.write_string(0, 0, text, self.title)

    def sentence(self, sheet: Any, line: int, text: str) -> None:
        """A sentence over the whole width of a sheet."""
        widths = self._widths[sheet.get_name()]
        sheet.merge_range(line, 0, line, len(widths) - 1, text, self.plain)
        sheet.set_row(line, height([(text, sum(widths))]))

    def rows(
        self, sheet: Any, first: int, headers: Sequence[str], rows: Iterable[Sequence[Any]], marked: int = 0
    ) -> int:
        """Write a header and its rows, the first ``marked`` of them coloured; the line after the last one."""
        widths = self._widths[sheet.get_name()]
        sheet.write_row(first, 0, headers, self.head)
        sheet.set_row(first, height(zip(headers, widths, strict=False)))
        line = first
        for number, row in enumerate(rows):
            style = self.marked if number < marked else self.cell
            texts = ["" if value is None else str(value) for value in row]
            for part, pieces in enumerate(whole(texts, widths[: len(texts)])):
                line += 1
                for column, piece in enumerate(pieces):
                    value = row[column]
                    if part == 0 and isinstance(value, int) and not isinstance(value, bool):
                        sheet.write_number(line, column, value, self.count)
                    else:
                        sheet.write_string(line, column, piece, style)
                sheet.set_row(line, height(zip(pieces, widths, strict=False)))
        return line + 1

    def content(self) -> bytes:
        """The finished workbook's bytes; nothing can be added afterwards."""
        self.book.close()
        return self._buffer.getvalue()


def _overview(book: Book, report: SubjectReport, code: str, footer: str) -> None:
    sheet = book.sheet("概览", (24, 60, 60), footer)
    book.headline(sheet, "公共信用信息报告")
    line = book.rows(
        sheet,
        2,
        ("项目", "内容"),
        [
            ("报告编号", report.number),
            ("校验码", code),
            ("出具单位", report.issuer),
            ("数据日期", report.data_on),
            ("出具时间", f"{report.made_at:%Y-%m-%d %H:%M}"),
            ("查询级别", report.level),
            ("经办人", report.who),
            ("查询目的", report.purpose),
            ("应用领域", report.area or "未写明"),
            *report.base,
        ],
    )
    line = book.rows(
        sheet,
        line + 1,
        ("指标", "数值", "口径"),
        [(title, value, definition) for _, title, value, definition in report.figures],
    )
    line = book.rows(sheet, line + 1, ("列出范围", "说明"), [(report.level, report.scope)])
    if report.grade:
        line = book.rows(
            sheet,
            line + 1,
            ("食品药品信用等级", "规则", "依据"),
            [(report.grade["grade"], report.grade["explanation"], report.grade["clause"])],
        )
        if report.grade_basis:
            line = book.rows(
                sheet,
                line + 1,
                ("用途", "记录", "文号与日期"),
                [
                    (item["role"], item["title"], f"{item['document_no']} {item['event_on'] or ''}")
                    for item in report.grade_basis
                ],
            )
    for below, sentence in enumerate(policies.load().notice, start=line + 1):
        book.sentence(sheet, below, sentence)


def subject_workbook(report: SubjectReport, code: str) -> bytes:
    """The report as xlsx bytes, with its check code."""
    book = Book("公共信用信息报告", report.number)
    footer = f"{report.number}  数据日期 {report.data_on}"
    _overview(book, report, code, footer)
    for part in report.sections:
        if part.rows:
            sheet = book.sheet(part.section.title, (width for _, width in _COLUMNS), footer)
            book.rows(
                sheet,
                0,
                [f"{part.left}日期" if title == _LEFT else title for title, _ in _COLUMNS],
                [
                    (
                        row["title"] or row["topic"],
                        row["detail"],
                        row["document_no"],
                        row["event_on"],
                        row["ends_on"],
                        row["exited_on"],
                        row["state"],
                        "、".join(row["marks"]),
                        row["authority_name"],
                        row["unit_name"],
                        row["disclosure"],
                        row["record_id"],
                    )
                    for row in part.rows
                ],
            )
            sheet.freeze_panes(1, 0)
    return book.content()


def person_workbook(report: PersonReport) -> bytes:
    """A person's own report as xlsx bytes: one sheet of facts, by role and date."""
    book = Book("本人信用信息报告", report.number)
    sheet = book.sheet(
        "本人报告", (20, 34, 26, 11, 11, 11, 9, 8, 24, 20), f"{report.number}  数据日期 {report.data_on}"
    )
    book.headline(sheet, "本人信用信息报告")
    line = book.rows(
        sheet,
        2,
        ("项目", "内容"),
        [
            ("证件号码", report.masked_number),
            ("报告编号", report.number),
            ("出具单位", report.issuer),
            ("数据日期", report.data_on),
            ("经办人", report.who),
            ("查询目的", report.purpose),
        ],
    )
    line = book.rows(
        sheet,
        line + 1,
        ("身份", "事项", "文号或证书号", "日期", "期限至", "退出日期", "状态", "标注", "作出机关", "来源单位"),
        [
            (
                role,
                fact["title"] or fact["topic"],
                fact["document_no"],
                fact["event_on"],
                fact["ends_on"],
                fact["exited_on"],
                fact["state"],
                "、".join(fact["marks"]),
                fact["authority_name"],
                fact["unit_name"],
            )
            for role, facts in report.roles
            for fact in facts
        ],
    )
    for below, sentence in enumerate(policies.load().person_notice, start=line + 1):
        book.sentence(sheet, below, sentence)
    return book.content()
