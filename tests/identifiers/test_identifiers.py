"""Identifiers: vectors of the standards, properties, python-stdnum as oracle, columns."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from public_credit.identifiers import bulk as identifiers_bulk
from public_credit.identifiers import codes as identifiers
from stdnum.cn import ric as stdnum_ric
from stdnum.cn import uscc as stdnum_uscc
from stdnum.iso7064 import mod_11_10

ON = date(2026, 2, 25)
VECTORS = Path(__file__).resolve().parents[3] / "shared" / "identifier_test_vectors.csv"
CHECKS = {
    "uscc": identifiers.check_uscc,
    "org_code": identifiers.check_org_code,
    "reg_no_15": identifiers.check_registration,
    "id18": lambda text: identifiers.check_id_number(text, ON),
    "id15": lambda text: identifiers.check_id_number(text, ON),
    "tax_no_15": identifiers.check_tax_number,
    "region": identifiers.check_region,
}
# The made vectors and the standards' own specimens; the rest comes from ../shared where that folder is.
MADE = """\
uscc,91350100M000100Y43,valid,OK
uscc,  91370306164362665P ,valid_after_normalise,WHITESPACE
uscc,９１３７０３０６１６４３６２６６５Ｐ,valid_after_normalise,FULLWIDTH
uscc,91370306164362666P,invalid,CHECKSUM
uscc,91370306614362665P,invalid,CHECKSUM
uscc,91370306164362665,invalid,LENGTH
uscc,9137030616436266SP,invalid,ALPHABET
uscc,913703061643626608,invalid,ORGCODE_CHECK
uscc,52370306000000019Q,valid,OK
uscc,12370306000000019W,valid,OK
uscc,A1370306000000019N,valid,OK
uscc,N1370306000000019A,valid,OK
uscc,Y13703060000000192,valid,OK
uscc,00000000000000000X,placeholder,PLACEHOLDER_NO_CODE
org_code,D2143569X,valid,OK
org_code,D2143569-X,valid_after_normalise,HYPHEN
org_code,D21435691,invalid,CHECKSUM
org_code,D2143569,invalid,LENGTH
reg_no_15,370306228000126,valid,OK
reg_no_15,370306228000127,invalid,CHECKSUM
reg_no_15,3703062280001,valid_legacy,LEGACY_13
id18,11010519491231002X,valid,OK
id18,11010519491231002x,valid_after_normalise,LOWERCASE
id18,440524188001010014,valid,OK
id18,110105194912310021,invalid,CHECKSUM
id18,110105194902310026,invalid,BIRTHDATE
id18,110105210012310021,invalid,BIRTHDATE_FUTURE
id15,110105491231002,valid_legacy,LEGACY_15
region,370306,valid,OK
region,370300,valid,OK
region,370399,invalid,UNKNOWN_REGION
"""


def agrees(kind: str, text: str, expected: str, reason: str) -> None:
    check = CHECKS[kind](text)
    assert check.reason == reason
    assert check.ok == expected.startswith("valid")
    assert (check.value == text) == (expected not in ("valid_after_normalise",)), "the value is normalised where told"


@pytest.mark.parametrize("line", MADE.splitlines())
def test_made_vectors(line: str) -> None:
    agrees(*line.split(","))


def test_all_shared_vectors() -> None:
    if not VECTORS.exists():
        pytest.skip("../shared/identifier_test_vectors.csv 不在本机（含真实登记代码，不随项目分发）")
    with VECTORS.open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    assert len(rows) == 61
    for row in rows:
        agrees(row["kind"], row["value"], row["expected"], row["reason_code"])


# --- generated codes ------------------------------------------------------------------------------
BODIES = st.text(identifiers.USCC_ALPHABET, min_size=8, max_size=8)
REGIONS = st.text("0123456789", min_size=6, max_size=6)
KINDS = st.sampled_from(["11", "12", "51", "91", "92", "93", "A1", "N1", "Y1"])
BIRTHS = st.dates(date(1900, 1, 1), ON)


@st.composite
def usccs(draw: st.DrawFn) -> str:
    code = identifiers.make_org_code(draw(BODIES))
    assume(code[8] in identifiers.USCC_ALPHABET)
    first = draw(KINDS) + draw(REGIONS) + code
    return first + identifiers.uscc_check_character(first)


@st.composite
def id_numbers(draw: st.DrawFn) -> str:
    return identifiers.make_id_number(f"{draw(REGIONS)}{draw(BIRTHS):%Y%m%d}{draw(st.integers(0, 999)):03d}")


@given(usccs())
def test_generated_uscc_is_valid_and_has_a_valid_org_code(code: str) -> None:
    assert identifiers.check_uscc(code) == identifiers.Check(True, "OK", code)
    assert identifiers.check_org_code(code[8:17]).ok


@given(usccs(), st.integers(0, 17), st.sampled_from(identifiers.USCC_ALPHABET))
def test_one_wrong_character_is_found(code: str, at: int, char: str) -> None:
    assume(code[at] != char)
    assert not identifiers.check_uscc(code[:at] + char + code[at + 1 :]).ok


@given(usccs(), st.integers(8, 16))
def test_swapped_neighbours_are_found(code: str, at: int) -> None:
    swapped = code[:at] + code[at + 1] + code[at] + code[at + 2 :]
    assume(swapped != code)
    assert not identifiers.check_uscc(swapped).ok


@given(id_numbers(), st.integers(0, 16), st.sampled_from("0123456789"))
def test_one_wrong_digit_of_an_id_number_is_found(number: str, at: int, digit: str) -> None:
    assert identifiers.check_id_number(number, ON).ok
    assume(number[at] != digit)
    assert not identifiers.check_id_number(number[:at] + digit + number[at + 1 :], ON).ok


@given(st.text("0123456789", min_size=14, max_size=14), st.integers(0, 14), st.sampled_from("0123456789"))
def test_one_wrong_digit_of_a_registration_number_is_found(first: str, at: int, digit: str) -> None:
    number = identifiers.make_registration(first)
    assert identifiers.check_registration(number).ok
    assume(number[at] != digit)
    assert not identifiers.check_registration(number[:at] + digit + number[at + 1 :]).ok


@given(id_numbers())
def test_the_fifteen_digit_form_is_legacy(number: str) -> None:
    assume(number[6:8] == "19")
    assert identifiers.check_id_number(number[:6] + number[8:17], ON).reason == "LEGACY_15"


def test_birth_after_reception_is_future_and_on_the_day_is_not() -> None:
    number = identifiers.make_id_number("37039920260225001")
    assert identifiers.check_id_number(number, date(2026, 2, 24)).reason == "BIRTHDATE_FUTURE"
    assert identifiers.check_id_number(number, date(2026, 2, 25)).ok


@pytest.mark.parametrize(
    ("birth", "ok"),
    [
        ("20000229", True),
        ("19000229", False),
        ("20240229", True),
        ("20230229", False),
        ("17991231", False),
        ("18000101", True),
        ("20240431", False),
        ("20240010", False),
        ("20241301", False),
    ],
)
def test_birth_dates_of_the_calendar(birth: str, ok: bool) -> None:
    number = identifiers.make_id_number(f"370399{birth}001")
    assert identifiers.check_id_number(number, ON).ok is ok
    assert bool(identifiers_bulk.id_numbers_valid(pl.Series([number]), ON)[0]) is ok


def test_department_and_region_of_a_code_are_judged() -> None:
    for first in (
        "B1370399" + identifiers.make_org_code("00000101"),
        "9137039A" + identifiers.make_org_code("00000101"),
    ):
        code = first + identifiers.uscc_check_character(first)
        assert identifiers.check_uscc(code).reason == "DEPARTMENT"
        assert not identifiers_bulk.usccs_valid(pl.Series([code]))[0]


def test_tax_number_before_the_merger_is_region_and_org_code() -> None:
    code = identifiers.make_org_code("00000101")
    assert identifiers.check_tax_number(f"370399{code}").reason == "OK"
    wrong = code[:8] + ("1" if code[8] != "1" else "2")
    assert identifiers.check_tax_number(f"370399{wrong}").reason == "ORGCODE_CHECK"
    assert identifiers.check_tax_number(f"91370399{code}").reason == "LENGTH"


def test_tax_number_after_the_merger_is_the_uscc() -> None:
    assert identifiers.check_tax_number(identifiers.make_uscc("91", "MA300001")).ok


# --- python-stdnum is right about ordinary codes -----------------------------------------------------
def _stdnum_is_right_about(code: str) -> bool:
    """It refuses letters among the first eight characters and does not look at the embedded 组织机构代码."""
    return code[:8].isdigit()


@given(usccs(), st.integers(0, 17), st.sampled_from(identifiers.USCC_ALPHABET + "IOSVZ"))
def test_uscc_agrees_with_stdnum(code: str, at: int, char: str) -> None:
    for candidate in (code, code[:at] + char + code[at + 1 :]):
        if not _stdnum_is_right_about(candidate):
            continue
        ours = identifiers.check_uscc(candidate)
        assert stdnum_uscc.is_valid(candidate) == (ours.ok or ours.reason in ("ORGCODE_CHECK", "DEPARTMENT"))


@given(BIRTHS, st.integers(0, 999), st.integers(6, 17), st.sampled_from("0123456789X"))
def test_id_number_agrees_with_stdnum_in_a_region_it_knows(born: date, order: int, at: int, char: str) -> None:
    number = identifiers.make_id_number(f"110105{born:%Y%m%d}{order:03d}")
    for candidate in (number, number[:at] + char + number[at + 1 :]):
        ours = identifiers.check_id_number(candidate, date(9999, 12, 31))
        if ours.value[6:10] >= "1800":
            assert stdnum_ric.is_valid(candidate) == ours.ok


@given(st.text("0123456789", min_size=15, max_size=15))
def test_registration_number_agrees_with_stdnum(number: str) -> None:
    assert identifiers.check_registration(number).ok == mod_11_10.is_valid(number)


# --- whole columns agree with single values ------------------------------------------------------------
ODD = st.text(st.sampled_from("0123456789XASI张 -ａ１"), max_size=20)


@settings(deadline=None)  # the first call compiles
@given(
    st.lists(
        st.one_of(usccs(), usccs().map(lambda code: code[:17] + "0"), ODD, st.just(identifiers.PLACEHOLDER)),
        max_size=12,
    )
)
def test_column_of_usccs(values: list[str]) -> None:
    bulk = identifiers_bulk.usccs_valid(pl.Series(values, dtype=pl.String)).tolist()
    assert bulk == [identifiers.check_uscc(value).reason == "OK" for value in values]


@settings(deadline=None)  # the first call compiles
@given(
    st.lists(st.one_of(BODIES.map(identifiers.make_org_code), BODIES.map(lambda body: body + "1"), ODD), max_size=12)
)
def test_column_of_org_codes(values: list[str]) -> None:
    bulk = identifiers_bulk.org_codes_valid(pl.Series(values, dtype=pl.String)).tolist()
    assert bulk == [identifiers.check_org_code(value).reason == "OK" for value in values]


@settings(deadline=None)  # the first call compiles
@given(
    st.lists(
        st.one_of(
            id_numbers(),
            id_numbers().map(lambda n: n[:6] + n[8:17]),
            id_numbers().map(lambda n: n[:17] + "0"),
            id_numbers().map(lambda n: identifiers.make_id_number(n[:10] + "0230" + n[14:17])),
            ODD,
        ),
        max_size=12,
    )
)
def test_column_of_id_numbers(values: list[str]) -> None:
    bulk = identifiers_bulk.id_numbers_valid(pl.Series(values, dtype=pl.String), ON).tolist()
    assert bulk == [identifiers.check_id_number(value, ON).reason in ("OK", "LEGACY_15") for value in values]


@settings(deadline=None)  # the first call compiles
@given(
    st.lists(
        st.one_of(
            st.text("0123456789", min_size=14, max_size=14).map(identifiers.make_registration),
            st.text("0123456789", min_size=15, max_size=15),
            ODD,
        ),
        max_size=12,
    )
)
def test_column_of_registration_numbers(values: list[str]) -> None:
    bulk = identifiers_bulk.registrations_valid(pl.Series(values, dtype=pl.String)).tolist()
    assert bulk == [identifiers.check_registration(value).reason == "OK" for value in values]
