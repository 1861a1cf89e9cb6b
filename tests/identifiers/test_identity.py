"""Whom a row is about: one rule, the same for one value and for columns of them; names fold as they do in SQL."""

from __future__ import annotations

import unicodedata

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from public_credit.identifiers.codes import PLACEHOLDER, make_org_code, make_registration, make_uscc, normalise
from public_credit.identifiers.identity import SAYS_NONE, usable
from public_credit.identifiers.identity_bulk import CODES, of_organisations, usable_values
from public_credit.identifiers.names import folded, same_name

USCC, ORG, REG = make_uscc("91", "MA3A0001"), make_org_code("MA3B0001"), make_registration("37039922800001")
JUNK = sorted(SAYS_NONE) + [
    "0",
    "000000",
    "000000000",
    "11111111111111",
    "1234567890",
    PLACEHOLDER,
    "〔证件1〕",
    "无证001",
]
CHARACTERS = st.sampled_from("0123456789AXZ无/〔-")
CODE = st.one_of(
    st.text(CHARACTERS, max_size=20),
    st.sampled_from([*JUNK, USCC, ORG, REG, REG[:13], REG[:14] + "x", "370399" + ORG, "法人证字第1号"]),
    st.text("01", min_size=6, max_size=18),
    st.from_regex(r"\A[0-9]{13}([0-9]{2})?\Z"),
).map(lambda text: normalise(text)[0])


@settings(deadline=None)
@given(st.lists(CODE, min_size=1, max_size=20))
@example(["000000000", USCC[8:17], "123456789"])
def test_columns_are_judged_as_single_values_are(values: list[str]) -> None:
    for scheme in CODES.values():
        assert usable_values(scheme, pl.Series(values)).tolist() == [usable(scheme, value) for value in values], scheme


@pytest.mark.parametrize("junk", JUNK)
def test_what_says_none_identifies_nobody(junk: str) -> None:
    assert not any(usable(scheme, junk) for scheme in CODES.values())


def subjects(*rows: dict[str, str]) -> list[tuple[str, str]]:
    frame = pl.DataFrame([dict.fromkeys([*CODES, "id_no", "subject_name"], "") | row for row in rows])
    found = of_organisations(frame, frame["subject_name"])
    return list(zip(found.scheme, found.value, strict=True))


def test_the_first_identifier_that_counts_else_the_name() -> None:
    every = {
        "org_code": ORG,
        "business_reg_no": REG,
        "tax_reg_no": "L" + REG,
        "institution_cert_no": "事证第1037号",
        "subject_name": "甲 社",
    }
    assert subjects(
        {"uscc": USCC, **every},
        {"uscc": USCC[:17], **every},
        {"uscc": PLACEHOLDER, **every, "org_code": "000000000"},
        {**every, "org_code": "", "business_reg_no": "无", "tax_reg_no": USCC},
        {**every, "org_code": "", "business_reg_no": "无", "tax_reg_no": "370399" + ORG},
        {**every, "org_code": "", "business_reg_no": "无", "tax_reg_no": "370399" + ORG[:8] + "?"},
        {**every, "org_code": "", "business_reg_no": "无", "tax_reg_no": ""},
        {"social_org_cert_no": "370399MJ1", "subject_name": "甲"},
        {"uscc": PLACEHOLDER, "id_no": "〔证件1〕", "subject_name": "甲"},
        {"business_reg_no": "/", "subject_name": "示范区［一］ 商店"},
        {"business_reg_no": "无", "subject_name": "不详"},
    ) == [
        ("uscc", USCC),
        ("org", ORG),
        ("reg", REG),
        ("uscc", USCC),
        ("org", ORG),
        ("tax", "370399" + ORG[:8] + "?"),
        ("inst", "事证第1037号"),
        ("soc", "370399MJ1"),
        ("person", "〔证件1〕"),
        ("name", "示范区(一)商店"),
        ("", ""),
    ]  # fmt: skip


ODD = [
    "示范区〔2026〕商店", "【甲】ａｂｃ（乙）", "straße", "ﬁnance", "ǆ ﬃ", "ΑΒΓαβγ", "ıİi", "① Ⅳ ㈱", "a\tb c", "İstanbul", "甲\u3000乙", "éÉ", "ß", "ŉ", "",
]  # fmt: skip


def test_names_fold_as_in_the_database(warehouse) -> None:
    letters = [chr(code) for code in range(1, 0x20000) if unicodedata.category(chr(code)) not in ("Cs", "Cn")]
    with warehouse.connect() as connection:
        given = [*ODD, *letters]
        told = connection.execute(
            f"select array_agg({same_name('name')} order by place) from unnest(%s::text[]) with ordinality as n (name, place)",
            [given],
        ).fetchone()[0]
    odd = [(name, folded(name), sql) for name, sql in zip(given, told, strict=True) if folded(name) != sql]
    assert odd == []
