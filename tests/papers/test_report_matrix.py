"""Every kind × state × level: what is shown, what is counted and what is said of the rest, on the page and in the workbook.

The expectation is written out here, apart from ``reports.yml``. What a reader may not know of leaves no trace: the report on a
firm with hidden records reads like that on a firm without.
"""

from __future__ import annotations

import io
import re
from datetime import date, timedelta
from itertools import product
from typing import Any

import lxml.html
import openpyxl
import pytest
from public_credit.papers import page, workbook
from public_credit.papers import policy as policies
from public_credit.papers.subject import gather

from tests.helpers.commands import credit
from tests.helpers.profiles import COUNTS, ON, Profiles
from tests.helpers.runs import run_on

NATURES = {
    "administrative_licence": "基础信息",
    "administrative_penalty": "失信信息",
    "breach_list": "失信信息",
    "abnormal_operation": "失信信息",
    "judgment_debtor": "失信信息",
    "statutory_rating": "其他信息",
    "inspection_result": "其他信息",
    "honour": "守信信息",
    "commitment": "其他信息",
    "contract_performance": "其他信息",
    "labour_violation": "失信信息",
    "social_insurance_payment": "失信信息",
    "disclosure_item": "其他信息",
}
STATES = ("current", "ended", "expired", "repaired", "revoked", "replaced")
LISTS = ("breach_list", "abnormal_operation", "judgment_debtor")
LEVELS = ("公开", "政务共享", "授权查询", "封存")
GONE = {"revoked", "replaced"}
# Below 授权查询 nothing repaired; to the public nothing adverse or praising whose term is over or that left its list.
HIDDEN = {"封存": set(), "授权查询": GONE, "政务共享": GONE | {"repaired"}, "公开": GONE | {"repaired"}}


def expected(kind: str, state: str, level: str) -> bool:
    over = level == "公开" and state in ("ended", "expired") and NATURES[kind] in ("失信信息", "守信信息")
    return state not in HIDDEN[level] and not over


def fill(profiles: Profiles, number: int, wanted: Any, **counts: int) -> str:
    """A firm with one record of each kind, state and objection that is wanted; its mart counts are nonsense on purpose."""
    subject = profiles.subject(
        number, f"示范区第{number}有限公司", **(dict[str, Any](dict.fromkeys(COUNTS, 7777)) | counts)
    )
    for kind, state, objected in product(NATURES, STATES, (False, True)):
        if wanted(kind, state):
            left = date(2026, 1, 20) if state == "ended" else None
            profiles.record(
                subject,
                kind,
                NATURES[kind],
                f"{kind}/{state}/{objected}",
                date(2025, 9, 1),
                state=state,
                objected=objected,
                severity_class="general" if kind == "administrative_penalty" else "",
                exited_on=left,
                document_no=f"{kind}/{state}/{objected}号",
                ends_on=ON - timedelta(days=9) if state == "expired" else None,
            )
    return subject


@pytest.fixture
def firm(profiles: Profiles) -> str:
    assert set(NATURES) == {kind for section in policies.load().sections for kind in section.kinds}
    return fill(profiles, 1, lambda kind, state: True)


