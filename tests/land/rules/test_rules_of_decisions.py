"""Every row rule of licences and penalties: what it marks, and the look-alikes it lets pass."""

from __future__ import annotations

import polars as pl
import pytest
from public_credit.identifiers.codes import make_org_code

from .decision_cases import CASES, LE, PE, PP, money
from .judging import (
    AUTHORITY,
    COMPANY,
    ID,
    INDIVIDUAL,
    PLACEHOLDER,
    SOURCE,
    STRANGER,
    TABLES,
    VALID,
    context,
    frame,
    judge,
    marks,
    rules_of,
)

REFUSED = [
    "本案适用简易程序。",
    "依法当场处罚。",
    "机密★5年",
    "秘密★长期",
    "绝密★",
    "涉及国家秘密",
    "本案不适用简易程序，后改用简易程序。",
    "非机密★",
]
KEPT = [
    "本案为非简易程序案件。",
    "不适用简易程序",
    "未适用简易程序",
    "不属于当场处罚情形",
    "不适用当场处罚，亦未适用简易程序",
    "涉及商业秘密",
    "保密机制",
    "机密级",
]


@pytest.fixture(scope="module")
def verdicts() -> dict[int, tuple[str, str, str]]:
    """All cases judged, table by table in one call, as the landing does."""
    found: dict[int, tuple[str, str, str]] = {}
    for table in TABLES:
        numbers = [number for number, case in enumerate(CASES) if case[0] == table]
        if not numbers:
            continue
        result = judge(
            table,
            *({"uscc": "", **CASES[number][1]} if table[1] == "person" else CASES[number][1] for number in numbers),
        )
        found |= {number: marks(result, row) for row, number in enumerate(numbers)}
    return found


@pytest.mark.parametrize(
    "number", range(len(CASES)), ids=lambda number: f"{number}-{CASES[number][0][1]}-{'-'.join(CASES[number][1])[:40]}"
)
def test_verdict(verdicts: dict[int, tuple[str, str, str]], number: int) -> None:
    table, change, errors, warnings = CASES[number]
    assert verdicts[number] == (errors, warnings, ""), f"{table}: {change}"


def test_every_rule_has_a_failing_and_a_passing_case() -> None:
    named = {rule for _, _, errors, warnings in CASES for rule in f"{errors};{warnings}".split(";") if rule}
    judged = {rule.id for table in (PE, LE) for rule, _ in rules_of(table).rules}
    elsewhere = {"R19", "R20", "R22", "R23", "R22W", "R25", "R25W"}  # the tests below and test_lost_meaning
    assert named == judged - elsewhere
    assert sum(not errors and not warnings for _, _, errors, warnings in CASES) >= 0.3 * len(CASES)


@pytest.mark.parametrize("table", TABLES)
def test_valid_row_is_clean(table: tuple[str, str]) -> None:
    result = judge(table)
    assert marks(result) == ("", "", "")
    assert not any(result.changed.row(0))


# --- R20 ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("table", [PE, PP, LE])
def test_r20_refuses_and_lets_negations_pass(table: tuple[str, str]) -> None:
    result = judge(table, *({"remark": text} for text in REFUSED + KEPT))
    assert result.refused.to_list() == ["R20"] * len(REFUSED) + [""] * len(KEPT)


@pytest.mark.parametrize("field", ["violation_facts", "penalty_content", "legal_basis", "decision_no", "subject_name"])
def test_r20_looks_into_every_text(field: str) -> None:
    assert judge(PE, {field: "适用简易程序"}).refused[0] == "R20"
    assert judge(PE, money("其他-当场处罚", "责令改正。")).refused[0] == "R20"


# --- what the reader and the scan report --------------------------------------------------------------------
def test_r19_hits_count_except_in_fields_for_id_numbers() -> None:
    hit, no = pl.Series([True, False]), pl.Series([False, False])
    result = judge(PE, {}, {}, scan_hits={"remark": hit, "uscc": no, "legal_rep_id_no": pl.Series([True, True])})
    assert result.errors.to_list() == ["R19", ""]


def test_misfiled_id_number_as_uscc_is_wrong_twice() -> None:
    assert judge(PE, {"uscc": ID, "org_code": ""}, scan_hits={"uscc": pl.Series([True])}).errors[0] == "R03;R19"


def test_r22_counts_for_long_codes_only() -> None:
    numeric = {
        "uscc": pl.Series([True, False]),
        "business_reg_no": pl.Series([True, False]),
        "fine_amount_wan": pl.Series([True, True]),
    }
    result = judge(
        PE,
        {"uscc": "913703991643626000", "org_code": "", "business_reg_no": "3703062280001"},
        {"uscc": COMPANY, "business_reg_no": "370399228000121"},
        numeric_cells=numeric,
        spreadsheet=True,
    )
    assert result.errors.to_list() == ["R03;R22", ""]
    assert (
        judge(PP, {"id_no": "3.70399198506150e+17"}, numeric_cells={"id_no": pl.Series([True])}).errors[0] == "R14;R22"
    )


