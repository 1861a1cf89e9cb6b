"""R01–R07: required fields, categories, codes, names, placeholders."""

from __future__ import annotations

from district_simulator.decisions.faults.describe import ENTITY, LICENCE, PENALTY, PERSON, Context, alike, variant
from district_simulator.vocabulary import codes
from district_simulator.vocabulary.rows import Row


def _blank(row: Row, ctx: Context, name: str) -> None:
    row.put(name, "", ctx.pick("", "", "   ", "　"))


# --- R01 required fields -----------------------------------------------------------------------
@variant("R01", tables=PENALTY, touches="violation_facts legal_basis violation_type")
def blank_penalty_text(row: Row, ctx: Context) -> None:
    _blank(row, ctx, ctx.pick("violation_facts", "legal_basis", "violation_type"))


@variant("R01", tables=LICENCE, touches="decision_title licence_content")
def blank_licence_text(row: Row, ctx: Context) -> None:
    _blank(row, ctx, ctx.pick("decision_title", "licence_content"))


@variant("R01", touches="authority_uscc")
def blank_authority_code(row: Row, ctx: Context) -> None:
    _blank(row, ctx, "authority_uscc")


@variant("R01", touches="decision_no")
def blank_decision_no(row: Row, ctx: Context) -> None:
    _blank(row, ctx, "decision_no")


@variant("R01", touches="source_unit_name authority_name")
def blank_unit_name(row: Row, ctx: Context) -> None:
    _blank(row, ctx, ctx.pick("source_unit_name", "authority_name"))


@variant("R01", tables=ENTITY, touches="uscc subject_category org_code", needs="subject_category", subject="company")
def blank_uscc_of_a_company(row: Row, ctx: Context) -> None:
    _blank(row, ctx, "uscc")


@variant("R01", tables=ENTITY, touches="legal_rep_name uscc subject_category", subject="company")
def blank_representative(row: Row, ctx: Context) -> None:
    _blank(row, ctx, "legal_rep_name")


@variant("R01", touches="subject_category uscc", needs="subject_category")
def blank_category(row: Row, ctx: Context) -> None:
    _blank(row, ctx, "subject_category")


@variant("R01", touches="dates")
def blank_date(row: Row, ctx: Context) -> None:
    _blank(row, ctx, ctx.pick("decision_date", "valid_to" if row.table in LICENCE else "valid_until"))


@alike("R01", tables=ENTITY, touches="uscc subject_category legal_rep_name org_code", subject="individual")
def individual_without_code(row: Row, ctx: Context) -> None:
    """A 个体工商户 that was never issued a USCC: registration number only."""
    row.fix(uscc="", org_code="", tax_reg_no="", business_reg_no=row.organisation.business_reg_no)
    if ctx.n % 2:
        row.fix(legal_rep_name="", legal_rep_id_type="", legal_rep_id_no="")


@alike("R01", touches="remark org_code")
def optional_fields_blank(row: Row, ctx: Context) -> None:
    row.fix(remark="")
    for name in ("publication_end", "certificate_name", "licence_no", "org_code", "business_reg_no"):
        if name in row.truth:
            row.fix(**{name: ""})


# --- R02 category against table ----------------------------------------------------------------
@variant("R02", tables=ENTITY, touches="subject_category uscc", needs="subject_category", subject="company")
def person_in_entity_table(row: Row, ctx: Context) -> None:
    row.put("subject_category", "自然人", ctx.pick("自然人", "01"))


@variant("R02", tables=PERSON, touches="subject_category", needs="subject_category")
def entity_in_person_table(row: Row, ctx: Context) -> None:
    canon, cell = ctx.pick(
        ("法人及非法人组织", "法人及非法人组织"),
        ("个体工商户", "个体工商户"),
        ("法人及非法人组织", "法人"),
        ("个体工商户", "04"),
    )
    row.put("subject_category", canon, cell)


