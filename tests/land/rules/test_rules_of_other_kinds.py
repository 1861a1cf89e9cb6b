"""Row rules of the register (E), of revocations and changes (V) and of the decision ledger (G)."""

from __future__ import annotations

import polars as pl
import pytest
from public_credit.identifiers.codes import make_id_number, make_registration

from .judging import (
    AUTHORITY,
    COMPANY,
    EVENT,
    ID,
    LEDGER,
    OTHER_ORG,
    PLACEHOLDER,
    REGISTRATION,
    STRANGER,
    judge,
    marks,
    rules_of,
)

REG, EV, LG = REGISTRATION, EVENT, LEDGER
GOOD = make_registration("37039922800012")
BAD = GOOD[:14] + str((int(GOOD[14]) + 1) % 10)
PERSON = {"uscc": "", "id_type": "身份证", "id_no": ID, "subject_name": "王示例"}
CASES = [
    # E: the register
    (REG, {"name": ""}, "E01", ""),
    (REG, {"uscc": "", "org_code": ""}, "E01", ""),
    (REG, {"uscc": COMPANY[:17]}, "E02", ""),
    (REG, {"uscc": PLACEHOLDER, "org_code": ""}, "E02", ""),
    (REG, {"uscc": COMPANY.lower()}, "", "R21"),
    (REG, {"established_on": "N/A"}, "E03", ""),
    (REG, {"established_on": "1996/3/7"}, "", ""),
    (REG, {"established_on": ""}, "", ""),
    (REG, {"business_reg_no": BAD}, "", "E04"),
    (REG, {"business_reg_no": GOOD}, "", ""),
    (REG, {"business_reg_no": "3703992280001"}, "", ""),
    (REG, {"org_code": OTHER_ORG}, "E05", ""),
    (REG, {"org_code": ""}, "", ""),
    (REG, {"state": "正常"}, "E06", ""),
    (REG, {"predecessor_uscc": "91370399MA30000109"}, "E07", ""),
    (REG, {"predecessor_uscc": "91370399MA30000108"}, "", ""),
    (REG, {"state": "开业"}, "", ""),
    (REG, {"state": "", "legal_rep_name": ""}, "", ""),
    (REG, {"registered_capital": "1.2e3万日元"}, "", ""),
    (REG, {"entity_type": "型" * 101}, "", "R18"),
    (REG, {"business_scope": "国家秘密载体印制；简易程序"}, "", ""),
    # V: revocations and changes
    (EV, {"basis": ""}, "V01", ""),
    (EV, {"uscc": ""}, "V01", ""),
    (EV, PERSON, "", ""),
    (EV, {"event_type": "注销"}, "V02", ""),
    (EV, {"decision_table": "行政处罚"}, "", ""),
    (EV, {"decision_table": "强制"}, "V02", ""),
    (EV, {"event_date": "2026-02-30"}, "V03", ""),
    (EV, {"event_date": "2026-02-26"}, "V03", ""),
    (EV, {"event_date": "2026年2月25日"}, "", ""),
    (EV, {"authority_uscc": STRANGER}, "V04", ""),
    (EV, {"authority_uscc": PLACEHOLDER}, "V04", ""),
    (EV, {"uscc": COMPANY[:17]}, "V06", ""),
    (EV, {"uscc": PLACEHOLDER}, "", ""),
    (EV, PERSON | {"id_type": ""}, "V07", ""),
    (EV, PERSON | {"id_no": make_id_number("37039919850231001")}, "V07", ""),
    (EV, {"subject_name": "", "authority_name": ""}, "", ""),
    (EV, {"uscc": PLACEHOLDER, "subject_name": ""}, "R24", ""),
    (EV, {"uscc": PLACEHOLDER, "subject_name": "不详"}, "R24", ""),
    (EV, {"remark": "备" * 513}, "", "R18"),
    # G: the ledger
    (LG, {"generated_count": ""}, "G01", ""),
    (LG, {"unit_uscc": ""}, "G01", ""),
    (LG, {"month": "2026-13"}, "G02", ""),
    (LG, {"month": "一月"}, "G02", ""),
    (LG, {"month": "2026年1月"}, "", ""),
    (LG, {"month": "202601"}, "", ""),
    (LG, {"generated_count": "-1"}, "G03", ""),
    (LG, {"generated_count": "1.5"}, "G03", ""),
    (LG, {"own_site_published_count": "约10"}, "G03", ""),
    (LG, {"generated_count": "0"}, "", ""),
    (LG, {"own_site_published_count": ""}, "", ""),
    (LG, {"generated_count": "１２"}, "", "R21"),
    (LG, {"unit_uscc": STRANGER}, "G04", ""),
    (LG, {"unit_uscc": PLACEHOLDER}, "G04", ""),
    (LG, {"decision_table": "检查"}, "G05", ""),
    (LG, {"decision_table": "行政许可"}, "", ""),
    (LG, {"unreported_reason": "理" * 513}, "", "R18"),
]


@pytest.mark.parametrize("table", [REG, EV, LG])
def test_verdicts(table: tuple[str, str]) -> None:
    cases = [case for case in CASES if case[0] == table]
    result = judge(table, *(change for _, change, _, _ in cases))
    found = [(change, *marks(result, row)) for row, (_, change, _, _) in enumerate(cases)]
    assert found == [(change, errors, warnings, "") for _, change, errors, warnings in cases]


@pytest.mark.parametrize("table", [REG, EV, LG])
def test_every_rule_has_a_case(table: tuple[str, str]) -> None:
    named = {
        rule for where, _, errors, warnings in CASES if where == table for rule in f"{errors};{warnings}".split(";")
    }
    unasked = {"R09W", "R19", "R21", "R22", "R22W", "R23", "R25", "R25W"}
    assert {rule.id for rule, _ in rules_of(table).rules} <= named | unasked


def test_register_in_a_spreadsheet() -> None:
    result = judge(
        REG,
        {"business_reg_no": GOOD, "established_on": "37017"},
        spreadsheet=True,
        numeric_cells={"business_reg_no": pl.Series([True])},
        scan_hits={"address": pl.Series([True])},
    )
    assert marks(result) == ("R19;R22", "", "")
    assert result.canonical["established_on"][0] == "2001-05-06"


def test_month_that_a_spreadsheet_turned_into_a_day() -> None:
    assert judge(LG, {"month": "2026-01-01 00:00:00"}, spreadsheet=True).canonical["month"][0] == "2026-01"
    assert judge(LG, {"month": "2026-01-01"}).errors[0] == "G02"
    assert judge(LG, {"month": "2026-01-02"}, spreadsheet=True).errors[0] == "G02"


def test_former_names_are_one_list() -> None:
    result = judge(REG, {"former_names": " 示范区甲厂；示范区乙厂、示范区丙厂 "})
    assert (
        result.canonical["former_names"][0] == "示范区甲厂;示范区乙厂;示范区丙厂" and result.changed["former_names"][0]
    )


def test_unit_of_the_ledger_is_a_supplier() -> None:
    assert judge(LG, {"unit_uscc": AUTHORITY}).errors[0] == ""
    assert judge(LG, {"unit_uscc": AUTHORITY}, supplier_usccs=frozenset()).errors[0] == "G04"
