"""Two firms never share a record, whatever stands in their other codes; one firm with one key is one record."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from public_credit.catalogue import load_catalogue
from public_credit.identifiers.codes import PLACEHOLDER, make_org_code, make_registration, make_uscc
from public_credit.identifiers.identity import SAYS_NONE
from public_credit.identifiers.identity_bulk import CODES
from public_credit.identifiers.names import folded
from public_credit.land import subjects
from public_credit.land.copy_binary import record_ids

KINDS = load_catalogue().kinds
TABLES = [
    (kind.id, variant)
    for kind in KINDS.values()
    for variant, fields in kind.variants.items()
    if "subject" in kind.key and variant != "person" and "uscc" in fields
]
BODY = st.from_regex(r"\A[0-9A-HJ-NP-RTUWXY]{8}\Z")
DIGITS = st.from_regex(r"\A[0-9]{14}\Z")
NUMBER = st.from_regex(r"\A[A-Z]{2}[1-9][0-9]{4,9}\Z")
VALID = {
    "uscc": BODY.map(lambda body: make_uscc("91", body)),
    "org_code": BODY.filter(lambda body: body != "0" * 8).map(make_org_code),
    "business_reg_no": DIGITS.map(make_registration).filter(lambda number: len(set(number)) > 2),
    "tax_reg_no": st.one_of(
        BODY.filter(lambda body: body != "0" * 8).map(lambda body: "370399" + make_org_code(body)),
        BODY.map(lambda body: make_uscc("91", body)),
        NUMBER.map(lambda number: number + "税12345678901"),
    ),
    "institution_cert_no": NUMBER,
    "social_org_cert_no": NUMBER,
}
JUNK = st.sampled_from(["", *sorted(SAYS_NONE), PLACEHOLDER, "000000000", "11111111", "123456789", "无证001"])


def ids(kind_id: str, variant: str, rows: list[dict[str, str]]) -> list[bytes]:
    """Record ids of rows of a kind."""
    kind = KINDS[kind_id]
    blank = dict.fromkeys(kind.columns, "") | {name: "同" for name in kind.key if name != "subject"}
    frame = pl.DataFrame([blank | {name: value for name, value in row.items() if name in blank} for row in rows])
    parts = subjects.key_parts(kind, frame, subjects.decide(kind, variant, frame))
    found = record_ids(kind_id, variant, parts)
    assert found.complete.all()
    return [digest.tobytes() for digest in found.digests]


@st.composite
def firm(draw: st.DrawFn, fields: list[str]) -> tuple[str, dict[str, str]]:
    """A firm with one identifier that counts, or its name alone, and junk in the other codes; what tells it."""
    told_by = draw(st.sampled_from([*fields, "subject_name"]))
    name = draw(st.sampled_from(["示范区甲店", "示范区乙店", "示范区（甲）店"]))
    row = {field: draw(JUNK) for field in fields} | {"subject_name": name}
    if told_by not in VALID:
        return folded(name), row
    value = draw(VALID[told_by])
    return value[6:] if told_by == "tax_reg_no" and len(value) == 15 else value, row | {told_by: value}


@pytest.mark.parametrize(("kind", "variant"), TABLES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_two_firms_never_share_a_record(kind: str, variant: str, data: st.DataObject) -> None:
    fields = [name for name in CODES if name in KINDS[kind].variants[variant]]
    (who, one), (who_else, other) = data.draw(firm(fields)), data.draw(firm(fields))
    renamed = one if who == folded(one["subject_name"]) else one | {"subject_name": "示范区后来改名的店"}
    first, second, again = ids(kind, variant, [one, other, renamed])
    assert first == again
    assert who == who_else or first != second


@pytest.mark.parametrize(("kind", "variant"), TABLES)
def test_firms_of_the_same_nothing_are_told_apart_by_their_names(kind: str, variant: str) -> None:
    codes = {name: "无" for name in CODES if name != "uscc"}
    first, second, third, fourth = ids(
        kind,
        variant,
        [
            codes | {"subject_name": "示范区甲店"},
            codes | {"subject_name": "示范区乙店"},
            codes | {"subject_name": "示范区 甲店"},
            codes | {"subject_name": "示范区甲店", **dict.fromkeys(subjects.told_apart_by(KINDS[kind]), "异")},
        ],
    )
    assert first != second and first == third
    assert (first == fourth) == (not subjects.told_apart_by(KINDS[kind]))
