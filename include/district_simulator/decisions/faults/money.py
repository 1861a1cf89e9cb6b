"""R11–R14: penalty kinds and amounts, code lists, ID types and numbers."""

from __future__ import annotations

from datetime import date

from district_simulator.decisions.clean import CONFISCATION, SUSPENSION, wan
from district_simulator.decisions.faults.describe import ENTITY, LICENCE, PENALTY, PERSON, Context, alike, variant
from district_simulator.vocabulary import codes
from district_simulator.vocabulary.rows import NumberCell, Row


def _money(row: Row, category: str, content: str, fine: str = "", taken: str = "", licence: str = "") -> None:
    row.fix(
        penalty_category=category,
        penalty_content=content,
        fine_amount_wan=fine,
        confiscated_amount_wan=taken,
        suspended_or_revoked_licence=licence,
    )
    if category == "警告":
        row.fix(publication_end="")


# --- R11 kinds against amounts -----------------------------------------------------------------
@variant("R11", tables=PENALTY, touches="money")
def fine_without_amount(row: Row, ctx: Context) -> None:
    _money(row, "罚款", "处以罚款2000元。", "0.2")
    row.put("fine_amount_wan", *ctx.pick(("", ""), ("0", "0")))


@variant("R11", tables=PENALTY, touches="money")
def confiscation_without_amount(row: Row, ctx: Context) -> None:
    _money(row, CONFISCATION, "没收违法所得1500元。", "", "0.15")
    row.put("confiscated_amount_wan", "", "")


@variant("R11", tables=PENALTY, touches="money")
def suspension_without_licence(row: Row, ctx: Context) -> None:
    _money(row, SUSPENSION, "暂扣经营许可证三个月。", licence="经营许可证 示字8001号")
    row.put("suspended_or_revoked_licence", "", "")


@variant("R11", tables=PENALTY, touches="money", rules="R11W", expect="accepted")
def amount_without_its_kind(row: Row, ctx: Context) -> None:
    if ctx.n % 3 == 0:
        _money(row, "警告", "给予警告。", "0.1")
    elif ctx.n % 3 == 1:
        _money(row, "警告", "给予警告。", taken="0.02")
    else:
        _money(row, "罚款", "处以罚款500元。", "0.05", licence="许可证 示字8002号")


@alike("R11", tables=PENALTY, touches="money")
def goods_taken_without_value(row: Row, ctx: Context) -> None:
    _money(row, CONFISCATION, "没收非法财物一批。", taken="0")


@alike("R11", tables=PENALTY, touches="money")
def warning_only(row: Row, ctx: Context) -> None:
    _money(
        row,
        ctx.pick("警告", "通报批评", "责令停产停业"),
        ctx.pick("给予警告。", "给予通报批评。", "责令停业整顿七日。"),
    )
    row.fix(publication_end="")


# --- R12 amounts -------------------------------------------------------------------------------
@variant("R12", tables=PENALTY, touches="money")
def not_an_amount(row: Row, ctx: Context) -> None:
    _money(row, "罚款", "处以罚款2000元。", "0.2")
    text = ctx.pick("2千", "贰仟元", "约0.2", "0.2万", "0..2")
    row.put("fine_amount_wan", text, text)


@variant("R12", tables=PENALTY, touches="money")
def negative_or_too_fine(row: Row, ctx: Context) -> None:
    _money(row, "罚款", "处以罚款2000元。", "0.2")
    text = ctx.pick("-0.2", "0.2000001", "-1", "0.12345678")
    row.put("fine_amount_wan", text, text)


@variant("R12", tables=PENALTY, touches="money")
def yuan_instead_of_wan(row: Row, ctx: Context) -> None:
    yuan = ctx.pick(2000, 500, 30000, 10000)
    _money(row, "罚款", f"处以罚款{yuan}元。", wan(yuan))
    row.put("fine_amount_wan", str(yuan), str(yuan))


@variant("R12", tables=PENALTY, touches="money", rules="R12W", expect="accepted")
def text_and_amount_disagree(row: Row, ctx: Context) -> None:
    yuan = ctx.pick(2000, 500, 30000)
    _money(row, "罚款", f"处以罚款{yuan}元。", wan(yuan + 1000))


@alike("R12", tables=PENALTY, touches="money")
def same_amount_by_other_words(row: Row, ctx: Context) -> None:
    content = ctx.pick(
        "罚款人民币2000元。",
        "处以罚款0.2万元。",
        "处以罚款2,000元。",
        "罚款贰仟元（2000元）整。",
        "处罚款2000.00元人民币。",
        "1.警示约谈；2.罚款2000元。",
    )
    _money(row, "罚款", content, "0.2")
    row.shown["fine_amount_wan"] = ctx.pick("0.2", "0.200000", "0.20")


@alike("R12", tables=PENALTY, touches="money")
def two_fines_in_one_text(row: Row, ctx: Context) -> None:
    _money(row, "罚款", "对第一项行为罚款1000元，对第二项行为罚款2000元，合并罚款3000元。", "0.3")


@alike("R12", tables=PENALTY, touches="money", formats="xlsx xls")
def amount_as_a_number(row: Row, ctx: Context) -> None:
    _money(row, "罚款", "处以罚款5000元。", "0.5")
    row.shown["fine_amount_wan"] = NumberCell(0.5)


@alike("R12", tables=PENALTY, touches="money")
def large_amount(row: Row, ctx: Context) -> None:
    _money(row, "罚款", "处以罚款12000000元。", "1200")


