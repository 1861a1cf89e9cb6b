"""R18–R20: lengths, sensitive numbers in wrong places, summary procedure and secrets."""

from __future__ import annotations

from datetime import date

from district_simulator.decisions.faults.describe import ALL, ENTITY, LICENCE, PENALTY, PERSON, Context, alike, variant
from district_simulator.vocabulary import codes
from district_simulator.vocabulary.rows import Row

_FILLER = "本案相关材料已按档案管理要求整理归档备查。"


def _of_length(n: int) -> str:
    return (_FILLER * (n // len(_FILLER) + 1))[:n]


# --- R18 lengths -------------------------------------------------------------------------------
@variant("R18", touches="remark", expect="accepted")
def remark_too_long(row: Row, ctx: Context) -> None:
    row.fix(remark=_of_length(ctx.pick(513, 600, 1000)))


@variant("R18", tables=LICENCE, touches="decision_title", expect="accepted")
def title_too_long(row: Row, ctx: Context) -> None:
    row.fix(decision_title=(row.truth["decision_title"] + "关于准予办理" + _of_length(80))[: 65 + ctx.n % 20])


@variant("R18", tables=ENTITY, touches="tax_reg_no uscc", expect="accepted", subject="company")
def tax_number_is_the_uscc(row: Row, ctx: Context) -> None:
    row.fix(tax_reg_no=row.organisation.uscc)


@alike("R18", touches="remark")
def remark_just_fits(row: Row, ctx: Context) -> None:
    row.fix(remark=_of_length(ctx.pick(512, 200, 150)))


@alike("R18", tables=LICENCE, touches="decision_title")
def title_just_fits(row: Row, ctx: Context) -> None:
    row.fix(decision_title=(row.truth["decision_title"] + "关于准予办理" + _of_length(80))[:64])


# --- R19 sensitive numbers ---------------------------------------------------------------------
@variant("R19", touches="remark")
def id_number_in_remark(row: Row, ctx: Context) -> None:
    number = ctx.population.id_number()
    text = ctx.pick(f"联系人身份证{number}", number, f"经办人证号：{number}，已核。", f"{number}系实际经营者")
    row.put("remark", text)


@variant("R19", touches="remark")
def mobile_in_remark(row: Row, ctx: Context) -> None:
    row.put("remark", ctx.pick("联系电话{}", "{}", "手机：{}（本人）").format(ctx.population.mobile()))


@variant("R19", tables=PENALTY, touches="violation_facts")
def card_in_facts(row: Row, ctx: Context) -> None:
    row.put("violation_facts", row.truth["violation_facts"] + f"退款至银行卡{ctx.population.card()}。")


@variant("R19", tables=PENALTY, touches="violation_facts")
def id_number_in_facts(row: Row, ctx: Context) -> None:
    number = ctx.population.id_number()
    if ctx.n % 3 == 2:
        number = codes.id_number_15(date(1962, 3, 4), 200 + ctx.n)
    row.put("violation_facts", row.truth["violation_facts"] + f"驾驶人证号{number}。")


@variant("R19", tables=LICENCE, touches="licence_content")
def id_number_in_content(row: Row, ctx: Context) -> None:
    row.put("licence_content", row.truth["licence_content"] + f"（负责人{ctx.population.id_number()}）")


@variant("R19", tables=ENTITY, touches="uscc subject_category org_code", rules="R03 R19", subject="individual")
def id_number_as_uscc(row: Row, ctx: Context) -> None:
    """Misfiled: the owner's ID number in the USCC column."""
    number = row.organisation.rep_id
    while codes.uscc_valid(number):  # one in 341 would pass as a code
        number = ctx.population.id_number()
    row.put("uscc", number, number)
    row.fix(org_code="", tax_reg_no="")


@variant("R19", touches="decision_no")
def id_number_as_decision_no(row: Row, ctx: Context) -> None:
    number = ctx.population.id_number()
    row.put("decision_no", number, number)


@variant("R19", tables=PERSON, touches="subject_name")
def id_number_behind_the_name(row: Row, ctx: Context) -> None:
    row.put("subject_name", f"{row.truth['subject_name']}（{row.truth['id_no']}）")


def _no_card(prefix: str, n: int) -> str:
    """Digits that are neither an ID number nor a card."""
    number = f"{prefix}{n:0{18 - len(prefix)}d}"
    return number if not codes.luhn_valid(number) else number[:-1] + str((int(number[-1]) + 1) % 10)


@alike("R19", touches="remark")
def harmless_numbers(row: Row, ctx: Context) -> None:
    row.fix(
        remark=ctx.pick(
            "咨询电话0533-3990000",
            f"档案号{_no_card('2026000000', ctx.n)}",
            "批次20260112001",
            "序号12345678901",
            f"设备编号{_no_card('9999', ctx.n)}",
            "面积1350000平方米",
        )
    )


@alike("R19", tables=ENTITY, touches="remark uscc", subject="digits")
def uscc_of_a_firm_in_remark(row: Row, ctx: Context) -> None:
    """Eighteen digits, but an organisation's code."""
    code = row.organisation.uscc
    row.fix(remark=f"关联单位代码{code}" if not codes.luhn_valid(code) else "关联单位见附件")


@alike("R19", tables=ENTITY, touches="uscc subject_category subject_name org_code", subject="luhn")
def code_that_passes_luhn(row: Row, ctx: Context) -> None:
    """52… and eighteen digits with a Luhn digit: still an organisation's code, not a card."""


# --- R20 not to be reported --------------------------------------------------------------------
@variant("R20", tables=PENALTY, touches="violation_facts", expect="refused")
def summary_procedure(row: Row, ctx: Context) -> None:
    text = ctx.pick("本案适用简易程序。", "依法适用简易程序作出决定。", "执法人员依法当场处罚。")
    row.put("violation_facts", row.truth["violation_facts"] + text)


@variant("R20", touches="remark", expect="refused")
def summary_or_secret_in_remark(row: Row, ctx: Context) -> None:
    text = (
        ctx.pick("机密★5年", "涉及国家秘密，不予公开", "秘密★长期", "简易程序")
        if row.table in PENALTY
        else ctx.pick("机密★5年", "涉及国家秘密，不予公开", "秘密★长期", "绝密★")
    )
    row.put("remark", text)


@alike("R20", tables=PENALTY, touches="violation_facts")
def not_summary_procedure(row: Row, ctx: Context) -> None:
    text = ctx.pick(
        "本案为非简易程序案件。",
        "本案不适用简易程序。",
        "本案未适用简易程序。",
        "本案不属于当场处罚情形。",
        "本案不适用当场处罚。",
    )
    row.fix(violation_facts=row.truth["violation_facts"] + text)


@alike("R20", tables=ALL, touches="remark")
def trade_secret(row: Row, ctx: Context) -> None:
    row.fix(remark=ctx.pick("附件涉及商业秘密，已作处理", "申请人声明含商业秘密", "保守商业秘密"))
