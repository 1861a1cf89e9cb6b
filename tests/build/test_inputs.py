"""Dated facts of a district reach its pages from its own folder only: without one nothing is achieved, whatever the demo invents."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path
from zipfile import ZipFile

import pytest
from public_credit.base.messages import UserError
from public_credit.build import inputs
from public_credit.build import run as build
from public_credit.catalogue import load_catalogue
from public_credit.ledger.models import TargetUnit
from public_credit.policy import seeds as policy

from tests.conftest import DEMO, open_warehouse
from tests.helpers.commands import credit
from tests.helpers.records import Records
from tests.helpers.runs import run_on

ON, NEXT = date(2026, 2, 25), date(2026, 2, 26)
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
    (book,) = folder.glob("leadership_*.xlsx")
    with ZipFile(book) as parts:
        return page.read_text(encoding="utf-8"), "".join(
            parts.read(name).decode() for name in parts.namelist() if name.endswith(".xml")
        )


@pytest.mark.slow
def test_a_district_without_evidence_has_achieved_nothing_and_the_demo_what_it_invents(
    migrated, tmp_path: Path
) -> None:
    with pytest.MonkeyPatch.context() as patch, open_warehouse(migrated, tmp_path, patch) as warehouse:
        bare = shutil.copytree(DEMO, tmp_path / "district", ignore=shutil.ignore_patterns("evidence"))
        patch.setenv("PCW_DISTRICT", str(bare))
        records = Records(warehouse)
        records.deliver("administrative_licence", ON, [{"decision_no": "许1", "decision_date": "2025-03-10"}])
        records.run("update ledger.batch set unit_id = 'scjg'")  # a department the demo counts among the ten
        build.run(run_on(ON))
        assert _figure(records, "T19") == (0, 10) and _figure(records, "T20") == (0, 4)
        assert records.query(
            "select count(*) from marts.mart_targets__milestone where state_on is not null or document_no is not null "
            "or state in ('按期完成', '逾期完成', '推进中')"
        ) == [(0,)]
        page, book = _published(tmp_path / "bare")
        assert page.count("尚无佐证文件") == 13 * page.count("<span data-milestones=")
        assert re.findall(r'<span data-milestones="(\d+)">(\d+)<', page)[-1] == (str(ON.year), "0")
        assert INVENTED.findall(page) == INVENTED.findall(book) == []

        patch.setenv("PCW_DISTRICT", str(DEMO))
        records.deliver("administrative_licence", NEXT, [{"decision_no": "许2", "decision_date": "2025-03-11"}])
        build.run(run_on(NEXT))
        build.run(run_on(NEXT), full_refresh=True)
        assert _figure(records, "T19") == (9, 10) and _figure(records, "T20") == (3, 4)
        page, book = _published(tmp_path / "demo")
        assert "示信用办〔2018〕11号" in page and "示信用办〔2018〕11号" in book


@pytest.mark.parametrize("name", inputs.FILES)
def test_a_district_may_name_facts_of_any_sort_or_none(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PCW_DISTRICT")
    assert inputs.read(name) == []
    assert not any(inputs.facts().given.values())
    monkeypatch.setenv("PCW_DISTRICT", str(tmp_path))
    (tmp_path / "district.yml").write_text("name: 某区\n", encoding="utf-8")
    assert inputs.read(name) == []
    assert not any(inputs.facts().given.values())
    monkeypatch.setenv("PCW_DISTRICT", str(DEMO))
    assert len(inputs.read(name)) >= 3


@pytest.mark.parametrize(
    ("name", "line", "said"),
    [
        (
            "milestone_evidence",
            "M99,已完成,2018-09-28,目录印发,信用办〔2018〕11号,发改局",
            "第 2 行：milestone_id 不在 种子表",
        ),
        ("milestone_evidence", "M01,完成,2018-09-28,目录印发,信用办〔2018〕11号,发改局", "state 只能是推进中、已完成"),
        ("milestone_evidence", "M01,已完成,2018-9-28,目录印发,信用办〔2018〕11号,发改局", "state_on 应为日期"),
        ("milestone_evidence", "M01,已完成,2018-09-28,目录印发,,发改局", "document_no 不能为空"),
        ("milestone_evidence", "M01,已完成", "state_on 不能为空"),
        ("department_evidence", "公安,,2018-06-29,验收单", "unit_id 不能为空"),
        ("department_evidence", "公安,gaj,2018-06-29,", "有日期而没有 evidence"),
        ("department_evidence", "公安,gaj,2018-06-29,验收单,多", "列数多于表头"),
        ("department_evidence", "公安,gaj,,\n公安,gaj,,", "第 3 行：department 重复"),
        ("department_evidence", "公安,xyz,,", "unit_id 不是 departments 中的单位"),
        ("department_evidence", "林业,gaj,,", "department 不在 district.yml 的 key_departments 中"),
        ("area_evidence", "采购,2018-06-29,通知", "area 不在 district.yml 的 report_areas 中"),
    ],
)
def test_a_fact_without_its_document_or_of_nothing_the_plan_names_is_refused_by_its_line(
    name: str, line: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(DEMO, tmp_path / "district"))
    monkeypatch.setenv("PCW_DISTRICT", str(folder))
    path = folder / "evidence" / f"{name}.csv"
    path.write_text(",".join(inputs.FILES[name].columns) + f"\n{line}\n", encoding="utf-8")
    with pytest.raises(UserError, match=said) as caught:
        inputs.read(name)
    assert caught.value.code == 3 and f"evidence/{name}.csv" in str(caught.value)
    path.write_bytes("部门,单位\n".encode("gb18030"))
    with pytest.raises(UserError, match="不是 UTF-8 编码"):
        inputs.read(name)
    path.write_text("部门,单位\n", encoding="utf-8")
    with pytest.raises(UserError, match="表头不对"):
        inputs.read(name)


def test_a_figure_that_the_plan_does_not_have_has_no_units(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(shutil.copytree(DEMO, tmp_path / "district"))
    monkeypatch.setenv("PCW_DISTRICT", str(folder))
    path = folder / "district.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("  T20: {", "  T21: {"), encoding="utf-8")
    facts = inputs.facts()
    (fault,) = facts.faults
    assert "没有这样的目标数字：T21" in fault.text and fault.code == 3
    assert "T19" in {row["figure_id"] for row in facts.given[TargetUnit]} and len(facts.given) == 4
    checked = credit("catalogue", "check")
    assert checked.code == 3 and "T21" in checked.err


def test_the_demo_names_all_the_plan_names() -> None:
    facts = {table.__tablename__: rows for table, rows in inputs.facts().given.items()}
    assert (len(facts["key_department"]), len(facts["report_area"])) == (10, 4)
    figures = {row["figure_id"] for row in policy.seed("target", "targets")}
    figures |= {row["milestone_id"] for row in policy.seed("milestone", "targets")}
    assert {row["figure_id"] for row in facts["target_unit"] if row["role"] == "responsible"} == figures
    assert {row["unit_id"] for row in facts["target_unit"]} <= load_catalogue().units.keys()