@alike("R02", tables=ENTITY, touches="subject_category uscc", needs="subject_category", subject="company")
def company_by_other_spelling(row: Row, ctx: Context) -> None:
    row.put("subject_category", "法人及非法人组织", ctx.pick("法人", "非法人组织", "02", "03"))


@alike("R02", tables=PERSON, touches="subject_category", needs="subject_category")
def person_by_code(row: Row, ctx: Context) -> None:
    row.put("subject_category", "自然人", ctx.pick("01", "自然人"))


# --- R03 USCC ----------------------------------------------------------------------------------
def _broken_uscc(row: Row, value: str) -> None:
    row.put("uscc", value, value)
    row.fix(org_code="", tax_reg_no="")


@variant("R03", tables=ENTITY, touches="uscc org_code", subject="company")
def uscc_length(row: Row, ctx: Context) -> None:
    code = row.truth["uscc"]
    _broken_uscc(row, ctx.pick(code[:17], code + "0", code[:15]))


@variant("R03", tables=ENTITY, touches="uscc org_code", subject="company")
def uscc_alphabet(row: Row, ctx: Context) -> None:
    code = row.truth["uscc"]
    at = 8 + ctx.n % 8
    _broken_uscc(row, code[:at] + ctx.pick("S", "I", "O", "V", "Z") + code[at + 1 :])


@variant("R03", tables=ENTITY, touches="uscc org_code", subject="company")
def uscc_check_character(row: Row, ctx: Context) -> None:
    code = row.truth["uscc"]
    alphabet = codes.USCC_ALPHABET
    _broken_uscc(row, code[:17] + alphabet[(alphabet.index(code[17]) + 1 + ctx.n % 9) % 31])


@variant("R03", tables=ENTITY, touches="uscc org_code", subject="company")
def uscc_embedded_org_code(row: Row, ctx: Context) -> None:
    """Passes GB 32100 as a whole, but the embedded 组织机构代码 is wrong."""
    code = row.truth["uscc"]
    wrong = str((int(code[16]) + 1) % 10) if code[16].isdigit() else "1"
    first17 = code[:16] + wrong
    _broken_uscc(row, first17 + codes.uscc_check(first17))


@variant("R03", tables=("cf_zrr",), touches="uscc", needs="uscc")
def uscc_in_person_table(row: Row, ctx: Context) -> None:
    row.put("uscc", ctx.rng.choice(ctx.population.subjects).uscc)


@alike("R03", tables=ENTITY, touches="uscc subject_category subject_name org_code", subject="special")
def unusual_but_valid_prefix(row: Row, ctx: Context) -> None:
    """A1, N1, Y1, 52, 12 codes: valid by the standard."""


# --- R04 92 against category -------------------------------------------------------------------
@variant("R04", tables=ENTITY, touches="uscc subject_category", needs="subject_category", subject="individual")
def individual_called_company(row: Row, ctx: Context) -> None:
    row.put("subject_category", "法人及非法人组织")


@variant("R04", tables=ENTITY, touches="uscc subject_category", needs="subject_category", subject="company")
def company_called_individual(row: Row, ctx: Context) -> None:
    row.put("subject_category", "个体工商户")


@alike("R04", tables=ENTITY, touches="uscc subject_category", subject="cooperative")
def cooperative_is_a_legal_person(row: Row, ctx: Context) -> None:
    """93 农民专业合作社."""


@alike("R04", tables=ENTITY, touches="uscc subject_category", needs="subject_category", subject="individual")
def individual_by_code(row: Row, ctx: Context) -> None:
    row.put("subject_category", "个体工商户", ctx.pick("04", "个体工商户"))


# --- R05 organisation code ---------------------------------------------------------------------
@variant("R05", tables=ENTITY, touches="org_code uscc", subject="company")
def org_code_check_character(row: Row, ctx: Context) -> None:
    good = row.organisation.org_code
    bad = good[:8] + ("1" if good[8] != "1" else "2")
    row.truth["org_code"] = good
    row.put("org_code", bad)


