"""R15–R16: authorities, and one decision number under two records."""

from __future__ import annotations

from district_simulator.decisions.faults.describe import ALL, ENTITY, PERSON, Context, alike, variant
from district_simulator.vocabulary import codes
from district_simulator.vocabulary.rows import Row
from district_simulator.vocabulary.units import UNITS, unit_of


# --- R15 authorities ---------------------------------------------------------------------------
def stranger_office(n: int) -> str:
    """A valid 机关 code that no catalogue knows."""
    return codes.uscc("11", codes.org_code(f"{90000 + n:08d}"))


@variant("R15", touches="authority_uscc")
def unknown_authority(row: Row, ctx: Context) -> None:
    row.put("authority_uscc", stranger_office(ctx.n))


@variant("R15", touches="source_unit_uscc")
def unknown_source_unit(row: Row, ctx: Context) -> None:
    row.put("source_unit_uscc", stranger_office(ctx.n))


@variant("R15", touches="authority_uscc source_unit_uscc")
def misspelt_authority(row: Row, ctx: Context) -> None:
    name = ctx.pick("authority_uscc", "source_unit_uscc")
    code = row.truth[name]
    alphabet = codes.USCC_ALPHABET
    row.put(name, code[:17] + alphabet[(alphabet.index(code[17]) + 3) % 31])


@alike("R15", touches="source_unit_uscc source_unit_name")
def reported_by_another_unit(row: Row, ctx: Context) -> None:
    other = UNITS[ctx.pick("xzsp", "zhzf", "sfj", "rsj")]
    if other is unit_of(row.dataset):
        other = UNITS["wlj"]
    row.fix(source_unit_uscc=other.uscc, source_unit_name=other.name)


# --- R16 same number and name ------------------------------------------------------------------
@variant("R16", tables=PERSON, touches="decision_no subject_name id_no", expect="accepted", subject="partner")
def namesake_under_one_number(row: Row, ctx: Context) -> None:
    """Same number, same name, another person."""
    own_id = row.truth["id_no"]
    row.fix(**{**ctx.other.truth, "id_no": own_id})


@variant(
    "R16",
    tables=ENTITY,
    expect="accepted",
    subject="partner-individual",
    touches="decision_no subject_name uscc org_code subject_category legal_rep_name",
)
def second_identifier_under_one_number(row: Row, ctx: Context) -> None:
    """Same number and name, once by USCC and once by organisation code: another record."""
    subject = ctx.other.organisation
    row.subject = subject
    row.fix(**{**ctx.other.truth, "uscc": "", "org_code": subject.org_code})


@alike("R16", tables=ALL, touches="decision_no subject_name", subject="partner")
def one_number_two_subjects(row: Row, ctx: Context) -> None:
    """One document against two subjects is normal."""
    row.fix(decision_no=ctx.other.truth["decision_no"])
