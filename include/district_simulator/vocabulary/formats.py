"""Rows to bytes: CSV, xlsx, xls, zip of XML ROWDATA; the same input gives the same bytes."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date, datetime, time
from typing import Any
from xml.sax.saxutils import escape

import xlsxwriter
import xlwt

from district_simulator.vocabulary.deliveries import Delivery
from district_simulator.vocabulary.dialects import Dialect
from district_simulator.vocabulary.rows import DateCell, NumberCell, Row
from district_simulator.vocabulary.sector_tables import SECTOR_TABLES

DATE_FIELDS = {"decision_date", "valid_from", "valid_to", "valid_until", "publication_end"}
_EPOCH = date(1899, 12, 30)  # Excel's day 0
_FIXED = datetime(2026, 1, 1)
_SPLIT = {"法人及非法人组织": "法人", "个体工商户": "个体工商户", "自然人": "自然人"}
_CODE = {"法人及非法人组织": "02", "个体工商户": "04", "自然人": "01"}


def _date(value: str, style: str) -> Any:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return value
    if style == "cell":
        return DateCell(day)
    if style == "serial":
        return NumberCell(float((day - _EPOCH).days))
    return {
        "iso": value,
        "slash": f"{day:%Y/%m/%d}",
        "slash_short": f"{day.year}/{day.month}/{day.day}",
        "chinese": f"{day.year}年{day.month}月{day.day}日",
        "compact": f"{day:%Y%m%d}",
    }[style]


def _month(value: str, style: str) -> str:
    year, _, month = value.partition("-")
    if len(value) != 7 or not (year + month).isdigit():
        return value
    return {
        "slash": f"{year}/{month}",
        "slash_short": f"{year}/{int(month)}",
        "chinese": f"{year}年{int(month)}月",
        "compact": f"{year}{month}",
    }.get(style, value)


def _sector_cell(row: Row, field: str, value: str, dialect: Dialect) -> Any:
    """A value of one of the sectors' tables: dates and months in the department's shape."""
    kind = SECTOR_TABLES[row.table].fields[field].type
    return _date(value, dialect.dates) if kind == "date" else _month(value, dialect.dates) if kind == "month" else value


def cell(row: Row, field: str, dialect: Dialect) -> Any:
    """One value as this department writes it."""
    if field in row.shown:
        return row.shown[field]
    value = row.get(field)
    if not value:
        return value
    if row.table in SECTOR_TABLES:
        return _sector_cell(row, field, value, dialect)
    if field in DATE_FIELDS:
        return _date(value, dialect.dates)
    if field == "subject_category" and dialect.categories != "text":
        return (_SPLIT if dialect.categories == "split" else _CODE).get(value, value)
    return value


def cells(row: Row, dialect: Dialect) -> list[Any]:
    """The row in the order of the headings."""
    return [cell(row, field, dialect) if field else row.extra.get(heading, "") for field, heading in dialect.columns]


def table(delivery: Delivery) -> tuple[list[str], list[list[Any]]]:
    """Headings and lines; a slip's clerk may have put lines of his own."""
    lines = []
    for row in delivery.rows:
        line = cells(row, delivery.dialect)
        if row.ragged == "many":
            at = next(i for i, (f, _) in enumerate(delivery.dialect.columns) if f == "remark")
            line[at : at + 1] = str(line[at]).split(",")
        elif row.ragged == "few":
            line.pop()
        lines.append(line)
    return delivery.dialect.headers, lines


def render(delivery: Delivery) -> bytes:
    """The file as bytes."""
    if delivery.content is not None:
        return delivery.content
    if delivery.damage == "empty":
        return b""
    headers, lines = table(delivery)
    data = {"csv": _csv, "xlsx": _xlsx, "xls": _xls, "xml": _zip}[delivery.format](delivery, headers, lines)
    return data[: len(data) * 3 // 5] if delivery.damage == "truncated" else data


def plain(value: Any) -> str:
    """A cell as text, for formats that know only text."""
    if isinstance(value, DateCell):
        return value.value.isoformat()
    if isinstance(value, NumberCell):
        return f"{value.value:g}"
    return value


def _csv(delivery: Delivery, headers: list[str], lines: list[list[Any]]) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(headers)
    writer.writerows([plain(v) for v in line] for line in lines)
    return buffer.getvalue().encode(delivery.encoding)


def _xlsx(delivery: Delivery, headers: list[str], lines: list[list[Any]]) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_numbers": False})
    book.set_properties({"title": delivery.dataset, "created": _FIXED})
    sheet = book.add_worksheet("Sheet1")
    day = book.add_format({"num_format": "yyyy/mm/dd"})
    for i, line in enumerate([headers, *lines]):
        for j, value in enumerate(line):
            if isinstance(value, NumberCell):
                sheet.write_number(i, j, value.value)
            elif isinstance(value, DateCell):
                sheet.write_datetime(i, j, datetime.combine(value.value, time()), day)
            elif value != "":
                sheet.write_string(i, j, value)
    book.close()
    return buffer.getvalue()


def _xls(delivery: Delivery, headers: list[str], lines: list[list[Any]]) -> bytes:
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("Sheet1")
    day = xlwt.easyxf(num_format_str="YYYY/MM/DD")
    for i, line in enumerate([headers, *lines]):
        for j, value in enumerate(line):
            if isinstance(value, DateCell):
                sheet.write(i, j, value.value, day)
            elif isinstance(value, NumberCell):
                sheet.write(i, j, value.value)
            elif value != "":
                sheet.write(i, j, value)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def rowdata(headers: list[str], lines: list[list[Any]]) -> str:
    """``<ROWDATA><ROW><CODE>..</CODE></ROW></ROWDATA>``; every third blank element is left out."""
    out = ['<?xml version="1.0" encoding="UTF-8"?>\n<ROWDATA>\n']
    blanks = 0
    for line in lines:
        out.append("<ROW>")
        for heading, value in zip(headers, line, strict=True):
            text = plain(value)
            if text == "":
                blanks += 1
                if blanks % 3 == 0:
                    continue
            out.append(f"<{heading}>{escape(text)}</{heading}>")
        out.append("</ROW>\n")
    out.append("</ROWDATA>\n")
    return "".join(out)


def _zip(delivery: Delivery, headers: list[str], lines: list[list[Any]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        member = zipfile.ZipInfo(f"{delivery.dataset.split('.')[1]}.xml", (2026, 1, 1, 0, 0, 0))
        member.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(member, rowdata(headers, lines).encode())
    return buffer.getvalue()


def json_row(row: Row, dialect: Dialect) -> dict[str, str | None]:
    """One API row: official code → text or null, plus the row version SJC."""
    out: dict[str, str | None] = {}
    for (_, heading), value in zip(dialect.columns, cells(row, dialect), strict=True):
        text = plain(value)
        out[heading] = None if text == "" and dialect.null_blank else text
    out["SJC"] = row.sjc
    return out