@variant("R05", tables=ENTITY, touches="org_code uscc", subject="company")
def org_code_of_another(row: Row, ctx: Context) -> None:
    row.truth["org_code"] = row.organisation.org_code
    others = [s for s in ctx.population.subjects[:500] if s.org_code != row.organisation.org_code]
    row.put("org_code", ctx.rng.choice(others).org_code)


@alike("R05", tables=ENTITY, touches="org_code uscc", subject="company")
def org_code_agrees(row: Row, ctx: Context) -> None:
    row.fix(org_code=row.organisation.org_code)


# --- R06 registry ------------------------------------------------------------------------------
@variant("R06", tables=ENTITY, touches="subject_name uscc", subject="company")
def name_of_nobody(row: Row, ctx: Context) -> None:
    name = row.truth["subject_name"]
    wrong = ctx.pick(
        name.replace("有限公司", "有限责任公司分公司"),
        name[:4] + "某" + name[5:],
        name.replace("示范区", "示范县"),
        name.replace("有限公司", ""),
    )
    row.put("subject_name", wrong)


@variant("R06", tables=ENTITY, touches="subject_name uscc", subject="company")
def name_of_another(row: Row, ctx: Context) -> None:
    others = [s for s in ctx.population.subjects[:500] if s.uscc != row.organisation.uscc]
    row.put("subject_name", ctx.rng.choice(others).name)


@variant("R06", tables=ENTITY, touches="subject_name uscc", rules="R06W", expect="accepted", subject="unregistered")
def not_in_the_registry(row: Row, ctx: Context) -> None:
    """未关联: a valid code that the roster does not have."""


@alike("R06", tables=ENTITY, touches="subject_name uscc", subject="former")
def former_name(row: Row, ctx: Context) -> None:
    row.put("subject_name", ctx.rng.choice(row.organisation.former_names))


@alike("R06", tables=ENTITY, touches="subject_name uscc", subject="bracket")
def half_width_brackets(row: Row, ctx: Context) -> None:
    row.put("subject_name", row.truth["subject_name"].replace("（", "(").replace("）", ")"))


@alike("R06", tables=ENTITY, touches="subject_name uscc", subject="company")
def name_with_blank(row: Row, ctx: Context) -> None:
    name = row.truth["subject_name"]
    row.put("subject_name", name[:3] + ctx.pick(" ", "　") + name[3:])


# --- R07 placeholder ---------------------------------------------------------------------------
@variant(
    "R07",
    tables=ENTITY,
    touches="uscc subject_category org_code",
    rules="R07W",
    expect="accepted",
    subject="individual",
)
def placeholder_of_individual(row: Row, ctx: Context) -> None:
    row.fix(
        uscc=codes.PLACEHOLDER,
        org_code="",
        tax_reg_no="",
        business_reg_no=row.organisation.business_reg_no if ctx.n % 2 else "",
    )


@variant("R07", tables=ENTITY, touches="uscc subject_category org_code", needs="subject_category", subject="company")
def placeholder_of_company(row: Row, ctx: Context) -> None:
    row.put("uscc", codes.PLACEHOLDER)
    row.fix(org_code="", tax_reg_no="")


@variant("R07", touches="authority_uscc")
def placeholder_of_authority(row: Row, ctx: Context) -> None:
    row.put("authority_uscc", codes.PLACEHOLDER)


@variant("R07", touches="source_unit_uscc")
def placeholder_of_source_unit(row: Row, ctx: Context) -> None:
    row.put("source_unit_uscc", codes.PLACEHOLDER)


@alike("R07", tables=ENTITY, touches="uscc subject_category subject_name org_code", subject="zeros")
def code_full_of_zeros(row: Row, ctx: Context) -> None:
    """A real code whose organisation part is nearly all zeros."""
