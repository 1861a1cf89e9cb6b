"""填报模板: what a clerk may choose is what the table takes, what never changes is filled in, codes are told in words and read back."""

from __future__ import annotations

import io

import openpyxl
import polars as pl
import pytest
from public_credit.catalogue import load_catalogue
from public_credit.land.canonical import CodeReader
from public_credit.land.readers import workbook
from public_credit.land.rules import load_ruleset
from public_credit.land.rules.context import RowContext
from public_credit.land.rules.rows import RowRules
from public_credit.papers import template

from tests.helpers.penalties import ON


def form(dataset_id: str) -> openpyxl.Workbook:
    catalogue = load_catalogue()
    dataset = catalogue.datasets[dataset_id]
    unit = catalogue.units[dataset.unit]
    return openpyxl.load_workbook(
        io.BytesIO(template.workbook(catalogue.kinds[dataset.kind], dataset, unit.name, unit.uscc))
    )


def offered(book: openpyxl.Workbook) -> dict[str, list[str]]:
    """The values of every drop-down by the title of its column."""
    sheet, found = book["填报"], {}
    for rule in sheet.data_validations.dataValidation:
        column = openpyxl.utils.cell.range_boundaries(str(rule.sqref))[0]
        place = book["代码表"][rule.formula1.split("!")[1].replace("$", "")]
        cells = place if isinstance(place, tuple) else ((place,),)
        found[sheet.cell(1, column).value] = [cell.value for (cell,) in cells]
    return found


@pytest.mark.parametrize(
    ("dataset", "categories"),
    [
        ("zjj.licence_entity", ["法人及非法人组织", "个体工商户"]),
        ("zhzf.penalty_entity", ["法人及非法人组织", "个体工商户"]),
        ("zhzf.penalty_person", ["自然人"]),
    ],
)
def test_a_table_offers_the_categories_it_takes(dataset: str, categories: list[str]) -> None:
    assert offered(form(dataset))["行政相对人类别"] == categories


def test_what_is_offered_is_read_and_accepted() -> None:
    """Every choice of every drop-down of licences and penalties in a row that is right otherwise, by the rules of that table."""
    catalogue = load_catalogue()
    for dataset_id in ("zjj.licence_entity", "xzsp.licence_person", "zhzf.penalty_entity", "zhzf.penalty_person"):
        dataset = catalogue.datasets[dataset_id]
        unit, kind = catalogue.units[dataset.unit], catalogue.kinds[dataset.kind]
        right = template.example(kind, dataset.variant, unit.name, unit.uscc)
        rules = RowRules(kind, dataset.variant, load_ruleset(kind.id))
        fields = {field.title: name for name, field in kind.fields.items()}
        for title, values in offered(form(dataset_id)).items():
            rows = pl.DataFrame([right | {fields[title]: value} for value in values])
            judged = rules.apply(rows, RowContext(ON, catalogue.supplier_usccs, True))
            assert not any({"R02", "R13", "R20"} & set(errors.split(";")) for errors in judged.errors), title
        if "licence_state" in right:
            assert offered(form(dataset_id))["当前状态"] == ["1 有效", "2 无效"]
            assert [CodeReader(kind.code_lists["licence_state"])(word) for word in ("1 有效", "2 无效")] == ["1", "2"]


def test_the_unit_fills_itself_in_beside_what_is_typed() -> None:
    catalogue = load_catalogue()
    unit = catalogue.units["zhzf"]
    sheet = form("zhzf.penalty_person")["填报"]
    filled = {
        sheet.cell(1, column).value: sheet.cell(2, column).value
        for column in range(1, sheet.max_column + 1)
        if str(sheet.cell(2, column).value or "").startswith("=")
    }
    assert filled == {
        "行政相对人类别": '=IF($A2="","","自然人")',
        "处罚机关": f'=IF($A2="","","{unit.name}")',
        "处罚机关统一社会信用代码": f'=IF($A2="","","{unit.uscc}")',
        "数据来源单位": f'=IF($A2="","","{unit.name}")',
        "数据来源单位统一社会信用代码": f'=IF($A2="","","{unit.uscc}")',
    }
    catalogue_forms = [item.id for item in catalogue.datasets.values()]
    for dataset in catalogue_forms:
        sheet = form(dataset)["填报"]
        for column in range(1, sheet.max_column + 1):
            formula = str(sheet.cell(2, column).value or "")
            beside = formula[5:].split("2=")[0] if formula.startswith("=") else ""
            assert beside != openpyxl.utils.get_column_letter(column), f"{dataset}: a cell that waits for itself"


def test_a_form_saved_by_a_programme_that_does_not_calculate_loses_nothing_unseen() -> None:
    """Blank rows are still blank; a row that is filled in waits until its formulas have results."""
    lost = {}
    for name, typed in (("blank", ""), ("filled", "某某")):
        book, target = form("zhzf.penalty_person"), io.BytesIO()
        book["填报"]["A2"] = typed or None
        book.save(target)
        lost[name] = workbook.look(target.getvalue()).sheets["填报"].uncalculated
    assert lost["blank"] == [] and {row for row, _ in lost["filled"]} == {2} and len(lost["filled"]) == 5


def test_the_form_is_one_page_wide() -> None:
    for sheet in form("zjj.licence_entity"):
        setup = sheet.page_setup
        assert (setup.orientation, setup.paperSize, setup.fitToWidth or 1, setup.fitToHeight) == ("landscape", 9, 1, 0)