def test_r23_marks_ragged_rows() -> None:
    assert judge(PE, {}, {}, ragged=pl.Series([False, True])).errors.to_list() == ["", "R23"]


def test_serial_dates_only_from_spreadsheets() -> None:
    change = {"decision_date": "46032", "valid_until": "46397.0", "publication_end": "20261210.0"}
    result = judge(PE, change, spreadsheet=True)
    assert marks(result) == ("", "", "")
    assert result.canonical.select("decision_date", "valid_until", "publication_end").row(0) == (
        "2026-01-10",
        "2027-01-10",
        "2026-12-10",
    )
    assert judge(PE, change).errors[0] == "R09"
    assert judge(PE, {"decision_date": "19999"}, spreadsheet=True).errors[0] == "R09"


# --- first-generation templates ----------------------------------------------------------------------------
def test_absent_category_is_derived_and_an_empty_cell_is_not() -> None:
    codes = [COMPANY, INDIVIDUAL, PLACEHOLDER, ""]
    result = judge(PE, *({"uscc": code, "org_code": ""} for code in codes), drop=("subject_category",))
    assert result.canonical["subject_category"].to_list() == ["法人及非法人组织", *["个体工商户"] * 3]
    assert result.errors.to_list() == ["", "", "", ""] and result.warnings.to_list() == ["", "", "R07W", ""]
    assert judge(PP, {}, drop=("subject_category",)).canonical["subject_category"][0] == "自然人"
    assert judge(PE, {"subject_category": ""}).errors[0] == "R01"


def test_absent_id_type_of_the_first_templates_means_identity_card() -> None:
    result = judge(PE, {}, {"legal_rep_id_no": ""}, {"legal_rep_id_no": ID[:17] + "A"}, drop=("legal_rep_id_type",))
    assert result.canonical["legal_rep_id_type"].to_list() == ["身份证", "", "身份证"]
    assert result.errors.to_list() == ["", "", "R14"]


def test_absent_columns_are_blank_and_required_ones_are_missed() -> None:
    result = judge(PE, {}, drop=("violation_facts", "org_code", "remark"))
    assert result.errors[0] == "R01"
    assert result.canonical.row(0, named=True)["violation_facts"] == ""
    assert "violation_facts" not in result.changed.columns


# --- the frame of verdicts --------------------------------------------------------------------------
def test_canonical_holds_all_columns_of_the_kind_and_changed_the_received_ones() -> None:
    result = judge(
        PE,
        {
            "uscc": COMPANY.lower(),
            "decision_date": "2026/1/10",
            "remark": " 备注 ",
            "fine_amount_wan": "0.20",
            "penalty_category": "罚款;",
            "subject_name": None,
        },
        {},
    )
    kind = rules_of(PE).kind
    assert result.canonical.columns == kind.columns
    assert result.canonical["id_no"].to_list() == ["", ""]
    row = result.canonical.row(0, named=True)
    assert (
        row["uscc"],
        row["decision_date"],
        row["remark"],
        row["fine_amount_wan"],
        row["penalty_category"],
        row["subject_name"],
    ) == (COMPANY, "2026-01-10", "备注", "0.2", "罚款", "")
    assert {name for name in result.changed.columns if result.changed[name][0]} == {
        "uscc",
        "decision_date",
        "remark",
        "fine_amount_wan",
        "penalty_category",
    }
    assert not any(result.changed.row(1))


def test_received_frame_is_left_alone() -> None:
    given = frame([VALID[PE] | {"uscc": COMPANY.lower(), "decision_date": "2026/1/10"}])
    before = given.clone()
    rules_of(PE).apply(given, context())
    assert given.equals(before)


def test_no_rows() -> None:
    result = rules_of(PE).apply(frame([VALID[PE]]).clear(), context())
    assert result.canonical.height == len(result.errors) == result.changed.height == 0


def test_several_rules_are_joined_in_the_order_of_the_file() -> None:
    result = judge(
        PE,
        {
            "violation_facts": "",
            "uscc": COMPANY[:17],
            "decision_date": "x",
            "authority_uscc": STRANGER,
            "remark": "简易程序",
        },
    )
    assert marks(result) == ("R01;R03;R09;R15", "", "R20")


def test_sources_differ_from_authorities() -> None:
    assert AUTHORITY != SOURCE and make_org_code("00000102") == AUTHORITY[8:17]
