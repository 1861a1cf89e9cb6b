"""The workbook a department fills in: official headers, text formats, drop-downs, notes, one example row."""

from __future__ import annotations

import io

import xlsxwriter

from ..base import plain_yaml
from ..catalogue.load import default_root
from ..catalogue.models import Dataset, Field, Kind
from ..land.readers.spreadsheet import EXAMPLE_SHEET, FORM_SHEET, LISTS_SHEET, NOTES_SHEET

_ROWS = 2000


def _note(field: Field, kind: Kind) -> str:
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
        codes = kind.code_lists[field.code_list]
        parts.append("可填：" + "、".join(codes.values) + ("、其他-说明" if codes.other else ""))
    return "；".join(part for part in parts if part)


def example(kind: Kind, variant: str, unit_name: str, unit_uscc: str) -> dict[str, str]:
    """The example row of a template, '' for fields that stay blank (``include/catalogue/examples.yml``)."""
    examples = plain_yaml.load((default_root() / "examples.yml").read_text(encoding="utf-8"))
    known = examples[kind.id] | (examples["person"] if variant == "person" else {})
    return {
        name: str(known.get(name, "")).format(unit_name=unit_name, unit_uscc=unit_uscc)
        for name in kind.tables[variant].fields
    }


def workbook(kind: Kind, dataset: Dataset, unit_name: str, unit_uscc: str) -> bytes:
    """The template of one dataset as xlsx bytes; sheet 填报 is what the unit fills in and sends."""
    fields = [kind.fields[name] for name in kind.tables[dataset.variant].fields]
    row = example(kind, dataset.variant, unit_name, unit_uscc)
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False})
    required = book.add_format({"bold": True, "border": 1, "text_wrap": True, "bg_color": "#DCE6F1", "valign": "top"})
    optional = book.add_format({"border": 1, "text_wrap": True, "bg_color": "#F2F2F2", "valign": "top"})
    as_text = book.add_format({"num_format": "@"})
    sheet = book.add_worksheet(FORM_SHEET)
    lists = book.add_worksheet(LISTS_SHEET)
    guide = book.add_worksheet(NOTES_SHEET)
    guide.set_column(0, 0, 34)
    guide.set_column(1, 1, 90)
    guide.write_row(
        0,
        0,
        [f"{unit_name}  {dataset.title}", "只读取“填报”表；第一行为表头，请勿改动；每行一条记录；代码列已设为文本格式"],
    )
    for column, field in enumerate(fields):
        sheet.write_string(0, column, field.title, required if field.required == "yes" else optional)
        sheet.write_comment(0, column, _note(field, kind), {"x_scale": 2})
        sheet.set_column(column, column, max(12, min(40, len(field.title) * 2)), as_text)
        guide.write_row(column + 2, 0, [field.title, _note(field, kind)])
        if field.code_list:
            values = list(kind.code_lists[field.code_list].values)
            lists.write(0, column, field.title, required)
            for line, value in enumerate(values, start=1):
                lists.write_string(line, column, value)
            letter = xlsxwriter.utility.xl_col_to_name(column)
            other = kind.code_lists[field.code_list].other or field.type == "enum_multi"
            sheet.data_validation(
                1,
                column,
                _ROWS,
                column,
                {
                    "validate": "list",
                    "source": f"={LISTS_SHEET}!${letter}$2:${letter}${len(values) + 1}",
                    "error_type": "warning" if other else "stop",
                    "error_title": "不在代码表内",
                    "error_message": "请从下拉列表选择" + ("，或填 其他-说明" if other else ""),
                },
            )
    guide.write(len(fields) + 3, 0, "示例")
    for line, field in enumerate(fields, start=len(fields) + 4):
        guide.write_row(line, 0, [field.title, row[field.name]])
    shown = book.add_worksheet(EXAMPLE_SHEET)
    for column, field in enumerate(fields):
        shown.write_string(0, column, field.title, required)
        shown.write_string(1, column, row[field.name], as_text)
        shown.set_column(column, column, max(12, min(40, len(field.title) * 2)), as_text)
    sheet.freeze_panes(1, 1)
    book.close()
    return buffer.getvalue()
