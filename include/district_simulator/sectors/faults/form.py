"""R18–R23: lengths, numbers of persons in wrong places, secrets, spelling, lost digits, ragged lines."""

from __future__ import annotations

from district_simulator.sectors.faults.describe import SectorContext, alike, fault, has
from district_simulator.vocabulary.rows import NumberCell, Row, kept_by_a_number

_WIDE = str.maketrans({chr(c): chr(c + 0xFEE0) for c in range(0x21, 0x7F)})
_FILLER = "相关材料已按档案管理要求整理归档备查。"


def _long(n: int) -> str:
    return (_FILLER * (n // len(_FILLER) + 1))[:n]


def _texts(ctx: SectorContext) -> list[str]:
    """Free fields a person might put a number into."""
    wanted = (
        "remark",
        "reason",
        "findings",
        "conduct",
        "content",
        "facts",
        "address",
        "item_title",
        "contract_name",
        "register_name",
        "subject_name",
    )
    return [n for n in wanted if n in ctx.table.fields and ctx.table.fields[n].type == "text"]


@fault("R18", fits=has("remark"), expect="accepted")
def remark_too_long(row: Row, ctx: SectorContext) -> None:
    row.fix(remark=_long(ctx.pick(513, 640)))


@alike("R18", fits=has("remark"))
def remark_just_fits(row: Row, ctx: SectorContext) -> None:
    row.fix(remark=_long(ctx.pick(512, 300)))


@fault("R19", fits=has("remark"))
def number_of_a_person(row: Row, ctx: SectorContext) -> None:
    names, population = _texts(ctx), ctx.population
    text = ctx.pick(
        f"联系人身份证{population.id_number()}", f"电话{population.mobile()}", f"退款卡号{population.card()}"
    )
    name = names[ctx.n % len(names)]
    row.put(name, f"{row.truth[name]}（{text}）" if name == "subject_name" else text)


@fault("R19", fits=has("certificate_no"))
def id_number_as_certificate(row: Row, ctx: SectorContext) -> None:
    row.put("certificate_no", row.truth["id_no"])


@fault("R19", fits=has("uscc", "remark"), rules="R03 R19", how="uscc")
def id_number_as_code(row: Row, ctx: SectorContext) -> None:
    row.put("uscc", ctx.population.id_number())


@alike("R19", fits=has("remark"))
def harmless_number(row: Row, ctx: SectorContext) -> None:
    row.fix(remark=ctx.pick("咨询电话0533-3990000", "批次20260112001", "序号12345678901", "面积1350000平方米"))


@fault("R20", fits=has("remark"), expect="refused")
def secret(row: Row, ctx: SectorContext) -> None:
    row.put("remark", ctx.pick("涉及国家秘密，不予公开", "机密件，不得外传", "秘密件"))


@alike("R20", fits=has("remark"))
def no_secret(row: Row, ctx: SectorContext) -> None:
    row.fix(remark=ctx.pick("不涉及国家秘密", "附件涉及商业秘密，已作处理", "不属于国家秘密"))


@fault("R21", fits=has("uscc"), expect="accepted", how="uscc")
def code_in_full_width(row: Row, ctx: SectorContext) -> None:
    code = row.truth["uscc"]
    row.shown["uscc"] = ctx.pick(code.translate(_WIDE), f"{code[:8]} {code[8:]}", f"{code[:8]}-{code[8:]}")


@fault("R21", fits=has("source_unit_uscc"), expect="accepted")
def unit_in_full_width(row: Row, ctx: SectorContext) -> None:
    row.shown["source_unit_uscc"] = row.truth["source_unit_uscc"].translate(_WIDE)


@alike("R21", fits=has("remark"))
def full_width_in_text(row: Row, ctx: SectorContext) -> None:
    row.fix(remark=ctx.pick("见附件１", "第２批次", "ＡＢＣ类"))


@fault("R22", fits=has("uscc"), formats="xlsx xls", how="uscc", subject="digits")
def uscc_as_a_number(row: Row, ctx: SectorContext) -> None:
    row.put("uscc", kept_by_a_number(row.truth["uscc"]), NumberCell(float(row.truth["uscc"])))
    row.fix(org_code="")


@fault("R22", fits=has("id_no"), formats="xlsx xls", subject="digits-person")
def id_number_as_a_number(row: Row, ctx: SectorContext) -> None:
    row.put("id_no", kept_by_a_number(row.truth["id_no"]), NumberCell(float(row.truth["id_no"])))


@alike("R22", fits=has("uscc"), formats="xlsx xls", how="uscc", subject="digits")
def digits_kept_as_text(row: Row, ctx: SectorContext) -> None:
    row.shown["uscc"] = row.truth["uscc"]


@fault("R23", fits=has("remark"), formats="csv")
def unquoted_comma(row: Row, ctx: SectorContext) -> None:
    row.ragged = ctx.pick("many", "few")
    row.put("remark", "已核,已归档" if row.ragged == "many" else "")


@alike("R23", fits=has("remark"), formats="csv")
def quoted_comma_and_break(row: Row, ctx: SectorContext) -> None:
    row.fix(remark=ctx.pick("已核,已归档", "第一行\n第二行", '称"已整改"'))
