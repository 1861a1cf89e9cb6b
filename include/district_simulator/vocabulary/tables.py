"""The four 双公示 tables and the side tables, as the simulated departments know them (domain.md 1.3)."""

from __future__ import annotations

from district_simulator.vocabulary.sector_tables import SECTOR_TABLES

EXCHANGE_LOCAL = "syfw"  # 信息使用范围, a local extension of the tables of rsj
Field = tuple[str, str, str]  # our short name, official code, 中文名

_SUBJECT = [("subject_name", "{t}_XDR_MC", "行政相对人名称"), ("subject_category", "{t}_XDR_LB", "行政相对人类别")]
_ENTITY = [
    ("uscc", "{t}_XDR_SHXYM", "行政相对人代码_1(统一社会信用代码)"),
    ("business_reg_no", "{t}_XDR_GSZC", "行政相对人代码_2(工商注册号)"),
    ("org_code", "{t}_XDR_ZZJG", "行政相对人代码_3(组织机构代码)"),
    ("tax_reg_no", "{t}_XDR_SWDJ", "行政相对人代码_4(税务登记号)"),
    ("institution_cert_no", "{t}_XDR_SYDW", "行政相对人代码_5(事业单位证书号)"),
    ("social_org_cert_no", "{t}_XDR_SHZZ", "行政相对人代码_6(社会组织登记证号)"),
    ("legal_rep_name", "{t}_FRDB", "法定代表人"),
    ("legal_rep_id_type", "{t}_FR_ZJLX", "法定代表人证件类型"),
    ("legal_rep_id_no", "{t}_FR_ZJHM", "法定代表人证件号码"),
]
_PERSON = [("id_type", "{t}_XDR_ZJLX", "证件类型"), ("id_no", "{t}_XDR_ZJHM", "证件号码")]
_LICENCE = [
    ("decision_title", "XK_XKWS", "行政许可决定文书名称"),
    ("decision_no", "XK_WSH", "行政许可决定文书号"),
    ("licence_category", "XK_XKLB", "许可类别"),
    ("certificate_name", "XK_XKZS", "许可证书名称"),
    ("licence_no", "XK_XKBH", "许可编号"),
    ("licence_content", "XK_NR", "许可内容"),
    ("decision_date", "XK_JDRQ", "许可决定日期"),
    ("valid_from", "XK_YXQZ", "有效期自"),
    ("valid_to", "XK_YXQZI", "有效期至"),
    ("authority_name", "XK_XKJG", "许可机关"),
    ("authority_uscc", "XK_XKJGDM", "许可机关统一社会信用代码"),
    ("licence_state", "XK_ZT", "当前状态"),
    ("source_unit_name", "XK_LYDW", "数据来源单位"),
    ("source_unit_uscc", "XK_LYDWDM", "数据来源单位统一社会信用代码"),
    ("remark", "BZ", "备注"),
]
_PENALTY = [
    ("decision_no", "CF_WSH", "行政处罚决定书文号"),
    ("violation_type", "CF_WFXW", "违法行为类型"),
    ("violation_facts", "CF_SY", "违法事实"),
    ("legal_basis", "CF_YJ", "处罚依据"),
    ("penalty_category", "CF_CFLB", "处罚类别"),
    ("penalty_content", "CF_NR", "处罚内容"),
    ("fine_amount_wan", "CF_NR_FK", "罚款金额(万元)"),
    ("confiscated_amount_wan", "CF_NR_WFFF", "没收违法所得、没收非法财物的金额(万元)"),
    ("suspended_or_revoked_licence", "CF_NR_ZKDX", "暂扣或吊销证照名称及编号"),
    ("decision_date", "CF_JDRQ", "处罚决定日期"),
    ("valid_until", "CF_YXQ", "处罚有效期"),
    ("publication_end", "CF_GSJZQ", "公示截止期"),
    ("authority_name", "CF_CFJG", "处罚机关"),
    ("authority_uscc", "CF_CFJGDM", "处罚机关统一社会信用代码"),
    ("source_unit_name", "CF_SJLY", "数据来源单位"),
    ("source_unit_uscc", "CF_SJLYDM", "数据来源单位统一社会信用代码"),
    ("remark", "BZ", "备注"),
]
_EVENT = [
    ("event_type", "SJ_LX", "事件类型"),
    ("decision_table", "SJ_BLX", "决定类别"),
    ("decision_no", "SJ_WSH", "决定文书号"),
    ("authority_name", "SJ_JG", "决定机关"),
    ("authority_uscc", "SJ_JGDM", "决定机关统一社会信用代码"),
    ("subject_name", "SJ_XDR_MC", "行政相对人名称"),
    ("uscc", "SJ_XDR_SHXYM", "统一社会信用代码"),
    ("id_type", "SJ_ZJLX", "证件类型"),
    ("id_no", "SJ_ZJHM", "证件号码"),
    ("event_date", "SJ_RQ", "事件日期"),
    ("basis", "SJ_YJ", "事件依据"),
    ("remark", "BZ", "备注"),
]
_REGISTRATION = [
    ("name", "QY_MC", "企业名称"),
    ("uscc", "QY_SHXYM", "统一社会信用代码"),
    ("former_names", "QY_CYM", "曾用名"),
    ("business_reg_no", "QY_GSZC", "注册号"),
    ("org_code", "QY_ZZJG", "组织机构代码"),
    ("entity_type", "QY_LX", "企业类型"),
    ("established_on", "QY_CLRQ", "注册日期"),
    ("registered_capital", "QY_ZCZB", "注册资金"),
    ("business_scope", "QY_JYFW", "经营范围"),
    ("address", "QY_ZS", "注册地址"),
    ("state", "QY_ZT", "登记状态"),
    ("legal_rep_name", "QY_FRDB", "法定代表人"),
    ("predecessor_uscc", "QY_YSHXYM", "原统一社会信用代码"),
]
_LEDGER = [
    ("month", "month", "月份"),
    ("unit_name", "unit_name", "单位名称"),
    ("unit_uscc", "unit_uscc", "单位统一社会信用代码"),
    ("decision_table", "decision_table", "类别"),
    ("generated_count", "generated_count", "产生数量"),
    ("own_site_published_count", "own_site_published_count", "本单位公示数量"),
    ("unreported_reason", "unreported_reason", "未报送依据"),
]


