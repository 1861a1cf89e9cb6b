"""Headings of the licences and penalties: the templates and systems that circulate in real deliveries (domain.md 1.3)."""

from __future__ import annotations

from district_simulator.vocabulary.dialects import Dialect, full_width
from district_simulator.vocabulary.tables import EXCHANGE_LOCAL, codes, field_names, titles

SECOND_GENERATION = {"subject_category", "legal_rep_id_type"}  # columns the 424号 templates lack


def _official(table: str, order: list[str], change: dict[str, str]) -> tuple[tuple[str, str], ...]:
    zh = titles(table)
    return tuple((field, change.get(field, zh[field])) for field in order)


def first_generation(table: str) -> list[str]:
    """Column order of the 424号 templates (S1): 24/18/26/20 columns."""
    names = [n for n in field_names(table) if n not in SECOND_GENERATION]
    if table in ("xk_fr", "cf_fr"):
        head = [
            "subject_name",
            "uscc",
            "business_reg_no",
            "org_code",
            "tax_reg_no",
            "institution_cert_no",
            "social_org_cert_no",
            "legal_rep_name",
            "legal_rep_id_no",
        ]
        names = head + [n for n in names if n not in head]
    return names


def official_codes(
    table: str, change: dict[str, str] | None = None, *, lower: bool = False, dialect_id: str = "codes790", **options
) -> Dialect:
    """Official short codes (790号 generation), optionally with legacy synonyms."""
    change = change or {}
    columns = tuple((field, change.get(field, code)) for field, code in codes(table).items())
    if lower:
        columns = tuple((field, code.lower()) for field, code in columns)
    return Dialect(dialect_id, table, columns, **options)


def template_790(table: str, *, wide: bool, **options) -> Dialect:
    """790号 template with full- or half-width brackets."""
    zh = titles(table)
    columns = tuple((f, full_width(zh[f]) if wide else zh[f]) for f in field_names(table))
    return Dialect("t790_wide" if wide else "t790_half", table, columns, **options)


def template_424(table: str, **options) -> Dialect:
    """424号 template: no 行政相对人类别, no representative's ID type; the number's old heading."""
    change = {"legal_rep_id_no": "法定代表人身份证号"}
    return Dialect("t424", table, _official(table, first_generation(table), change), **options)


def swapped_s2(table: str, **options) -> Dialect:
    """S2: numbers of the code columns swapped, 工商登记码; 没收违法所得 short."""
    if table == "cf_fr":
        change = {
            "uscc": "行政相对人代码_3(统一社会信用代码)",
            "org_code": "行政相对人代码_2(组织机构代码)",
            "business_reg_no": "行政相对人代码_1(工商登记码)",
            "confiscated_amount_wan": "没收违法所得",
            "fine_amount_wan": "罚款金额（万元）",
        }
    else:
        change = {"org_code": "行政相对人代码_2(组织机构代码)", "business_reg_no": "行政相对人代码_3(工商登记码)"}
    change["legal_rep_id_no"] = "法定代表人身份证号"
    return Dialect("s2_swapped", table, _official(table, first_generation(table), change), **options)


def variant_s3(table: str, **options) -> Dialect:
    """S3: 行政许可决定书文号, full-width brackets, 790号 columns."""
    change = {f: full_width(t) for f, t in titles(table).items()}
    if "decision_title" in change:
        change["decision_no"] = "行政许可决定书文号"
    return Dialect("s3", table, _official(table, field_names(table), change), **options)


def export_s9(table: str, **options) -> Dialect:
    """S9: business-system export with 处罚金额, 非法财务, a trailing blank and 数据导出时间 at the end."""
    change = {f: full_width(t) for f, t in titles(table).items()}
    change |= {
        "tax_reg_no": "行政相对人代码_4（税务登记号） ",
        "fine_amount_wan": "处罚金额（万元）",
        "confiscated_amount_wan": "没收违法所得、没收非法财务的金额（万元）",
        "legal_rep_id_no": "法定代表人身份证号",
    }
    columns: list[tuple[str | None, str]] = [*_official(table, first_generation(table), change)]
    if table == "cf_zrr":  # a combined form: the code column stands in the persons' export too
        columns.insert(1, ("uscc", "行政相对人代码_1（统一社会信用代码）"))
    columns.append((None, "数据导出时间"))
    return Dialect("s9_export", table, tuple(columns), **options)


