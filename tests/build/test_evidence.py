"""Dated facts of a district reach its pages from its own folder only: without one nothing is achieved, whatever the demo invents."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from zipfile import ZipFile

import pytest
from local_stack.airflow import simulated_world
from public_credit.base.messages import UserError
from public_credit.build import evidence
from public_credit.build import run as build

from tests.conftest import CHECKOUT, open_warehouse
from tests.helpers.commands import credit
from tests.helpers.records import Records

ON, NEXT = date(2026, 2, 25), date(2026, 2, 26)
DEMO = Path(simulated_world(CHECKOUT)["PCW_DISTRICT_FOLDER"])
INVENTED = re.compile(r"示\w{0,6}〔\d{4}〕")


def _figure(records: Records, target: str) -> tuple[int, int]:
    return records.query(
        "select numerator, denominator from marts.mart_targets__progress where target_id = %s and unit_id = '' "
        "order by month_end desc limit 1",
        target,
    )[0]


def _published(folder: Path) -> tuple[str, str]:
    """The page, and all texts of the workbook."""
    done = credit("report", "leadership", "--out", folder)
    assert done.code == 0, done.err
    (page,) = folder.glob("*.html")
    (book,) = folder.glob("*.xlsx")
    with ZipFile(book) as parts:
        return page.read_text(encoding="utf-8"), "".join(
            parts.read(name).decode() for name in parts.namelist() if name.endswith(".xml")
        )


@pytest.mark.slow
def test_a_district_without_evidence_has_achieved_nothing_and_the_demo_what_it_invents(
    migrated, tmp_path: Path
) -> None:
    with pytest.MonkeyPatch.context() as patch, open_warehouse(migrated, tmp_path, patch) as warehouse:
        patch.delenv("PCW_DISTRICT_FOLDER", raising=False)
        records = Records(warehouse)
        records.deliver("administrative_licence", ON, [{"decision_no": "许1", "decision_date": "2025-03-10"}])
        records.run("update ledger.batch set unit_id = 'scjg'")  # a department the demo counts among the ten
        build.run(ON)
        assert _figure(records, "T19") == (0, 10) and _figure(records, "T20") == (0, 4)
        assert records.query(
            "select count(*) from marts.mart_targets__milestone where state_on is not null or document_no is not null "
            "or state in ('按期完成', '逾期完成', '推进中')"
        ) == [(0,)]
        page, book = _published(tmp_path / "bare")
        assert page.count("尚无佐证文件") == 13 and "<span data-milestones>0</span>" in page
        assert INVENTED.findall(page) == INVENTED.findall(book) == []

        patch.setenv("PCW_DISTRICT_FOLDER", str(DEMO))
        records.deliver("administrative_licence", NEXT, [{"decision_no": "许2", "decision_date": "2025-03-11"}])
        build.run(NEXT)
        build.run(NEXT, full_refresh=True)
        assert _figure(records, "T19") == (9, 10) and _figure(records, "T20") == (3, 4)
        page, book = _published(tmp_path / "demo")
        assert "示信用办〔2018〕11号" in page and "示信用办〔2018〕11号" in book


def test_the_product_holds_no_fact_of_any_district() -> None:
    seeds = (CHECKOUT / "dbt_project").rglob("*.csv")
    assert [path.name for path in seeds if INVENTED.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("name", evidence.TABLES)
def test_a_district_may_name_facts_of_any_sort_or_none(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PCW_DISTRICT_FOLDER", raising=False)
    assert evidence.read(name) == []
    monkeypatch.setenv("PCW_DISTRICT_FOLDER", str(tmp_path))
    assert evidence.read(name) == []
    monkeypatch.setenv("PCW_DISTRICT_FOLDER", str(tmp_path / "none"))
    with pytest.raises(UserError, match="不存在") as caught:
        evidence.read(name)
    assert caught.value.code == 3
    monkeypatch.setenv("PCW_DISTRICT_FOLDER", str(DEMO))
    assert len(evidence.read(name)) >= 3


@pytest.mark.parametrize(
    ("name", "line", "said"),
    [
        (
            "milestone_evidence",
            "M99,已完成,2018-09-28,目录印发,信用办〔2018〕11号,发改局",
            "第 2 行：milestone_id 不在种子表",
        ),
        ("milestone_evidence", "M01,完成,2018-09-28,目录印发,信用办〔2018〕11号,发改局", "state 只能是推进中、已完成"),
        ("milestone_evidence", "M01,已完成,2018-9-28,目录印发,信用办〔2018〕11号,发改局", "state_on 应为日期"),
        ("milestone_evidence", "M01,已完成,2018-09-28,目录印发,,发改局", "document_no 不能为空"),
        ("milestone_evidence", "M01,已完成", "state_on 不能为空"),
        ("department_evidence", "公安,,2018-06-29,验收单", "unit_id 不能为空"),
        ("department_evidence", "公安,gaj,2018-06-29,", "有日期而没有 evidence"),
        ("department_evidence", "公安,gaj,2018-06-29,验收单,多", "列数多于表头"),
        ("department_evidence", "公安,gaj,,\n公安,gaj,,", "第 3 行：department 重复"),
        ("area_evidence", "采购,2018-06-29,通知", "area 不在种子表"),
    ],
)
def test_a_fact_without_its_document_or_of_nothing_the_plan_names_is_refused_by_its_line(
    name: str, line: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PCW_DISTRICT_FOLDER", str(tmp_path))
    path = tmp_path / "evidence" / f"{name}.csv"
    path.parent.mkdir()
    path.write_text(",".join(evidence.TABLES[name].columns) + f"\n{line}\n", encoding="utf-8")
    with pytest.raises(UserError, match=said) as caught:
        evidence.read(name)
    assert caught.value.code == 3 and f"evidence/{name}.csv" in str(caught.value)
    path.write_bytes("部门,单位\n".encode("gb18030"))
    with pytest.raises(UserError, match="不是 UTF-8 编码"):
        evidence.read(name)
    path.write_text("部门,单位\n", encoding="utf-8")
    with pytest.raises(UserError, match="表头不对"):
        evidence.read(name)
