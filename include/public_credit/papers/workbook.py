"""A report as a workbook: a sheet of facts and figures, then one sheet per section that has rows."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

import xlsxwriter

from . import policy as policies
from .person import PersonReport
from .subject import SubjectReport

_LEFT = "退出日期"  # each section calls it by its own word
_COLUMNS = (
    ("事项", 34),
    ("内容", 46),
    ("文号", 26),
    ("日期", 12),
    ("期限至", 12),
    (_LEFT, 12),
    ("状态", 10),
    ("标注", 12),
    ("作出机关", 26),
    ("来源单位", 22),
    ("披露级别", 10),
    ("记录编号", 36),
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
        self.plain = self.book.add_format(base | {"text_wrap": True})

    def sheet(self, name: str, widths: Iterable[int], footer: str) -> Any:
        """A landscape A4 sheet that prints with page numbers and the report's number."""
        sheet = self.book.add_worksheet(name)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer(f"&L{footer}&R第 &P 页，共 &N 页")
        return sheet

    def rows(self, sheet: Any, first: int, headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
        """Write a header and its rows; the line after the last one."""
        sheet.write_row(first, 0, headers, self.head)
        line = first
        for line, row in enumerate(rows, start=first + 1):
            for column, value in enumerate(row):
                if isinstance(value, int) and not isinstance(value, bool):
                    sheet.write_number(line, column, value, self.count)
                else:
                    sheet.write_string(line, column, "" if value is None else str(value), self.cell)
        return line + 1

    def content(self) -> bytes:
        """The finished workbook's bytes; nothing can be added afterwards."""
        self.book.close()
        return self._buffer.getvalue()


def _overview(book: Book, report: SubjectReport, code: str, footer: str) -> None:
    sheet = book.sheet("概览", (24, 60, 60), footer)
    sheet.write_string(0, 0, "公共信用信息报告", book.title)
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
        sheet.merge_range(below, 0, below, 2, sentence, book.plain)


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
        "本人报告", (20, 34, 30, 12, 12, 12, 10, 12, 26, 22), f"{report.number}  数据日期 {report.data_on}"
    )
    sheet.write_string(0, 0, "本人信用信息报告", book.title)
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
        sheet.merge_range(below, 0, below, 9, sentence, book.plain)
    return book.content()
