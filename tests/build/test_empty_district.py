"""Nothing invented stands in the product, nor on what a district without facts publishes: every word is looked for that is the demo's."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from local_stack.init import Answers, init
from public_credit.build import run as build
from public_credit.catalogue import load_catalogue
from public_credit.oversight import doctor

from tests.conftest import CHECKOUT, open_warehouse
from tests.helpers import demo_words
from tests.helpers.commands import credit
from tests.helpers.records import Records
from tests.helpers.runs import run_on

ON, NEXT = date(2026, 2, 25), date(2026, 2, 26)
PRODUCT = ("dags", "dbt_project", "expectations", "include/catalogue", "include/public_credit")


def test_the_words_are_those_of_units_documents_and_evidence() -> None:
    words = demo_words.words()
    units = load_catalogue().units.values()
    assert words >= {unit.name for unit in units} | {unit.uscc for unit in units} | {unit.id for unit in units}
    assert words >= {dataset.id for unit in units for dataset in unit.datasets} | {load_catalogue().district.name}
    assert words >= {"示信用办〔2018〕11号", "公共信用信息目录和数据标准印发", "接入验收单 示信用办接〔2018〕2号"}
    assert demo_words.told("该示范区财政局的(czj)与czj_2") == {"示范区财政局", "czj"}


def test_the_product_holds_no_word_of_the_invented_district() -> None:
    files = [path for part in PRODUCT for path in (CHECKOUT / part).rglob("*") if path.is_file()]
    texts = {path: path.read_bytes().decode("utf-8", "replace") for path in files if path.suffix != ".pyc"}
    assert len(texts) > 300
    found = {str(path.relative_to(CHECKOUT)): words for path, text in texts.items() if (words := demo_words.told(text))}
    assert found == {}


def _published(folder: Path) -> dict[str, str]:
    """The page, all cells of the workbook, the names of the files."""
    done = credit("report", "leadership", "--out", folder)
    assert done.code == 0, done.err
    (page,) = folder.glob("*.html")
    (book,) = folder.glob("leadership_*.xlsx")
    cells = [
        str(cell)
        for sheet in openpyxl.load_workbook(book).worksheets
        for row in sheet.iter_rows(values_only=True)
        for cell in row
        if cell is not None
    ]
    return {
        "page": page.read_text(encoding="utf-8"),
        "workbook": "\n".join(cells),
        "files": str(list(folder.iterdir())),
    }


def _tables(records: Records) -> dict[str, str]:
    """Every table and view of every schema of ours that anybody may read, as text."""
    names = records.query(
        "select format('%%I.%%I', table_schema, table_name) from information_schema.tables "
        "where table_schema in ('ledger', 'subjects', 'policy', 'staging', 'intermediate', 'marts', 'exports')"
    )
    return {
        name: "\n".join(str(row) for row in records.query(f"select cast(to_jsonb(t) as text) from {name} t"))
        for (name,) in names
    }


@pytest.mark.slow
def test_nothing_invented_stands_on_the_page_of_an_empty_district(migrated, tmp_path: Path) -> None:
    folder = tmp_path / "district"
    init(folder, tmp_path / "secrets of another", Answers(name="周村区", code="370306"), None)
    with pytest.MonkeyPatch.context() as patch, open_warehouse(migrated, tmp_path, patch) as warehouse:
        records = Records(warehouse)
        for on, district in ((ON, ""), (NEXT, str(folder))):
            patch.setenv("PCW_DISTRICT", district)
            assert build.run(run_on(on)).build_id is not None
            texts = _published(tmp_path / on.isoformat()) | _tables(records)
            assert len(texts) > 100 and ("周村区" in texts["page"]) is bool(district)
            assert {name: words for name, text in texts.items() if (words := demo_words.told(text))} == {}
            for command in ("status", "doctor", "release prepare", "deliver", "catalogue coverage"):
                done = credit(*command.split())
                assert done.code in (0, 1) and demo_words.told(done.out + done.err) == set(), (command, done)
            assert credit("status").code == 0 and "没有待冻结的变更" in credit("release", "prepare").out
            reconciled = credit("reconcile")
            assert reconciled.code == 3 and "没有接收方" in reconciled.err, reconciled


def test_without_a_district_everything_says_so_and_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PCW_DISTRICT")
    catalogue = load_catalogue()
    assert len(catalogue.kinds) > 20 and not catalogue.units and not catalogue.receivers and not catalogue.district.name
    checked = credit("catalogue", "check")
    assert checked.code == 0 and "未指定辖区" in checked.out
    (finding,) = doctor._safely("目录", lambda: doctor._catalogue(ON))
    assert finding.verdict == "提醒" and "PCW_DISTRICT" in finding.detail


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"PCW_DISTRICT": "demo", "PCW_DISTRICT_FOLDER": "include/districts/demo"}, "是否应为 PCW_DISTRICT？"),
        ({"PCW_DISTRICT": "示范区"}, "辖区文件夹不存在"),
        ({"PCW_DISTRICT": "./nowhere"}, "辖区文件夹不存在"),
        ({"PCW_DISTRICT": str(CHECKOUT / "README.md")}, "辖区文件夹不存在"),
        ({"PCW_DISTRICT": str(CHECKOUT / "docs")}, "district.yml 第 1 行"),
    ],
)
def test_a_district_that_is_none_is_told(given: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    answer = credit("catalogue", "check")
    assert answer.code != 0 and said in answer.err and "处理办法" in answer.err, answer


@pytest.mark.parametrize(
    "given", ["demo", "include/districts/demo", str(CHECKOUT / "include" / "districts" / "demo") + os.sep]
)
def test_a_district_is_named_by_its_name_or_its_path(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PCW_DISTRICT", given)
    assert load_catalogue().district.name == "示范区"