def back_file_2016(table: str) -> Dialect:
    """The 2014/2016 code set of historical back-files; it lacks fields that are required today."""
    if table == "xk_fr":
        columns = [
            ("decision_no", "XK_WSH"),
            ("decision_title", "XK_XMMC"),
            ("licence_category", "XK_SPLB"),
            ("licence_content", "XK_NR"),
            ("subject_name", "XK_XDR"),
            ("uscc", "XK_XDR_SHXYM"),
            ("org_code", "XK_XDR_ZDM"),
            ("business_reg_no", "XK_XDR_GSDJ"),
            ("tax_reg_no", "XK_XDR_SWDJ"),
            ("legal_rep_name", "XK_FR"),
            ("decision_date", "XK_JDRQ"),
            ("valid_to", "XK_JZQ"),
            ("authority_name", "XK_XZJG"),
            (None, "XK_ZT"),
            (None, "DFBM"),
            (None, "SJC"),
            ("remark", "BZ"),
        ]
    else:
        columns = [
            ("decision_no", "CF_WSH"),
            ("violation_type", "CF_CFMC"),
            ("penalty_category", "CF_CFLB1"),
            (None, "CF_CFLB2"),
            ("violation_facts", "CF_SY"),
            ("legal_basis", "CF_YJ"),
            ("subject_name", "CF_XDR_MC"),
            ("uscc", "CF_XDR_SHXYM"),
            ("legal_rep_name", "CF_FR"),
            ("penalty_content", "CF_JG"),
            ("decision_date", "CF_JDRQ"),
            ("authority_name", "CF_XZJG"),
            (None, "CF_ZT"),
            (None, "DFBM"),
            (None, "SJC"),
            ("remark", "BZ"),
        ]
    return Dialect("back_file_2016", table, tuple(columns))


LEGACY_CF = {
    "subject_name": "COMP_NAME",
    "legal_rep_name": "CF_FDDB",
    "legal_rep_id_no": "CF_FR_SFZH",
    "decision_no": "CF_CFWSH",
    "authority_name": "CF_XKJG",
}
LEGACY_XK = {"subject_category": "XK_XDR_TYPE", "legal_rep_name": "XK_FDDB", "legal_rep_id_no": "XK_FR_SFZH"}

DIALECTS: dict[str, Dialect] = {
    "xzsp.licence_entity": official_codes("xk_fr", null_blank=True),
    "xzsp.licence_person": official_codes("xk_zrr", null_blank=True, categories="code"),
    "xzsp.decision_event": official_codes("events", null_blank=True),
    "yjgl.penalty_entity": official_codes("cf_fr", LEGACY_CF, dialect_id="codes_legacy"),
    "wsjk.penalty_entity": template_790("cf_fr", wide=True, dates="cell"),
    "wsjk.licence_person": variant_s3("xk_zrr", dates="serial"),
    "jtys.penalty_entity": export_s9("cf_fr", dates="slash"),
    "jtys.penalty_person": export_s9("cf_zrr", dates="cell"),
    "sthj.penalty_entity": official_codes("cf_fr", dates="slash", dialect_id="codes790_xml"),
    "sthj.licence_entity": official_codes("xk_fr", LEGACY_XK, dialect_id="codes_legacy_xml", categories="split"),
    "zhzf.penalty_entity": template_424("cf_fr", dates="slash_short"),
    "zhzf.penalty_person": template_424("cf_zrr", dates="chinese"),
    "zjj.licence_entity": swapped_s2("xk_fr", dates="slash"),
    "scjg.penalty_entity": official_codes("cf_fr", lower=True, null_blank=True, dialect_id="exchange"),
    "scjg.licence_entity": official_codes(
        "xk_fr", lower=True, null_blank=True, dialect_id="exchange", categories="code"
    ),
    "scjg.enterprise_registration": official_codes("qydj", lower=True, null_blank=True, dialect_id="exchange"),
    "scjg.decision_event": official_codes("events", lower=True, null_blank=True, dialect_id="exchange"),
    "rsj.penalty_entity": official_codes("cf_fr", lower=True, dialect_id="exchange", dates="compact"),
    "rsj.licence_entity": official_codes("xk_fr", lower=True, dialect_id="exchange"),
    "sfj.decision_ledger": Dialect("ledger", "ledger", tuple(titles("ledger").items())),
    "nync.penalty_entity": template_790("cf_fr", wide=False),
}


def on_day(dataset: str, day: int) -> Dialect:
    """Headings of a dataset's ordinary delivery of a day."""
    dialect = DIALECTS[dataset]
    if dataset == "zhzf.penalty_entity" and day == 2:
        dialect = swapped_s2("cf_fr", dates="slash_short")
    if dataset.startswith("rsj."):
        dialect = dialect.with_columns(add=[EXCHANGE_LOCAL])
    extra, rename = {
        ("xzsp.licence_entity", 2): (["XK_BLR"], {}),
        ("wsjk.penalty_entity", 2): (["案件来源"], {}),
        ("wsjk.licence_person", 2): (["宗教信仰"], {}),
        ("zhzf.penalty_person", 2): (["联系方式"], {}),
        ("zhzf.penalty_person", 3): (["既往病史"], {}),
        ("jtys.penalty_person", 3): (["证件复印件编号"], {}),
        ("zjj.licence_entity", 2): ([], {"备注": "!备注说明"}),
    }.get((dataset, day), ([], {}))
    if extra or rename:
        dialect = dialect.with_columns(add=extra, rename=rename, suffix=f"_day{day}")
    return dialect