def cells(content: bytes) -> dict[str, list[list[str]]]:
    return {
        sheet.title: [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
        for sheet in openpyxl.load_workbook(io.BytesIO(content))
    }


@pytest.mark.parametrize("level", LEVELS)
def test_shown_and_counted_on_the_page_and_in_the_workbook(firm: str, level: str) -> None:
    report = gather(run_on(ON, "甲"), firm, level=level, purpose="资格审查")
    html, book = page.subject_page(report), cells(workbook.subject_workbook(report))
    shown = {(kind, state): expected(kind, state, level) for kind, state in product(NATURES, STATES)}
    listed = [row[0] for rows in book.values() for row in rows]
    for (kind, state), objected in product(shown, (False, True)):
        title = f"{kind}/{state}/{objected}"
        assert (title in html, title in listed) == (shown[kind, state],) * 2, f"{title} at {level}"
    tree = lxml.html.fromstring(html)

    def count(kinds: Any, states: Any = STATES) -> int:
        return 2 * sum(shown[kind, state] for kind, state in product(kinds, states) if state not in GONE)

    of = {nature: [kind for kind in NATURES if NATURES[kind] == nature] for nature in NATURES.values()}
    figures = {
        "records": count(NATURES),
        "adverse_records": count(of["失信信息"]),
        "positive_records": count(of["守信信息"]),
        "licences": count(["administrative_licence"]),
        "penalties": count(["administrative_penalty"]),
        "open_list_entries": count(LISTS, ["current"]),
    }
    overview = {row[0]: row[1] for row in book["概览"]}
    for name, figure in policies.load().figures.items():
        assert tree.xpath(f"//*[@data-figure='{name}']/text()") == [str(figures[name])], name
        assert overview[figure.title] == str(figures[name]), name
    for section in policies.load().sections:
        assert tree.xpath(f"//*[@data-section='{section.figure}']/text()") == [str(count(section.kinds))], section.id
    assert "7777" not in html and not any("7777" in cell for rows in book.values() for row in rows for cell in row)


@pytest.mark.parametrize("level", LEVELS[:2])
def test_hidden_records_leave_no_trace(profiles: Profiles, level: str) -> None:
    """Two firms that differ in hidden records only; whatever differs in their reports tells of these."""
    with_hidden = fill(profiles, 1, lambda kind, state: state in HIDDEN[level] or expected(kind, state, level))
    without = fill(profiles, 2, lambda kind, state: expected(kind, state, level), records=0)
    nothing, only_hidden = (
        fill(profiles, number, wanted)
        for number, wanted in (
            (3, lambda kind, state: False),
            (4, lambda kind, state: not expected(kind, state, level)),
        )
    )

    def told(subject: str) -> list[str]:
        report = gather(run_on(ON, "甲"), subject, level=level, purpose="资格审查")
        texts = [page.subject_page(report), repr(sorted(cells(workbook.subject_workbook(report)).items()))]
        own = (
            report.number,
            str(report.profile["uscc"]),
            report.profile["subject_name"],
            f"{report.made_at:%Y-%m-%d %H:%M}",
            *(row["record_id"] for part in report.sections for row in part.rows),
        )
        for text in own:
            texts = [every.replace(text, "") for every in texts]
        return [re.sub(r"style-src '[^']*'", "", every) for every in texts]

    assert told(with_hidden) == told(without)
    assert told(only_hidden) == told(nothing)
    assert "修复" not in told(only_hidden)[0] + told(only_hidden)[1]


def test_the_command_says_no_more_than_the_report(profiles: Profiles, tmp_path: Any) -> None:
    hidden = fill(profiles, 1, lambda kind, state: not expected(kind, state, "公开"))
    answer = credit("report", "subject", hidden, "-o", tmp_path)
    assert answer.code == 0 and "列出 0 条；" in answer.out and "未列出" not in answer.out
    own = credit("report", "subject", hidden, "--level", "授权查询", "--purpose", "本单位查询", "-o", tmp_path)
    assert own.code == 0 and f"未列出 {2 * len(NATURES) * 2} 条" in own.out


def test_the_subject_and_the_auditor_are_told_how_many_and_why(firm: str) -> None:
    own = gather(run_on(ON, "甲"), firm, level="授权查询", purpose="本单位查询")
    assert [count for _, _, count in own.hidden] == [2 * len(GONE) * len(NATURES)] and own.hidden_note == ""
    assert gather(run_on(ON, "甲"), firm, level="封存", purpose="审计").hidden == []


@pytest.mark.parametrize(("disclosure", "seen"), [("公开", True), ("授权查询", False)])
def test_a_grade_that_rests_on_a_hidden_record_is_not_told(
    profiles: Profiles, warehouse: Any, disclosure: str, seen: bool
) -> None:
    subject = profiles.subject(1, "示范区第1食品有限公司")
    record = profiles.record(
        subject, "administrative_penalty", "失信信息", "罚款", date(2025, 9, 1), disclosure=disclosure
    )
    with warehouse.connect("builder") as builder:
        builder.execute(
            "insert into marts.mart_subjects__food_drug_grade values (%s, '失信', 'penalty', '24 个月内 1 条', '规则', %s)",
            [subject, ON],
        )
        builder.execute(
            "insert into marts.mart_subjects__food_drug_grade_basis values (%s, %s, '定级', '号', '罚款', %s, '机关')",
            [subject, record, ON],
        )
    report = gather(run_on(ON, "甲"), subject, level="政务共享", purpose="资格审查")
    assert (report.grade is not None, len(report.grade_basis)) == (seen, int(seen))
    assert gather(run_on(ON, "甲"), subject, level="封存", purpose="审计").grade is not None
