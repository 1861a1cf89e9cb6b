"""Review of applicant lists: hits with their basis, rows not matched with the reason, persons never looked up."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from public_credit.base.messages import UserError
from public_credit.identifiers.codes import make_id_number
from public_credit.papers import review as reviewing
from public_credit.papers.applicants import read

from tests.helpers.commands import credit
from tests.helpers.profiles import ON, Profiles, uscc
from tests.helpers.runs import run_on

PERSON = make_id_number("37039919900101001")


def workbook(headers: list, rows: Sequence[Any], before: int = 0) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer)
    sheet = book.add_worksheet("报名表")
    for line in range(before):
        sheet.write(line, 0, "××项目投标报名表")
    for line, row in enumerate([headers, *rows], start=before):
        sheet.write_row(line, 0, row)
    book.close()
    return buffer.getvalue()


@pytest.fixture
def listed(profiles: Profiles) -> Profiles:
    first = profiles.subject(1, "示范区甲食品有限公司")
    profiles.subject(2, "示范区乙建筑有限公司", state="注销")
    profiles.entry(first, "严重失信主体名单", "食品安全严重违法生产经营者名单", objected=True)
    profiles.entry(first, "红名单", "守合同重信用企业")
    profiles.entry(first, "经营异常名录", "经营异常名录", state="已移出")
    profiles.entry(first, "严重失信主体名单", "封存的名单", disclosure="封存")
    profiles.record(
        first, "administrative_penalty", "失信信息", "吊销食品经营许可证", ON.replace(month=1), severity_class="serious"
    )
    profiles.record(
        first,
        "administrative_penalty",
        "失信信息",
        "已到期的吊销",
        ON.replace(month=1),
        severity_class="serious",
        state="expired",
    )
    profiles.record(
        first,
        "administrative_penalty",
        "失信信息",
        "六年前的吊销",
        ON.replace(year=2020, month=1),
        severity_class="serious",
    )
    profiles.record(first, "administrative_penalty", "失信信息", "罚款", ON.replace(month=1), severity_class="general")
    for year, grade in ((2024, "B"), (2025, "A")):
        profiles.record(
            first, "statutory_rating", "其他信息", f"纳税信用 {grade}", ON.replace(year=year), topic="纳税信用"
        )
    return profiles


def _lines(content: bytes, purpose: str = "××项目招标资格审查") -> dict[int, reviewing.Line]:
    return {line.applicant.row_no: line for line in reviewing.review(run_on(ON, "甲"), content, purpose=purpose).lines}


def test_hits_carry_name_document_basis_and_term(listed: Profiles) -> None:
    line = _lines(
        workbook(["序号", "投标人名称", "统一社会信用代码"], [[1, "示范区甲食品有限公司", uscc(1)]], before=2)
    )[4]
    assert line.hint == "严重失信主体名单 1 条；红名单 1 条；严重处罚 1 条"
    breach, penalty = line.hits[0], line.hits[2]
    assert breach["title"] == "食品安全严重违法生产经营者名单" and breach["objected"]
    assert breach["basis"].startswith("食品安全法") and breach["document_no"] and breach["term_on"]
    assert penalty["title"] == "吊销食品经营许可证" and penalty["basis"].startswith("食品安全法")
    hidden = {"封存的名单", "六年前的吊销"}
    assert not hidden & {hit["title"] for hit in line.hits}, "a review tells no more than a report of the level"


def test_ratings_only_where_the_purpose_names_them(listed: Profiles) -> None:
    content = workbook(["名称", "统一社会信用代码"], [["示范区甲食品有限公司", uscc(1)]])
    assert _lines(content)[2].ratings == []
    assert _lines(content, "资金补助审查（查纳税信用）")[2].ratings == ["纳税信用 A"]


@pytest.mark.parametrize("header", ["单位名称", " 供应商名称 ", "申请单位（名称）", "投标人"])
def test_columns_are_found_by_meaning(header: str, listed: Profiles) -> None:
    content = workbook([header, "社会信用代码"], [["示范区甲食品有限公司", uscc(1).lower()]])
    if header == "申请单位（名称）":
        assert read(content).columns == {"code": 1}
    assert _lines(content)[2].applicant.state == "已比对"


def test_rows_that_cannot_be_matched_say_why(listed: Profiles, warehouse) -> None:
    with warehouse.connect("builder") as builder:
        builder.execute(
            "insert into subjects.identifier (scheme, value, build_id) values ('name', '示范区同名商店', 1)"
        )
    broken = uscc(3)[:-1] + ("1" if uscc(3)[-1] != "1" else "2")
    rows = [
        ["示范区甲食品有限公司", ""],
        ["没有登记的公司", ""],
        ["示范区同名商店", ""],
        ["丙公司", broken],
        ["丁公司", uscc(9)],
        ["", "00000000000000000X"],
        ["戊公司", 913703990000000000],
        ["示范区乙建筑公司", uscc(2)],
        ["示范区甲食品有限公司", uscc(1)],
    ]
    lines = _lines(workbook(["名称", "统一社会信用代码"], rows))
    states = [lines[row].applicant.state for row in range(2, 11)]
    assert states == ["已比对"] + ["未匹配"] * 6 + ["已比对"] * 2
    reasons = [lines[row].applicant.reason for row in range(3, 11)]
    for reason, expected in zip(
        reasons,
        (
            "没有完全相同的名称",
            "对应多个主体",
            "未通过校验",
            "没有这个代码",
            "占位代码",
            "末几位已丢失",
            "登记状态：注销",
            "与第 2 行为同一主体",
        ),
        strict=True,
    ):
        assert expected in reason
    assert reviewing.NAMES_DIFFER in lines[9].applicant.reason


def test_persons_are_handed_back_never_looked_up_and_never_stored(
    listed: Profiles, warehouse, monkeypatch, tmp_path: Path
) -> None:
    looked_up: list = []
    original = reviewing._copy
    monkeypatch.setattr(reviewing, "_copy", lambda opened, items: looked_up.extend(items) or original(opened, items))
    rows = [
        ["测试人甲", PERSON, "", ""],
        ["某某", "", "自然人", ""],
        ["示例乙", "", "", ""],
        ["无代码公司", "", "", PERSON],
        ["示范区甲食品有限公司", uscc(1), "企业", PERSON],
    ]
    path = tmp_path / "名单.xlsx"
    path.write_bytes(workbook(["申请人", "统一社会信用代码/身份证号", "申请人类型", "法定代表人身份证"], rows))
    answer = credit(
        "report", "review", path, "--purpose", "补助审查", "--area", "政府资金补助", "-o", tmp_path / "结果.xlsx"
    )
    assert answer.code == 0 and "自然人未审查 4" in answer.out, answer.err
    assert [item.row_no for item in looked_up] == [6], (
        "a firm's row is reviewed even where it carries its representative's number"
    )
    book = openpyxl.load_workbook(tmp_path / "结果.xlsx")
    text = "\n".join(str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row)
    assert PERSON not in text and "不作结论" in text
    notice, counted, *sheet = book["审查清单"].iter_rows(values_only=True)
    assert "不作结论" in notice[0] and counted[0].startswith("共 5 行，其中 1 行有提示"), "said on the first sheet"
    assert [row[4] for row in sheet[1:]] == [6, 2, 3, 4, 5], "what was found comes first, the others in their order"
    assert sheet[1][9].startswith("▲ ") and not any(str(row[9] or "").startswith("▲") for row in sheet[2:])
    fills = [row[0].fill.fgColor.rgb for row in book["审查清单"].iter_rows(min_row=4)]
    assert fills[0] == "FFFCE4D6" and "FFFCE4D6" not in fills[1:]
    assert len(sheet) == 6 and "提示" in sheet[0] and "结论" not in sheet[0]
    assert [row[5] for row in sheet[1:]] == ["已比对"] + ["未审查（自然人）"] * 4
    with warehouse.connect("reader") as reader:
        assert reader.execute("select kind, purpose, rows, subject_id, area from ledger.report").fetchall() == [
            ("review", "补助审查", 5, "", "政府资金补助")
        ]
    assert "政府资金补助" in text


def test_unusable_lists_are_refused_with_a_remedy(listed: Profiles, tmp_path: Path) -> None:
    for content, expected in (
        (b"not a workbook", "无法读取"),
        (workbook(["序号", "金额"], [[1, 2]]), "没有找到名称列"),
        (workbook(["名称"], []), "只有表头"),
    ):
        with pytest.raises(UserError, match=expected):
            read(content)
    path = tmp_path / "名单.xlsx"
    path.write_bytes(workbook(["名称"], [["示范区甲食品有限公司"]]))
    assert credit("report", "review", path).code == 2, "a review without purpose is refused"
    assert credit("report", "review", tmp_path / "无.xlsx", "--purpose", "x").code == 2
    strange = credit("report", "review", path, "--purpose", "x", "--area", "招商")
    assert strange.code == 2 and "公共资源交易" in strange.err, "areas are those the plan names"
