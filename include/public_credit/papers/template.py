"""The workbook a department fills in: official headers, text formats, drop-downs, notes, one example row.

What is the same in every row – the unit and its code, a category of which the table takes one – fills itself in beside what is typed.
"""

from __future__ import annotations

import io
from typing import Any

import xlsxwriter

from ..base import plain_yaml
from ..catalogue.load import default_root
from ..catalogue.models import Dataset, Field, Kind
from ..land.readers.spreadsheet import EXAMPLE_SHEET, FORM_SHEET, LISTS_SHEET, NOTES_SHEET
from .choices import drop_down, offered, open_ended
from .sheets import height, landscape

_ROWS, _FILLED_IN = 2000, 30  # rows with drop-downs; rows of the page that prints, in which the unit is filled in
_GUIDE = (34, 90)  # widths of 填报说明
_NARROW, _WIDE = 6, 9  # columns of a form of thirty still read when they are one page wide


def _note(field: Field, kind: Kind, variant: str) -> str:
    parts = [{"yes": "必填", "no": "选填", "conditional": "视情况必填"}[field.required], f"最长 {field.length} 字"]
    parts.append(
        {
            "date": "日期：年-月-日，长期填 2099-12-31",
            "decimal": "金额：单位万元，至多 6 位小数",
            "person_id": "证件号码：文本格式，只用于报送，加密保存",
            "enum_multi": "多项用英文分号隔开",
            "uscc": "18 位，GB 32100 校验",
            "org_code": "9 位，GB 11714 校验",
        }.get(field.type, "")
    )
    if field.code_list:
        other = "、其他-说明" if kind.code_lists[field.code_list].other else ""
        parts.append("可填：" + "、".join(offered(kind, variant, field)) + other)
    return "；".join(part for part in parts if part)


def _examples(kind: Kind, variant: str) -> dict[str, str]:
    examples = plain_yaml.load((default_root() / "examples.yml").read_text(encoding="utf-8"))
    known = examples[kind.id] | (examples["person"] if variant == "person" else {})
    return {name: str(known.get(name, "")) for name in kind.tables[variant].fields}


def example(kind: Kind, variant: str, unit_name: str, unit_uscc: str) -> dict[str, str]:
    """The example row of a template, '' for fields that stay blank (``include/catalogue/examples.yml``)."""
    return {
        name: text.format(unit_name=unit_name, unit_uscc=unit_uscc) for name, text in _examples(kind, variant).items()
    }


def constants(kind: Kind, variant: str, unit_name: str, unit_uscc: str) -> dict[str, str]:
    """Fields that say the same in every row of a unit's table, with what they say.

    The unit's own name and code, where the example names them; a value of a code list where the table takes one alone.
    """
    own = example(kind, variant, unit_name, unit_uscc)
    result = {name: own[name] for name, text in _examples(kind, variant).items() if "{unit_" in text}
    for name in kind.tables[variant].fields:
        values = offered(kind, variant, kind.fields[name])
        if len(values) == 1 and not open_ended(kind, kind.fields[name]):
            result[name] = values[0]
    return result


def _guided(guide: Any, line: int, title: str, note: str, style: Any) -> None:
    guide.write_row(line, 0, [title, note], style)
    guide.set_row(line, height(zip((title, note), _GUIDE, strict=True), 11))


def _fill_in(sheet: Any, column: int, beside: str, value: str, style: Any) -> None:
    """The value in each row that has something in column ``beside``; a blank result is a text, so that it is no lost one."""
    for line in range(1, _FILLED_IN + 1):
        sheet.write_formula(line, column, f'=IF(${beside}{line + 1}="","","{value}")', style, " ")


def workbook(kind: Kind, dataset: Dataset, unit_name: str, unit_uscc: str) -> bytes:
    """The template of one dataset as xlsx bytes; sheet 填报 is what the unit fills in and sends."""
    fields = [kind.fields[name] for name in kind.tables[dataset.variant].fields]
    row = example(kind, dataset.variant, unit_name, unit_uscc)
    same = constants(kind, dataset.variant, unit_name, unit_uscc)
    beside = xlsxwriter.utility.xl_col_to_name([field.name in same for field in fields].index(False))
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False})
    base: dict[str, Any] = {"border": 1, "text_wrap": True, "valign": "top"}
    required = book.add_format(base | {"bold": True, "bg_color": "#DCE6F1"})
    optional = book.add_format(base | {"bg_color": "#F2F2F2"})
    plain = book.add_format(base)
    as_text = book.add_format(base | {"num_format": "@", "border_color": "#BFBFBF"})
    filled_in = book.add_format(base | {"font_color": "#595959", "border_color": "#BFBFBF"})
    sheet = book.add_worksheet(FORM_SHEET)
    lists = book.add_worksheet(LISTS_SHEET)
    guide = book.add_worksheet(NOTES_SHEET)
    shown = book.add_worksheet(EXAMPLE_SHEET)
    for column, width in enumerate(_GUIDE):
        guide.set_column(column, column, width)
    told = f"只读取“填报”表；第一行为表头，请勿改动；每行一条记录；代码列已设为文本格式；灰字的列在前 {_FILLED_IN} 行随所填内容自动填入，不同的可以改"
    _guided(guide, 0, f"{unit_name}  {dataset.title}", told, plain)
    titles = [field.title for field in fields]
    widths = [max(_NARROW, min(_WIDE, len(title) * 2)) for title in titles]
    place = 0
    for column, field in enumerate(fields):
        note = _note(field, kind, dataset.variant)
        style, width = required if field.required == "yes" else optional, widths[column]
        sheet.write_string(0, column, field.title, style)
        sheet.write_comment(0, column, note, {"x_scale": 2})
        sheet.set_column(column, column, width, as_text)
        _guided(guide, column + 2, field.title, note, plain)
        shown.write_string(0, column, field.title, style)
        shown.write_string(1, column, row[field.name], as_text)
        shown.set_column(column, column, width, as_text)
        for line in range(1, _FILLED_IN + 1):
            sheet.write_blank(line, column, None, as_text)
        if field.name in same:
            _fill_in(sheet, column, beside, same[field.name], filled_in)
        if field.code_list:
            drop_down(sheet, column, _ROWS, lists, place, kind, dataset.variant, field)
            place += 1
    guide.write_string(len(fields) + 3, 0, "示例", required)
    for line, field in enumerate(fields, start=len(fields) + 4):
        _guided(guide, line, field.title, row[field.name], plain)
    for each in (sheet, lists, guide, shown):
        landscape(each, f"{unit_name}  {dataset.title}")
    sheet.set_row(0, height(zip(titles, widths, strict=True), 11))
    shown.set_row(0, height(zip(titles, widths, strict=True), 11))
    shown.set_row(1, height(zip(row.values(), widths, strict=True), 11))
    sheet.repeat_rows(0)
    sheet.freeze_panes(1, 1)
    book.close()
    return buffer.getvalue()
