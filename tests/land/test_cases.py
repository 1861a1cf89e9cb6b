"""Files that failed once (../shared/cases): what comes out of each now, rows with their numbers, verdicts, or a reason."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import pytest
from public_credit.catalogue import load_catalogue
from public_credit.land import headers, matched
from public_credit.land.readers import Note, UnreadableFile, open_tables
from public_credit.land.rules import load_ruleset
from public_credit.land.rules.context import RowContext
from public_credit.land.rules.rows import RowRules

from tests.conftest import SHARED

CASES = SHARED / "cases"
DATASET = load_catalogue().datasets["zhzf.penalty_entity"]
KIND = load_catalogue().kinds[DATASET.kind]
RULES = RowRules(KIND, DATASET.variant, load_ruleset(KIND.id))


def lines(first: int, last: int) -> list[int]:
    return list(range(first, last + 1))


# File → row numbers of its rows.
READ: dict[str, list[int]] = {
    "damaged/blank_rows_at_end.csv": lines(2, 21),
    "damaged/blank_rows_at_end_and_blank_line.csv": lines(2, 21),
    "damaged/gbk_member_name.zip": lines(2, 21),
    "damaged/good30.csv": lines(2, 31),
    "damaged/header_stray_quote.csv": lines(2, 21),
    "damaged/hostile_values.csv": lines(2, 6),
    "damaged/mac.zip": lines(2, 21),
    "damaged/number_in_sheet_name.xlsx": lines(2, 6),
    "damaged/nul.jsonl": [1],
    "damaged/one_inch_mark.csv": lines(2, 21),
    "damaged/root_row_after_comment.xml": [1],
    "damaged/title_semicolon.csv": lines(3, 22),
    "damaged/zero_cr_only.csv": lines(2, 31),
    "public-reports/F01_chartsheet.xlsx": [2, 3, 4],
    "public-reports/F02c_blank_text_in_last_row.xlsx": [2, 3, 4],
    "public-reports/F06_namespace_prefix.xlsx": [2, 3, 4],
    "public-reports/F09_hidden_rows_and_sheet.xlsx": lines(2, 7),
    "public-reports/F10_two_row_merged_header.xlsx": [4, 5, 6],
    "public-reports/F14_mac_compressed.zip": [2, 3, 4],
    "public-reports/F15_gbk_member_name.zip": [2, 3, 4],
    "public-reports/F19a_lone_quote_inside_field.csv": lines(2, 6),
    "public-reports/F19d_two_inch_marks.csv": lines(2, 6),
    "public-reports/F20_cr_only.csv": [2, 3, 4],
    "public-reports/F24b_title_line_with_semicolon.csv": [3, 4, 5],
    "public-reports/F28_header_only.csv": [],
    "public-reports/F30_gb18030_four_byte_pua.csv": [2, 3, 4],
    "public-reports/F36_wrong_dimension.xlsx": [2, 3, 4],
}
# File → what is said of it.
UNREADABLE: dict[str, str] = {
    "damaged/damaged_deflate.zip": "压缩包 .* 已损坏",
    "damaged/html_table.xls": "是网页（HTML）",
    "damaged/poison_json_null_row.json": "没有找到“行政处罚”的表头",
    "damaged/poison_xml_root_row.xml": "没有找到“行政处罚”的表头",
    "damaged/poison_zip_corrupt_deflate.zip": "压缩包 .* 已损坏",
    "damaged/row_is_list.jsonl": "第 1 条记录不是",
    "damaged/title_one_quote.csv": "第 1 行起的一个单元格没有结束",
    "damaged/zero_empty.zip": "是空的",
    "damaged/zero_wrong_table.csv": "没有找到“行政处罚”的表头",
    "damaged/zero_xml_record_tag.xml": "没有 ROW 记录",
    "public-reports/F03b_xhtml_named.xls": "是网页（HTML）",
    "public-reports/F04_spreadsheetml2003.xls": "XML 电子表格 2003",
    "public-reports/F13_biff5_cp936.xls": "Excel 95",
    "public-reports/F16a_rar_named.zip": "RAR 压缩包",
    "public-reports/F34_xml_bare_ampersand.xml": "第 4 行第 29 列",
}
# File → sheets, codes of what the reader says, warnings per row.
SHEETS = {
    "damaged/gbk_member_name.zip": ["处罚决定.csv"],
    "public-reports/F15_gbk_member_name.zip": ["行政处罚明细.csv"],
}
SAID = {"public-reports/F09_hidden_rows_and_sheet.xlsx": ["hidden_rows", "very_hidden_sheet"]}
WARNED = {
    "public-reports/F23a_excel_text_guards.csv": {2: "R21", 4: "R21", 5: "R21"},
    "public-reports/F26b_date_cells_with_time.xlsx": {2: "", 3: "R09W", 4: "R09W", 5: ""},
}
pytestmark = pytest.mark.skipif(not CASES.exists(), reason="../shared/cases 不在本机")


def land(name: str) -> tuple[list[str | None], dict[int, tuple[str, str]], list[Note]]:
    """Sheets, (errors, warnings) by row number, and what the readers say of a case."""
    data, sheets, notes = Path(CASES / name).read_bytes(), list[str | None](), list[Note]()
    verdicts: dict[int, tuple[str, str]] = {}
    for table in open_tables(
        lambda: io.BytesIO(data),
        name,
        DATASET,
        lambda row: headers.recognised(KIND, "entity", row, DATASET),
        notes.append,
    ):
        sheets.append(table.sheet)
        columns = matched.of_table(table, KIND, DATASET.variant, DATASET)
        for chunk in table.chunks:
            frame = matched.named(chunk, columns, "subject_name")
            absent = set(KIND.variants["entity"]) - set(frame.columns)
            found = RULES.apply(
                frame,
                RowContext(
                    date(2026, 3, 1), load_catalogue().supplier_usccs, table.spreadsheet, absent, {}, {}, chunk.ragged
                ),
            )
            verdicts |= dict(
                zip(chunk.source_row.to_list(), zip(found.errors, found.warnings, strict=True), strict=True)
            )
    return sheets, verdicts, notes


@pytest.mark.parametrize("name", READ)
def test_rows_come_out_with_their_numbers(name):
    sheets, verdicts, notes = land(name)
    assert list(verdicts) == READ[name] and [note.code for note in notes] == SAID.get(name, [])
    assert sheets == SHEETS.get(name, sheets)


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_reason_and_what_to_do_come_out(name):
    with pytest.raises(UnreadableFile, match=UNREADABLE[name]) as raised:
        land(name)
    assert raised.value.remedy


@pytest.mark.parametrize("name", WARNED)
def test_what_was_mended_is_told_and_nothing_else(name):
    verdicts = land(name)[1]
    assert {row: verdicts[row] for row in WARNED[name]} == {row: ("", said) for row, said in WARNED[name].items()}
