"""Whatever arrives is read or unreadable, with a remedy."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from public_credit.land.readers import UnreadableFile

from tests.conftest import SHARED

from .tables import CODES, envelope, package, read, row_numbers, rowdata, table

SEEDS = [
    table(4),
    table(4, "\r"),
    table(4).decode().encode("gb18030"),
    rowdata(*["<CF_XDR_MC>A</CF_XDR_MC><CF_WSH>B</CF_WSH>"] * 3),
    envelope(CODES, *[dict.fromkeys(CODES, "v\u0000")] * 3),
    package(("a.csv", table(4))),
    package(("a.xml", rowdata("<A>1</A>"))),
]
BITS = st.sampled_from(
    [b'"', b"\r", b"\n", b"\0", b",", b"\xe4", b"<", b"</", b"{", b"[", b"null\n", b"&#0;", b"\\u0000", b";", b"\xff"]
)


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.floats(0, 0.999), BITS, st.integers(0, 30)), max_size=8),
    st.floats(0.3, 1),
)
def test_whatever_arrives_is_read_or_unreadable(data, changes, kept):
    data = bytearray(data)
    for place, new, removed in changes:
        start = int(place * len(data))
        data[start : start + removed] = new
    try:
        read(bytes(data[: int(kept * len(data))]))
    except UnreadableFile as error:
        assert error.remedy


@pytest.mark.skipif(not (SHARED / "cases" / "damaged").exists(), reason="../shared/cases 不在本机")
def test_files_that_failed_before_are_read_or_unreadable_and_none_is_a_zero_report():
    for path in [*(SHARED / "cases" / "damaged").iterdir(), *(SHARED / "cases" / "public-reports").glob("F*")]:
        try:
            rows = row_numbers(path.read_bytes())
        except UnreadableFile as error:
            assert error.remedy, path.name
        else:
            assert rows or path.name == "F28_header_only.csv", path.name
