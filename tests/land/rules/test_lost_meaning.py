"""Values that lost their meaning on the way are no values: by what a field is for, how it was spelt, where it came from."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import orjson
import polars as pl
import pytest
from public_credit.base import exact_json
from public_credit.catalogue import load_catalogue
from public_credit.land.readers import json_lines, markup
from public_credit.land.rules.checks.damage import misread

from tests.land.rules.judging import LICENCE_ENTITY, PENALTY_ENTITY, VALID, judge

IDENTIFYING = ["decision_no", "business_reg_no", "institution_cert_no"]
FLOATS = [
    "2.02603E+17",
    "2.02603e+17",
    "9E+20",
    "20260101.0",
    "370399199001011231.5",
    "3.7E20",
    "2,02603E+17",
    "2.02603E 17",
    "2.E+17",
    "2.02603E+0017",
    "2.02603×10^17",
    "20260.0",
    "202,603,012,345,678",
]
EXACT = [
    "示罚〔2026〕第12.5号",
    "2026E12",
    "20260101",
    "370399228000121",
    "1.5",
    "第3.0版",
    "2026,1",
    "3.14.15",
    "2026x101",
    "2026×10",
]
NAME = "示范区长青商贸有限公司"
AS_GBK = NAME.encode().decode("gb18030", "replace")
AS_LATIN = NAME.encode().decode("cp1252", "replace")
GBK_AS_LATIN = NAME.encode("gb18030").decode("latin-1")
SHOWN_BY_PROGRAMS = [
    "[B@1b2c3d4e",
    "java.lang.Object@1b2c3d",
    "System.Byte[]",
    "[object Object]",
    "<x.Y object at 0x7f3a>",
    "memoryview(b'x')",
    "HEXTORAW('E7A4')",
    "['示范', '公司']",
    '{"名称": "示范"}',
    "#N/A",
    "#REF!",
    "#DIV/0!",
    "########",
    r"\u793a\u8303\u533a",
    "&#31034;&#33539;&#21306;",
    "&#x793a;&#x8303;",
    "%E7%A4%BA%E8%8C%83",
    "=E7=A4=BA=E8=8C=83",
]
DAMAGED = [
    "示范区\ufffd\ufffd有限公司",
    "锟斤拷锟斤拷有限公司",
    "????有限公司",
    "示范区\ue5e5公司",
    "示范区\uf0b7公司",
    AS_GBK,
    NAME.encode().decode("latin-1"),
    AS_LATIN,
    f"2026：{AS_GBK}".replace("：", ":"),
    str(NAME.encode()),
    str(bytearray(NAME.encode())),
    f"\\x{NAME.encode().hex()}",
    f"0x{NAME.encode().hex()}",
    f"X'{NAME.encode().hex()}'",
    "示范区\uf5a0公司",
    "示范区长青\U000f0001公司",
    "示范区长青商贸\U00100001公司",
    GBK_AS_LATIN,
    f"2026:{GBK_AS_LATIN} (1)",
    *SHOWN_BY_PROGRAMS,
]
WHOLE = [
    NAME,
    "café Müller（中国）有限公司",
    "淇县浣河漯河潍坊公司",
    "a'b\"c?",
    "是否属实?",
    "C:\\xampp",
    "b'a",
    "0x12",
    "𠮷野（中国）有限公司",
    "ÀÁÂÃ 公司",
    "Ñandú GmbH",
    "±5℃检测公司",
    "§12",
    "System集成公司",
    "#1超市",
    "[甲]公司",
    "50%合伙",
    "=甲",
    "{甲}",
]


def _rules(field: str, value: str, **given: Any) -> tuple[set[str], set[str]]:
    result = judge(PENALTY_ENTITY, {field: value}, **given)
    return set(result.errors[0].split(";")), set(result.warnings[0].split(";"))


@pytest.mark.parametrize("field", IDENTIFYING)
@pytest.mark.parametrize("spreadsheet", [False, True])
def test_a_number_that_was_a_float_is_an_error_where_it_identifies(field: str, spreadsheet: bool) -> None:
    for value in FLOATS:
        assert "R22" in _rules(field, value, spreadsheet=spreadsheet)[0], value
        assert "R22" not in _rules("violation_facts", value, spreadsheet=spreadsheet)[0]
    for value in EXACT:
        assert "R22" not in _rules(field, value, spreadsheet=spreadsheet)[0], value


@pytest.mark.parametrize(
    ("digits", "rule"), [("20260225", None), ("202603012345678", "R22"), ("202603012345678901", "R22")]
)
def test_a_numeric_cell_keeps_fifteen_digits(digits: str, rule: str | None) -> None:
    errors, warnings = _rules("decision_no", digits, spreadsheet=True, numeric_cells={"decision_no": pl.Series([True])})
    assert ("R22" in errors) == (rule == "R22") and "R22W" not in warnings


@pytest.mark.parametrize("cell", [True, False])
def test_a_day_a_spreadsheet_made_of_a_number_is_an_error_where_it_identifies(cell: bool) -> None:
    given = {"spreadsheet": True, "numeric_cells": {"decision_no": pl.Series([cell])}}
    assert ("R22" in _rules("decision_no", "2026-03-01", **given)[0]) == cell
    assert "R22" not in _rules("decision_no", "20260301", **given)[0]


@pytest.mark.parametrize(("digits", "told"), [("9007199254740991", False), ("9007199254740993", True)])
def test_a_long_integer_of_json_is_read_exactly_and_told(digits: str, told: bool) -> None:
    given = {"numeric_cells": {"decision_no": pl.Series([True])}}
    errors, warnings = _rules("decision_no", digits, **given)
    assert "R22" not in errors and ("R22W" in warnings) == told


def test_every_field_whose_title_says_number_identifies() -> None:
    for kind in load_catalogue().kinds.values():
        named = {
            name
            for name, field in kind.fields.items()
            if field.title.endswith(("号", "号码", "编号", "代码", "文号", "批号", "证号")) or "代码_" in field.title
        }
        assert named <= kind.identifying, (kind.id, named - kind.identifying)
        assert {
            name for name in kind.key if name in kind.fields and kind.fields[name].type == "text"
        } <= kind.identifying


@pytest.mark.parametrize("value", DAMAGED)
def test_damaged_text_is_an_error_in_names_and_numbers_and_told_elsewhere(value: str) -> None:
    assert "R25" in _rules("subject_name", value)[0]
    assert "R25" in _rules("decision_no", value)[0]
    errors, warnings = _rules("violation_facts", value)
    assert "R25" not in errors and "R25W" in warnings


@pytest.mark.parametrize(
    "word", ["无", "暂无", "/", "——", "NULL", "nan", "NaT", "None", "(null)", "undefined", r"\N", "N/A"]
)
def test_a_word_for_nothing_is_no_number_of_a_document(word: str) -> None:
    assert "R01" in _rules("decision_no", word)[0]
    for field in ("business_reg_no", "remark", "violation_facts"):
        assert "R01" not in _rules(field, word)[0], field
    assert "R01" not in _rules("decision_no", f"{word}1号")[0]


@pytest.mark.parametrize("value", WHOLE)
def test_whole_text_is_not_damaged(value: str) -> None:
    for field in ("subject_name", "violation_facts"):
        errors, warnings = _rules(field, value)
        assert "R25" not in errors and "R25W" not in warnings, field


def test_no_valid_row_and_no_real_name_is_taken_for_another_encoding(shared_data) -> None:
    register = pl.read_csv(shared_data / "zibo_registry_1980_2000.csv", infer_schema=False)
    texts = [value for column in register for value in column.drop_nulls().to_list()]
    assert len(texts) > 20_000 and not [value for value in texts if misread(value)]
    assert judge(LICENCE_ENTITY, VALID[LICENCE_ENTITY]).errors[0] == ""


def _lines(*rows: bytes) -> Iterator[tuple[list[str], dict[int, list[bool]]]]:
    content = orjson.dumps({"columns": ["a", "b"], "source_version": ""}) + b"\n" + b"\n".join(rows)
    for table in json_lines.tables(lambda: io.BufferedReader(io.BytesIO(content)), "x"):
        for chunk in table.chunks:
            numeric = {index: marks.to_list() for index, marks in chunk.numeric.items()}
            yield from ((list(row), numeric) for row in chunk.frame.iter_rows())


def test_integers_of_json_lines_are_exact() -> None:
    long, longer = "370399199001011231", "370399199001011231370399"
    found = list(
        _lines(f'{{"a":{long},"b":1}}'.encode(), f'{{"a":{longer},"b":0.25}}'.encode(), b'{"a":2.02603E+17,"b":7}')
    )
    assert [row for row, _ in found] == [[long, "1"], [longer, "0.25"], ["2.02603E+17", "7"]]
    assert found[0][1] == {0: [True, False, False]}


def test_json_is_kept_as_it_was_written() -> None:
    content = b'{"n":370399199001011231,"f":1.50,"e":2.02603E+17,"x":12345678901234567890123,"r":[{"k":"1","k":"2"}]}'
    told = exact_json.loads(content)
    assert told == {
        "n": 370399199001011231,
        "f": "1.50",
        "e": "2.02603E+17",
        "x": "12345678901234567890123",
        "r": [{"k": "1", "k__重复": "2"}],
    }
    for wrong in (b'"\\ud800"', b"NaN", b"{", b""):
        with pytest.raises(ValueError):
            exact_json.loads(wrong)


def test_a_tag_given_twice_stays_apart() -> None:
    content = b"<ROWDATA><ROW><A>1</A><A>2</A><B>3</B></ROW><ROW><B>4</B></ROW></ROWDATA>"
    (table,) = markup.tables(lambda: io.BufferedReader(io.BytesIO(content)), "x")
    assert table.headers == ["A", "A__重复", "B"]
    assert [list(row) for chunk in table.chunks for row in chunk.frame.iter_rows()] == [["1", "2", "3"], ["", "", "4"]]
