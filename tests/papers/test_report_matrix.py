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
CODE = "ABCD-ABCD-ABCD-ABCD"
LEVELS = ("公开", "政务共享", "授权查询", "封存")
GONE = {"revoked", "replaced"}
# To the public and to offices nothing repaired, off its list or past its term; to nobody but auditors what was withdrawn.
OVER = {"ended", "expired", "repaired"}
HIDDEN = {"封存": set(), "授权查询": GONE, "政务共享": GONE | OVER, "公开": GONE | OVER}


def expected(kind: str, state: str, level: str) -> bool:
    return state not in HIDDEN[level]


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
    html, book = page.subject_page(report, CODE), cells(workbook.subject_workbook(report, CODE))
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


@pytest.mark.parametrize("level", LEVELS[:3])
def test_hidden_records_leave_no_trace(profiles: Profiles, level: str) -> None:
    """Two firms that differ in hidden records only; whatever differs in their reports tells of these."""
    with_hidden = fill(profiles, 1, lambda kind, state: True)
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
        texts = [page.subject_page(report, CODE), repr(sorted(cells(workbook.subject_workbook(report, CODE)).items()))]
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
    assert not any(word in text for word in ("修复", "已移出", "已撤销", "未列出") for text in told(only_hidden))


def test_the_command_says_no_more_than_the_report(profiles: Profiles, tmp_path: Any) -> None:
    hidden = fill(profiles, 1, lambda kind, state: not expected(kind, state, "公开"))
    answer = credit("report", "subject", hidden, "-o", tmp_path)
    assert answer.code == 0 and "列出 0 条；" in answer.out and "未列出" not in answer.out
    own = credit("report", "subject", hidden, "--level", "授权查询", "--purpose", "本单位查询", "-o", tmp_path)
    assert own.code == 0 and "未列出" not in own.out


def test_what_is_above_the_readers_level_is_not_counted_for_the_subject_either(profiles: Profiles) -> None:
    subject = profiles.subject(1, "示范区第1有限公司")
    profiles.record(subject, "inspection_result", "其他信息", "封存的检查", date(2025, 9, 1), disclosure="封存")
    report = gather(run_on(ON, "甲"), subject, level="授权查询", purpose="本单位查询")
    html = page.subject_page(report, CODE)
    assert report.shown == 0 and "封存" not in html and "未列出" not in html and report.scope in html


def test_a_licence_that_ended_is_told_in_words_of_licences(firm: str) -> None:
    report = gather(run_on(ON, "甲"), firm, level="授权查询", purpose="本单位查询")
    rows = {part.section.id: [row["state"] for row in part.rows] for part in report.sections}
    assert (
        {"有效", "有效期满", "已失效"} <= set(rows["licence"])
        and "已移出" in rows["breach"]
        and "已屏蔽" in rows["debtor"]
    )
    tree = lxml.html.fromstring(page.subject_page(report, CODE))
    licences = tree.xpath("//h2[starts-with(normalize-space(), '行政许可')]/following-sibling::table[1]")[
        0
    ].text_content()
    assert "2026-01-20 失效" in licences and "移出" not in licences
    heads = cells(workbook.subject_workbook(report, CODE))
    assert "失效日期" in heads["行政许可"][0] and "移出日期" in heads["严重失信主体名单"][0]


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
