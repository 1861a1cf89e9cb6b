"""R21–R23: full width and case (repaired), lost digits, ragged lines."""

from __future__ import annotations

from district_simulator.decisions.faults.describe import ALL, ENTITY, PENALTY, PERSON, Context, alike, variant
from district_simulator.vocabulary.rows import NumberCell, Row, kept_by_a_number

_WIDE = str.maketrans({chr(c): chr(c + 0xFEE0) for c in range(0x21, 0x7F)})


# --- R21 half-width, upper case ----------------------------------------------------------------
@variant("R21", tables=ENTITY, touches="uscc", expect="accepted", subject="letters")
def uscc_in_lower_case(row: Row, ctx: Context) -> None:
    row.shown["uscc"] = row.truth["uscc"].lower()


@variant("R21", tables=ENTITY, touches="uscc", expect="accepted", subject="company")
def uscc_in_full_width(row: Row, ctx: Context) -> None:
    row.shown["uscc"] = row.truth["uscc"].translate(_WIDE)


@variant("R21", tables=ENTITY, touches="uscc", expect="accepted", subject="company")
def uscc_with_blanks(row: Row, ctx: Context) -> None:
    code = row.truth["uscc"]
    row.shown["uscc"] = ctx.pick(
        f"{code[:8]} {code[8:]}", f"{code[:8]}-{code[8:]}", " ".join((code[:4], code[4:8], code[8:12], code[12:]))
    )


@variant("R21", tables=ENTITY, touches="org_code uscc", expect="accepted", subject="company")
def org_code_with_hyphen(row: Row, ctx: Context) -> None:
    code = row.organisation.org_code
    row.fix(org_code=code)
    row.shown["org_code"] = f"{code[:8]}-{code[8]}"


@variant("R21", touches="dates", expect="accepted")
def date_in_full_width(row: Row, ctx: Context) -> None:
    row.shown["decision_date"] = row.truth["decision_date"].translate(_WIDE)


@variant("R21", tables=PENALTY, touches="money", expect="accepted")
def amount_in_full_width(row: Row, ctx: Context) -> None:
    row.fix(
        penalty_category="罚款",
        penalty_content="处以罚款2000元。",
        fine_amount_wan="0.2",
        confiscated_amount_wan="",
        suspended_or_revoked_licence="",
    )
    row.shown["fine_amount_wan"] = "0.2".translate(_WIDE)


@variant("R21", touches="authority_uscc", expect="accepted")
def authority_in_full_width(row: Row, ctx: Context) -> None:
    row.shown["authority_uscc"] = row.truth["authority_uscc"].translate(_WIDE)


@alike("R21", tables=ALL, touches="remark")
def full_width_in_text(row: Row, ctx: Context) -> None:
    row.fix(remark=ctx.pick("见附件１", "第２批次", "ＡＢＣ类", "（一）已整改；（二）已归档"))


# --- R22 lost digits ---------------------------------------------------------------------------
@variant("R22", tables=ENTITY, touches="uscc org_code", formats="xlsx xls", subject="digits")
def uscc_as_a_number(row: Row, ctx: Context) -> None:
    row.put("uscc", kept_by_a_number(row.truth["uscc"]), NumberCell(float(row.truth["uscc"])))
    row.fix(org_code="", tax_reg_no="")


@variant("R22", tables=ENTITY, touches="business_reg_no", formats="xlsx xls", subject="company")
def registration_number_as_a_number(row: Row, ctx: Context) -> None:
    row.fix(business_reg_no=row.organisation.business_reg_no)
    row.shown["business_reg_no"] = NumberCell(float(row.organisation.business_reg_no))


@variant("R22", tables=PERSON, touches="id_no", formats="xlsx xls", subject="digits-person")
def id_number_as_a_number(row: Row, ctx: Context) -> None:
    row.put("id_no", kept_by_a_number(row.truth["id_no"]), NumberCell(float(row.truth["id_no"])))


@alike("R22", tables=ENTITY, touches="uscc org_code", formats="xlsx xls", subject="digits")
def digits_kept_as_text(row: Row, ctx: Context) -> None:
    row.shown["uscc"] = row.truth["uscc"]


@alike("R22", tables=PERSON, touches="id_no", formats="xlsx xls", subject="digits-person")
def id_digits_kept_as_text(row: Row, ctx: Context) -> None:
    row.shown["id_no"] = row.truth["id_no"]


# --- R23 ragged lines --------------------------------------------------------------------------
@variant("R23", touches="remark ragged", formats="csv")
def unquoted_comma(row: Row, ctx: Context) -> None:
    row.ragged = "many"
    row.put("remark", "已缴纳,已整改")


@variant("R23", touches="remark ragged", formats="csv")
def cells_missing(row: Row, ctx: Context) -> None:
    row.ragged = "few"
    row.put("remark", "")


@alike("R23", touches="remark ragged", formats="csv")
def quoted_comma_and_break(row: Row, ctx: Context) -> None:
    row.fix(remark=ctx.pick("已缴纳,已整改", '当事人称"已整改"', "第一行\n第二行", '甲,乙,"丙"'))
