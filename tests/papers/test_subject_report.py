"""An organisation's report: figures count what is shown, hidden records leave no trace, the page is self-contained."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from datetime import date

import lxml.html
import openpyxl
import pytest
from public_credit.base.messages import UserError
from public_credit.papers import page, workbook
from public_credit.papers import policy as policies
from public_credit.papers.subject import gather

from tests.helpers.commands import credit
from tests.helpers.profiles import Profiles, uscc
from tests.helpers.runs import run_on

CODE = "ABCD-ABCD-ABCD-ABCD"
NAME = "示范区粮缘<食品>有限公司"


@pytest.fixture
def firm(profiles: Profiles) -> str:
    subject = profiles.subject(
        1,
        NAME,
        records=6,
        basic_records=1,
        adverse_records=5,
        licences=1,
        penalties=4,
        breach_entries=1,
        open_list_entries=1,
        on_lists="食品安全严重违法生产经营者名单",
        latest_ratings="纳税信用 A",
    )
    add = profiles.record
    add(subject, "administrative_licence", "基础信息", "食品经营许可", date(2024, 3, 1), ends_on=date(2029, 2, 28))
    add(
        subject,
        "administrative_penalty",
        "失信信息",
        "经营超过保质期食品",
        date(2025, 9, 1),
        severity_class="general",
        objected=True,
    )
    add(subject, "administrative_penalty", "失信信息", "警告", date(2025, 10, 1), severity_class="minor")
    add(
        subject,
        "administrative_penalty",
        "失信信息",
        "已修复的处罚",
        date(2025, 8, 1),
        severity_class="general",
        state="repaired",
    )
    add(subject, "administrative_penalty", "失信信息", "六年前的处罚", date(2020, 1, 5), severity_class="serious")
    add(
        subject,
        "administrative_penalty",
        "失信信息",
        "撤销的处罚",
        date(2025, 5, 1),
        severity_class="general",
        state="revoked",
    )
    add(subject, "breach_list", "失信信息", "食品安全严重违法生产经营者名单", date(2019, 6, 1), disclosure="政务共享")
    return subject


def _titles(report) -> list[str]:
    return [row["title"] for part in report.sections for row in part.rows]


def test_each_level_sees_what_it_may_and_is_told_of_nothing_else(firm: str) -> None:
    public = gather(run_on(who="甲"), uscc(1), level="公开", purpose="")
    assert _titles(public) == ["食品经营许可", "经营超过保质期食品"]
    shared = gather(run_on(who="甲"), firm, level="政务共享", purpose="资格审查")
    assert "食品安全严重违法生产经营者名单" in _titles(shared), "still on the list: not old, whenever it was entered"
    assert "警告" in _titles(shared) and "已修复的处罚" not in _titles(shared)
    own = gather(run_on(who="甲"), firm, level="授权查询", purpose="本单位查询")
    assert "已修复的处罚" in _titles(own) and "六年前的处罚" not in _titles(own) and "撤销的处罚" not in _titles(own)
    audit = gather(run_on(who="甲"), firm, level="封存", purpose="审计")
    assert len(_titles(audit)) == 7
    assert {report.scope for report in (public, shared, own, audit)} == {policies.load().scope}


def test_every_figure_of_the_whole_file_is_the_marts(firm: str, warehouse) -> None:
    report = gather(run_on(who="甲"), firm, level="封存", purpose="资格审查")
    tree = lxml.html.fromstring(page.subject_page(report, CODE))
    with warehouse.connect("reader") as reader:
        for name in policies.load().figures:
            stored = reader.execute(f"select {name} from marts.mart_subjects__enterprise").fetchone()[0]
            assert tree.xpath(f"//*[@data-figure='{name}']/text()") == [str(stored)], name
        for part in report.sections:
            shown = tree.xpath(f"//*[@data-section='{part.section.figure}']/text()")
            stored = reader.execute(f"select {part.section.figure} from marts.mart_subjects__enterprise").fetchone()[0]
            assert shown == ([str(stored)] if part.rows or stored else []), part.section.id
    text = tree.text_content()
    for expected in (
        report.number,
        "数据日期",
        "2026-02-26",
        "资格审查",
        "甲",
        "异议中",
        "列出的行政处罚记录",
        "不作任何决定",
        NAME,
    ):
        assert expected in text, expected


def test_page_is_self_contained_and_forbids_the_network(firm: str) -> None:
    html = page.subject_page(gather(run_on(who="甲"), firm, level="公开", purpose=""), CODE)
    tree = lxml.html.fromstring(html)
    assert tree.get("lang") == "zh-CN"
    policy = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    style = tree.xpath("//style/text()")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy, "the one style block is the one the policy allows"
    assert not tree.xpath("//@src | //@href | //script | //link | //iframe | //object | //@style")
    assert not re.search(r"https?:|url\(|@import|//[a-z]", html)
    assert "@page" in style and "size: A4" in style and "counter(page)" in style
    assert "&lt;食品&gt;" in html and "<食品>" not in html


def test_workbook_says_the_same_as_the_page(firm: str) -> None:
    report = gather(run_on(who="甲"), firm, level="政务共享", purpose="资格审查")
    book = openpyxl.load_workbook(io.BytesIO(workbook.subject_workbook(report, CODE)))
    assert book.sheetnames == ["概览", "行政许可", "行政处罚", "严重失信主体名单"]
    overview = {row[0]: row[1] for row in book["概览"].iter_rows(values_only=True) if row[0]}
    assert (
        overview["报告编号"] == report.number and overview["行政处罚"] == 2 and overview["统一社会信用代码"] == uscc(1)
    )
    penalties = list(book["行政处罚"].iter_rows(values_only=True))
    assert [row[0] for row in penalties[1:]] == ["警告", "经营超过保质期食品"]
    assert penalties[2][7] == "异议中" and penalties[2][9] == "示范区市场监督管理局"


def test_report_is_booked_with_who_and_purpose_and_needs_a_purpose_above_public(firm: str, warehouse, tmp_path) -> None:
    refused = credit("report", "subject", uscc(1), "--level", "政务共享", "-o", tmp_path)
    assert refused.code == 2 and "--purpose" in refused.err and not list(tmp_path.glob("*.html"))
    done = credit(
        "report",
        "subject",
        uscc(1),
        "--level",
        "政务共享",
        "--purpose",
        "招标资格审查",
        "--area",
        "招标投标",
        "-o",
        tmp_path,
    )
    assert done.code == 0, done.err
    assert credit("report", "subject", uscc(1), "--area", "招标投标", "-o", tmp_path).code == 2, (
        "a use in an area says what for"
    )
    assert len(list(tmp_path.glob("GXBG*.html"))) == len(list(tmp_path.glob("GXBG*.xlsx"))) == 1
    with warehouse.connect("reader") as reader:
        assert reader.execute("select kind, who, purpose, level, subject_id, area from ledger.report").fetchall() == [
            ("subject", "数据工程师甲（engineer）", "招标资格审查", "政务共享", firm, "招标投标")
        ]
    assert "招标投标" in next(tmp_path.glob("GXBG*.html")).read_text(encoding="utf-8")


def test_unknown_and_ambiguous_codes_are_said(profiles: Profiles, warehouse) -> None:
    assert credit("report", "subject", uscc(77)).code == 4
    with warehouse.connect("builder") as builder:
        builder.execute("insert into subjects.identifier (scheme, value, build_id) values ('uscc', %s, 1)", [uscc(78)])
    answer = credit("report", "subject", uscc(78))
    assert answer.code == 4 and "待人工认定" in answer.err
    with pytest.raises(UserError):
        gather(run_on(who="甲"), uscc(1), level="内部", purpose="x")


def test_a_report_is_answered_for_by_a_person_and_says_who_issued_it(firm: str, tmp_path, monkeypatch) -> None:
    nobody = credit("report", "subject", uscc(1), "-o", tmp_path, by="")
    assert nobody.code == 4 and "没有登录" in nobody.err and not list(tmp_path.glob("GXBG*"))
    with monkeypatch.context() as lone:
        lone.setenv("PCW_DISTRICT", "")
        unnamed = credit("report", "subject", uscc(1), "-o", tmp_path, by="")
        assert unnamed.code == 4 and "系统用户不能作经办人" in unnamed.err and not list(tmp_path.glob("GXBG*"))
    assert credit("report", "subject", uscc(1), "-o", tmp_path).code == 0
    html = next(tmp_path.glob("*.html")).read_text(encoding="utf-8")
    assert "数据工程师甲" in html and "示范区社会信用中心" in html and ">root<" not in html
    assert "负责人甲" not in html and "法定代表人" not in html, (
        "who represents it is not told to the public, nor that it is not"
    )


def test_an_issued_report_is_recognised_and_a_changed_one_is_not(firm: str, tmp_path) -> None:
    assert credit("report", "subject", uscc(1), "-o", tmp_path).code == 0
    html, xlsx = next(tmp_path.glob("*.html")), next(tmp_path.glob("*.xlsx"))
    for path in (html, xlsx):
        answer = credit("report", "verify", path)
        assert answer.code == 0 and answer.out.startswith(f"真实：{path.stem}"), answer
    book = openpyxl.load_workbook(xlsx)
    book.save(tmp_path / "again.xlsx")
    assert credit("report", "verify", tmp_path / "again.xlsx").code == 0, "saved again with the same cells"
    overview = {row[0].value: row[1] for row in book["概览"].iter_rows() if row[0].value}
    printed = lxml.html.fromstring(html.read_text(encoding="utf-8"))
    codes = [overview["校验码"].value, printed.xpath("//dt[.='校验码']/following-sibling::dd/text()")[0]]
    for code in codes:
        assert credit("report", "verify", html.stem, "--code", code.lower()).code == 0
    wrong = credit("report", "verify", html.stem, "--code", "AAAA-AAAA-AAAA-AAAA")
    assert wrong.code == 1 and wrong.out.startswith("被改动")

    overview["行政处罚"].value = 0
    book.save(tmp_path / "forged.xlsx")
    book["行政处罚"].row_dimensions[2].hidden = True
    overview["行政处罚"].value = 1
    book.save(tmp_path / "hidden.xlsx")
    (tmp_path / "forged.html").write_text(html.read_text(encoding="utf-8").replace("过保质期", "未过保质期"), "utf-8")
    for name in ("forged.xlsx", "hidden.xlsx", "forged.html"):
        answer = credit("report", "verify", tmp_path / name)
        assert answer.code == 1 and answer.out.startswith(f"被改动：{html.stem}"), name
    (tmp_path / "other.html").write_text(
        html.read_text(encoding="utf-8").replace(html.stem, "GXBG20260226-000099"), "utf-8"
    )
    for answer in (
        credit("report", "verify", tmp_path / "other.html"),
        credit("report", "verify", "GXBG20260226-000099", "--code", codes[0]),
        credit("report", "verify", "GXBG20010101-000001", "--code", codes[0]),
    ):
        assert answer.code == 4 and answer.out.startswith("未知"), answer
    assert credit("report", "verify", tmp_path / "none.html").code == 2