def _table(prefix: str, *groups: list[Field]) -> list[Field]:
    return [(name, code.format(t=prefix), title) for group in groups for name, code, title in group]


TABLES: dict[str, list[Field]] = {
    "xk_fr": _table("XK", _SUBJECT, _ENTITY, _LICENCE),
    "xk_zrr": _table("XK", _SUBJECT, _PERSON, _LICENCE),
    "cf_fr": _table("CF", _SUBJECT, _ENTITY, _PENALTY),
    "cf_zrr": _table("CF", _SUBJECT, _PERSON, _PENALTY),
    "events": _EVENT,
    "qydj": _REGISTRATION,
    "ledger": _LEDGER,
    **{t.id: [(f.name, f.code, f.title) for f in t.fields.values()] for t in SECTOR_TABLES.values()},
}

REQUIRED: dict[str, list[str]] = {
    "xk": [
        "subject_name",
        "decision_title",
        "decision_no",
        "licence_category",
        "licence_content",
        "decision_date",
        "valid_from",
        "valid_to",
        "authority_name",
        "authority_uscc",
        "licence_state",
        "source_unit_name",
        "source_unit_uscc",
    ],
    "cf": [
        "subject_name",
        "decision_no",
        "violation_type",
        "violation_facts",
        "legal_basis",
        "penalty_category",
        "penalty_content",
        "decision_date",
        "valid_until",
        "authority_name",
        "authority_uscc",
        "source_unit_name",
        "source_unit_uscc",
    ],
}


def field_names(table: str) -> list[str]:
    """Our short names of a table's fields in the official order."""
    return [name for name, _, _ in TABLES[table]]


def codes(table: str) -> dict[str, str]:
    """Field name → official code."""
    return {name: code for name, code, _ in TABLES[table]}


def titles(table: str) -> dict[str, str]:
    """Field name → official Chinese title."""
    return {name: title for name, _, title in TABLES[table]}
