"""Helpers of the rule tests: a valid row of every table, and judging variations of it in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl
from public_credit.catalogue import load_catalogue
from public_credit.identifiers.codes import make_id_number, make_org_code, make_registration, make_uscc
from public_credit.land.rules import load_ruleset
from public_credit.land.rules.context import RowContext
from public_credit.land.rules.rows import RowRules, Verdicts

TODAY = date(2026, 2, 25)
AUTHORITY = make_uscc("11", "00000102")
SOURCE = make_uscc("11", "00000101")
STRANGER = make_uscc("11", "90000001")
COMPANY = make_uscc("91", "MA3A0001")
INDIVIDUAL = make_uscc("92", "MA3B0001")
ORG = COMPANY[8:17]
OTHER_ORG = make_org_code("MA3C0001")
PLACEHOLDER = "00000000000000000X"
ID = make_id_number("37039919850615001")

_PENALTY = {
    "decision_no": "示应急罚〔2026〕1号",
    "violation_type": "未落实安全培训",
    "violation_facts": "经查，未按规定开展安全培训。",
    "legal_basis": "《安全生产法》第九十七条",
    "penalty_category": "罚款",
    "penalty_content": "处以罚款2000元。",
    "fine_amount_wan": "0.2",
    "decision_date": "2026-01-10",
    "valid_until": "2027-01-10",
    "publication_end": "2026-12-10",
    "authority_name": "示范区应急管理局",
    "authority_uscc": AUTHORITY,
    "source_unit_name": "示范区行政审批服务局",
    "source_unit_uscc": SOURCE,
    "remark": "",
    "confiscated_amount_wan": "",
    "suspended_or_revoked_licence": "",
}
_LICENCE = {
    "decision_title": "准予许可决定书",
    "decision_no": "示审许〔2026〕1号",
    "licence_category": "普通",
    "certificate_name": "经营许可证",
    "licence_no": "示001",
    "licence_content": "准予从事食品经营。",
    "decision_date": "2026-01-10",
    "valid_from": "2026-01-10",
    "valid_to": "2031-01-09",
    "authority_name": "示范区行政审批服务局",
    "authority_uscc": SOURCE,
    "licence_state": "1",
    "source_unit_name": "示范区行政审批服务局",
    "source_unit_uscc": SOURCE,
    "remark": "",
}
_ENTITY = {
    "subject_name": "示范区长青商贸有限公司",
    "subject_category": "法人及非法人组织",
    "uscc": COMPANY,
    "business_reg_no": "",
    "org_code": ORG,
    "tax_reg_no": "",
    "institution_cert_no": "",
    "social_org_cert_no": "",
    "legal_rep_name": "王示例",
    "legal_rep_id_type": "身份证",
    "legal_rep_id_no": ID,
}
_PERSON = {"subject_name": "王示例", "subject_category": "自然人", "id_type": "身份证", "id_no": ID}
VALID: dict[tuple[str, str], dict[str, str]] = {
    ("administrative_penalty", "entity"): _ENTITY | _PENALTY,
    ("administrative_penalty", "person"): _PERSON | _PENALTY,
    ("administrative_licence", "entity"): _ENTITY | _LICENCE,
    ("administrative_licence", "person"): _PERSON | _LICENCE,
    ("decision_event", "all"): {
        "event_type": "撤销",
        "decision_table": "处罚",
        "decision_no": "示应急罚〔2026〕1号",
        "authority_name": "示范区应急管理局",
        "authority_uscc": AUTHORITY,
        "subject_name": "示范区长青商贸有限公司",
        "uscc": COMPANY,
        "id_type": "",
        "id_no": "",
        "event_date": "2026-02-20",
        "basis": "行政复议决定书",
        "remark": "",
    },
    ("enterprise_registration", "all"): {
        "name": "示范区长青商贸有限公司",
        "uscc": COMPANY,
        "former_names": "",
        "business_reg_no": make_registration("37039922800012"),
        "org_code": ORG,
        "entity_type": "有限责任公司",
        "established_on": "2001-05-06",
        "registered_capital": "208(万元人民币)",
        "business_scope": "商品零售",
        "province": "山东省",
        "city": "示范市",
        "address": "示范区一路1号",
        "state": "存续",
        "legal_rep_name": "王示例",
        "predecessor_uscc": "",
    },
    ("decision_ledger", "all"): {
        "month": "2026-01",
        "unit_name": "示范区应急管理局",
        "unit_uscc": AUTHORITY,
        "decision_table": "处罚",
        "generated_count": "12",
        "own_site_published_count": "11",
        "unreported_reason": "一件未结",
    },
}
TABLES = list(VALID)
PENALTY_ENTITY, PENALTY_PERSON, LICENCE_ENTITY, LICENCE_PERSON, EVENT, REGISTRATION, LEDGER = TABLES


def rules_of(table: tuple[str, str]) -> RowRules:
    kind = load_catalogue().kinds[table[0]]
    return RowRules(kind, table[1], load_ruleset(kind.id))


def context(**given: Any) -> RowContext:
    return RowContext(
        **(dict[str, Any]({"business_date": TODAY, "supplier_usccs": frozenset({AUTHORITY, SOURCE})}) | given)
    )


def frame(rows: Sequence[Mapping[str, str | None]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict.fromkeys(rows[0], pl.String), orient="row")


def judge(
    table: tuple[str, str], *changes: Mapping[str, str | None], drop: tuple[str, ...] = (), **given: Any
) -> Verdicts:
    """Verdicts of the valid row with each of the changes; ``drop`` leaves columns out of the delivery."""
    base = {name: value for name, value in VALID[table].items() if name not in drop}
    return rules_of(table).apply(frame([{**base, **change} for change in changes or ({},)]), context(**given))


def marks(verdicts: Verdicts, row: int = 0) -> tuple[str, str, str]:
    """(errors, warnings, refusing rule) of a row."""
    return verdicts.errors[row], verdicts.warnings[row], verdicts.refused[row]
