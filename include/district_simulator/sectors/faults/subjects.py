"""R03, R05, R06, C08, C09: codes and names of organisations; R14: numbers of persons."""

from __future__ import annotations

from datetime import date

from district_simulator.decisions.faults.references import stranger_office
from district_simulator.sectors.faults.describe import SectorContext, alike, fault, has, named_by_code
from district_simulator.vocabulary import codes
from district_simulator.vocabulary.rows import Row


def _organisation(table) -> bool:
    return table.about == "organisation"


def _register(table) -> bool:
    return table.kind == "organisation_registration"


def _person(table) -> bool:
    return table.about == "person"


def _wrong_check(code: str, step: int = 1) -> str:
    alphabet = codes.USCC_ALPHABET
    return code[:17] + alphabet[(alphabet.index(code[17]) + step) % 31]


# --- R03 USCC ----------------------------------------------------------------------------------
@fault("R03", fits=_organisation, how="uscc")
def broken_uscc(row: Row, ctx: SectorContext) -> None:
    code = row.truth["uscc"]
    at = 8 + ctx.n % 8
    bad = ctx.pick(code[:17], _wrong_check(code, 1 + ctx.n % 9), code[:at] + ctx.pick("S", "I", "O") + code[at + 1 :])
    row.fix(org_code="")
    row.put("uscc", bad, bad)


@fault("R03", fits=named_by_code, how="uscc")
def placeholder_uscc(row: Row, ctx: SectorContext) -> None:
    row.put("uscc", codes.PLACEHOLDER, codes.PLACEHOLDER)


@fault("R03", fits=lambda t: t.about == "count")
def count_of_a_stranger(row: Row, ctx: SectorContext) -> None:
    row.put("unit_uscc", stranger_office(700 + ctx.n))


@alike("R03", fits=named_by_code, how="uscc", subject="special")
def unusual_but_valid_prefix(row: Row, ctx: SectorContext) -> None:
    """A1, N1, Y1, 12, 52 codes: valid by the standard."""


# --- R05 组织机构代码 ----------------------------------------------------------------------------
@fault("R05", fits=_organisation, how="both")
def org_code_of_another(row: Row, ctx: SectorContext) -> None:
    good = row.truth["org_code"]
    other = next(s for s in ctx.population.subjects[ctx.n :] if s.org_code != good)
    row.put("org_code", ctx.pick(other.org_code, good[:8] + ("1" if good[8] != "1" else "2")))


@alike("R05", fits=named_by_code, how="both")
def org_code_agrees(row: Row, ctx: SectorContext) -> None:
    """The code embedded in the USCC."""


# --- R06 register ------------------------------------------------------------------------------
@fault("R06", fits=named_by_code, how="uscc", subject="company")
def name_of_nobody(row: Row, ctx: SectorContext) -> None:
    name = row.truth["subject_name"]
    row.put(
        "subject_name",
        ctx.pick(
            name.replace("示范区", "示范县"),
            name.replace("有限公司", "有限公司分公司"),
            ctx.population.subjects[7].name,
        ),
    )


@alike("R06", fits=named_by_code, how="uscc", subject="former")
def former_name(row: Row, ctx: SectorContext) -> None:
    row.put("subject_name", row.organisation.former_names[0])


@alike("R06", fits=named_by_code, how="uscc", subject="bracket")
def half_width_brackets(row: Row, ctx: SectorContext) -> None:
    row.put("subject_name", row.truth["subject_name"].replace("（", "(").replace("）", ")"))


@fault("R06W", fits=named_by_code, how="uscc", subject="unregistered", expect="accepted")
def not_in_the_register(row: Row, ctx: SectorContext) -> None:
    """A valid code no register has: 未关联."""


@alike("R06W", fits=named_by_code, how="uscc", subject="company")
def name_with_blank(row: Row, ctx: SectorContext) -> None:
    name = row.truth["subject_name"]
    row.put("subject_name", name[:3] + ctx.pick(" ", "　") + name[3:])


# --- C08 by name only --------------------------------------------------------------------------
@fault("C08", fits=named_by_code, how="name", subject="company", expect="accepted")
def name_alone(row: Row, ctx: SectorContext) -> None:
    """No code at all, the exact name of the register."""


@alike("C08", fits=named_by_code, how="business_reg_no", subject="company")
def old_code_alone(row: Row, ctx: SectorContext) -> None:
    """Only a 注册号: a code all the same."""


# --- C09 the other code ------------------------------------------------------------------------
@fault("C09", fits=has("practice_org_uscc"))
def practice_code_broken(row: Row, ctx: SectorContext) -> None:
    bad = _wrong_check(row.truth["practice_org_uscc"], 2)
    row.put("practice_org_uscc", bad, bad)


@fault("C09", fits=_register)
def predecessor_broken(row: Row, ctx: SectorContext) -> None:
    bad = _wrong_check(row.truth["uscc"], 5)
    row.put("predecessor_uscc", bad, bad)


@alike("C09", fits=has("practice_org_uscc"))
def no_practice_code(row: Row, ctx: SectorContext) -> None:
    row.fix(practice_org_uscc="")


# --- R14 persons -------------------------------------------------------------------------------
@fault("R14", fits=_person)
def wrong_id_number(row: Row, ctx: SectorContext) -> None:
    number = row.truth["id_no"]
    row.put("id_no", number[:17] + ("1" if number[17] != "1" else "2"))


@fault("R14", fits=_person, rules="R01 R14")
def id_type_missing(row: Row, ctx: SectorContext) -> None:
    row.put("id_type", "", "")


@alike("R14", fits=_person)
def other_document(row: Row, ctx: SectorContext) -> None:
    kind, number = ctx.pick(("护照号", f"E9991{ctx.n:04d}"), ("港澳居民来往内地通行证", f"H9991{ctx.n:04d}"))
    row.fix(id_type=kind, id_no=number)


@fault("R14W", fits=_person, expect="accepted")
def fifteen_digits(row: Row, ctx: SectorContext) -> None:
    row.fix(id_no=codes.id_number_15(date(1956 + ctx.n % 25, 7, 12), 300 + ctx.n))


@alike("R14W", fits=_person)
def id_type_by_code(row: Row, ctx: SectorContext) -> None:
    row.shown["id_type"] = ctx.pick("1", "01")