# --- R13 code lists ----------------------------------------------------------------------------
@variant("R13", tables=PENALTY, touches="money")
def unknown_penalty_kind(row: Row, ctx: Context) -> None:
    _money(row, "警告", "给予警告。")
    text = ctx.pick("罚钱", "其他", "警告;训斥", "99", "其他-")
    row.put("penalty_category", text, text)


@variant("R13", tables=LICENCE, touches="licence_category")
def unknown_licence_kind(row: Row, ctx: Context) -> None:
    text = ctx.pick("普通许可", "7", "其他", "行政许可", "09")
    row.put("licence_category", text, text)


@variant("R13", tables=LICENCE, touches="licence_state")
def unknown_state(row: Row, ctx: Context) -> None:
    text = ctx.pick("3", "注销", "正常")
    row.put("licence_state", text, text)


@variant("R13", touches="subject_category uscc", needs="subject_category")
def unknown_category(row: Row, ctx: Context) -> None:
    text = ctx.pick("企业", "07", "民营企业")
    row.put("subject_category", text, text)


@variant("R13", tables=PERSON, touches="id_no")
def unknown_id_type(row: Row, ctx: Context) -> None:
    text = ctx.pick("军官证", "09", "驾驶证")
    row.put("id_type", text, text)


@alike("R13", tables=PENALTY, touches="money")
def other_separators(row: Row, ctx: Context) -> None:
    sep = ctx.pick("；", "、", "，", ";", ",")
    _money(row, f"警告;{CONFISCATION};罚款", "给予警告，没收违法所得1500元，罚款2000元。", "0.2", "0.15")
    row.shown["penalty_category"] = sep.join(("警告", CONFISCATION, "罚款"))


@alike("R13", tables=PENALTY, touches="money")
def other_with_text(row: Row, ctx: Context) -> None:
    _money(row, "其他-责令改正", "责令限期改正。")
    row.shown["penalty_category"] = ctx.pick("其他-责令改正", "其他－责令改正", "其他:责令改正", "其他（责令改正）")


@alike("R13", tables=LICENCE, touches="licence_category licence_state")
def listed_codes(row: Row, ctx: Context) -> None:
    text, code = ctx.pick(("普通", "01"), ("普通", "0"), ("特许", "02"), ("登记", "05"), ("认可", "03"))
    row.fix(licence_category=text, licence_state="1")
    row.shown |= {"licence_category": code, "licence_state": ctx.pick("有效", "1")}


# --- R14 ID types and numbers ------------------------------------------------------------------
def _bad_id(number: str, n: int) -> str:
    last = "0123456789X"
    if n % 4 == 0:  # check character
        return number[:17] + last[(last.index(number[17]) + 1) % 11]
    if n % 4 == 1:  # 31 February, check character right
        first17 = number[:10] + "0231" + number[14:17]
        return first17 + codes.id_check(first17)
    if n % 4 == 2:  # length
        return number[:17]
    first17 = number[:6] + "2031" + number[10:17]  # born in the future
    return first17 + codes.id_check(first17)


@variant("R14", tables=PERSON, touches="id_no")
def wrong_id_number(row: Row, ctx: Context) -> None:
    row.put("id_no", _bad_id(row.truth["id_no"], ctx.n))


@variant("R14", tables=PERSON, touches="id_no", rules="R01 R14")
def id_type_missing(row: Row, ctx: Context) -> None:
    row.put("id_type", "", "")


@variant("R14", tables=ENTITY, touches="legal_rep_id", needs="legal_rep_id_type", subject="company")
def representative_half_identified(row: Row, ctx: Context) -> None:
    row.fix(legal_rep_id_type="身份证", legal_rep_id_no=row.organisation.rep_id)
    row.put(ctx.pick("legal_rep_id_type", "legal_rep_id_no"), "", "")


@variant("R14", tables=ENTITY, touches="legal_rep_id", needs="legal_rep_id_type", subject="company")
def wrong_representative_number(row: Row, ctx: Context) -> None:
    row.fix(legal_rep_id_type="身份证", legal_rep_id_no=row.organisation.rep_id)
    row.put("legal_rep_id_no", _bad_id(row.organisation.rep_id, ctx.n))


@variant("R14", tables=PERSON, touches="id_no", rules="R14W", expect="accepted")
def fifteen_digits(row: Row, ctx: Context) -> None:
    row.fix(id_no=codes.id_number_15(date(1955 + ctx.n % 30, 6, 15), 100 + ctx.n))


@alike("R14", tables=PERSON, touches="id_no")
def passport(row: Row, ctx: Context) -> None:
    kind, number = ctx.pick(
        ("护照号", f"E9990{ctx.n:04d}"),
        ("港澳居民来往内地通行证", f"H9990{ctx.n:04d}"),
        ("台湾居民来往大陆通行证", f"9990{ctx.n:04d}"),
    )
    row.fix(id_type=kind, id_no=number)


@alike("R14", tables=PERSON, touches="id_no")
def id_type_by_code(row: Row, ctx: Context) -> None:
    row.shown["id_type"] = ctx.pick("1", "01")


@alike("R14", tables=ENTITY, touches="legal_rep_id", needs="legal_rep_id_type")
def representative_not_identified(row: Row, ctx: Context) -> None:
    row.fix(legal_rep_id_type="", legal_rep_id_no="")


@alike("R14", tables=ENTITY, touches="legal_rep_id", lacks="legal_rep_id_type", subject="company")
def number_in_a_template_without_type(row: Row, ctx: Context) -> None:
    row.fix(legal_rep_id_type="身份证", legal_rep_id_no=row.organisation.rep_id)
