"""退回单: what a clerk sees first, what prints, what may be chosen; and the edited slip is recognised when it comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from public_credit.catalogue import load_catalogue, slip_names
from public_credit.papers import slips
from public_credit.steps import work

from tests.helpers.penalties import DATASET, ON, csv_bytes, land, rows
from tests.helpers.runs import run_on

FAULTS: dict[int, dict[str, str]] = {
    4: {"violation_facts": ""},
    9: {"penalty_category": "没有这一类", "subject_category": "自然人"},
    12: {"decision_no": "暂无"},
}


@pytest.fixture
def returned(warehouse: Any, tmp_path: Path) -> tuple[int, Path]:
    """A delivery of twenty penalties of which three went back: its number, and the slip."""
    given = [row | FAULTS.get(number, {}) for number, row in enumerate(rows(20))]
    seq = land(tmp_path, "处罚.csv", csv_bytes(given))
    assert work.gate(run_on(ON)) == []
    return seq, Path(slips.write(seq) or "")


def lines(path: Path) -> list[dict[str, str]]:
    head, *body = openpyxl.load_workbook(path)["退回记录"].iter_rows(values_only=True)
    return [{str(title): str(cell or "") for title, cell in zip(head, row, strict=True)} for row in body]


def test_why_and_how_come_first_then_the_place_the_field_and_the_record(returned: tuple[int, Path]) -> None:
    _, path = returned
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["说明", "退回记录", "代码表"] and book.active.title == "说明"
    first, second, third = lines(path)
    assert list(first)[:8] == [
        *("退回原因", "修改办法", "行号", "出错字段", "原填内容"),
        *("行政相对人名称", "行政处罚决定书文号", "处罚决定日期"),
    ]
    assert list(first)[-4:] == ["工作表", "文件", "批次", "规则"]
    kind = load_catalogue().kinds["administrative_penalty"]
    assert set(first) > {kind.fields[name].title for name in kind.variants["entity"]}
    assert first["退回原因"] == "必填项为空" and first["修改办法"] == "补全必填项" and first["行号"] == "6"
    assert first["出错字段"] == "违法事实" and first["原填内容"] == "（空）", (
        "of the required fields the one that is blank"
    )
    assert second["出错字段"].split("\n") == ["行政相对人类别", "处罚类别"]
    assert second["原填内容"].split("\n") == ["自然人", "没有这一类"]
    assert (third["退回原因"], third["出错字段"], third["原填内容"]) == ("必填项为空", "行政处罚决定书文号", "暂无")


def test_five_lines_say_what_to_do(returned: tuple[int, Path]) -> None:
    sheet = openpyxl.load_workbook(returned[1])["说明"]
    title, *steps = [str(row[0]) for row in sheet.iter_rows(values_only=True)]
    assert [step[0] for step in steps] == list("一二三四五") and "共 3 行" in title


def test_cells_of_a_code_list_offer_what_the_table_takes(returned: tuple[int, Path]) -> None:
    book = openpyxl.load_workbook(returned[1])
    sheet, head = book["退回记录"], [cell.value for cell in book["退回记录"][1]]
    offered = {}
    for rule in sheet.data_validations.dataValidation:
        column = head[openpyxl.utils.cell.range_boundaries(str(rule.sqref))[0] - 1]
        place = rule.formula1.split("!")[1].replace("$", "")
        offered[column] = [cell.value for (cell,) in book["代码表"][place]]
    assert offered["行政相对人类别"] == ["法人及非法人组织", "个体工商户"], "not 自然人, which R02 returns"
    assert "罚款" in offered["处罚类别"]


def test_eight_columns_print_on_a4_landscape(returned: tuple[int, Path]) -> None:
    sheet = openpyxl.load_workbook(returned[1])["退回记录"]
    assert sheet.print_area == "'退回记录'!$A$1:$H$4" and sheet.print_title_rows == "$1:$1"
    setup = sheet.page_setup
    assert (setup.orientation, setup.paperSize, setup.fitToWidth or 1, setup.fitToHeight) == ("landscape", 9, 1, 0)


def test_the_name_says_whose_it_is_and_no_slip_takes_the_place_of_another(
    returned: tuple[int, Path], tmp_path: Path
) -> None:
    seq, path = returned
    catalogue = load_catalogue()
    unit, dataset = catalogue.units["zhzf"].name, catalogue.datasets[DATASET]
    assert path.name == f"退回单_{unit}_{dataset.title}_20260225_3行.xlsx" and slips.write(seq) == str(path)
    other = land(
        tmp_path,
        "又.csv",
        csv_bytes(
            [
                row | {"decision_no": f"又{n}", "violation_facts": "" if n < 3 else "事实"}
                for n, row in enumerate(rows(20))
            ]
        ),
    )
    assert work.gate(run_on(ON)) == []
    assert Path(slips.write(other) or "").name == f"退回单_{unit}_{dataset.title}_20260225_3行-2.xlsx"
    assert [line["行号"] for line in lines(path)] == ["6", "11", "14"], "the first one is as it was"


def test_names_are_told_apart_where_two_tables_of_a_unit_are_called_alike() -> None:
    catalogue = load_catalogue()
    unit = catalogue.units["zhzf"]
    entity, person = unit.datasets[:2]
    alike = unit.model_copy(update={"datasets": [entity, person.model_copy(update={"title": entity.title})]})
    both = type(catalogue)(**{**vars(catalogue), "units": catalogue.units | {"zhzf": alike}})
    assert not set(slip_names.patterns(both, alike.datasets[0])) & set(slip_names.patterns(both, alike.datasets[1]))


def test_the_edited_slip_corrects_its_rows(returned: tuple[int, Path], warehouse: Any, tmp_path: Path) -> None:
    seq, path = returned
    book = openpyxl.load_workbook(path)
    sheet = book["退回记录"]
    at = {cell.value: cell.column for cell in sheet[1]}
    kind = load_catalogue().kinds["administrative_penalty"]
    for line, place in ((2, 4), (3, 9), (4, 12)):
        for name, value in rows(20)[place].items():
            sheet.cell(line, at[kind.fields[name].title]).value = value or None
    book.save(tmp_path / "book.xlsx")
    again = land(tmp_path, path.name, (tmp_path / "book.xlsx").read_bytes())
    assert work.gate(run_on(ON)) == []
    with warehouse.connect("reader") as reader:
        assert reader.execute(
            "select row_no, state, corrected_batch_seq from ledger.quarantine where batch_seq = %s order by row_no",
            [seq],
        ).fetchall() == [(number, "corrected", again) for number in (5, 10, 13)]
        (batch,) = reader.execute(
            "select state, rows_in, accepted from ledger.batch where seq = %s", [again]
        ).fetchall()
        signals = reader.execute("select count(*) from ledger.signal where batch_seq = %s", [again]).fetchone()
    assert batch == ("accepted", 3, 3) and signals == (0,), "columns and sheets of ours are nothing unknown"
