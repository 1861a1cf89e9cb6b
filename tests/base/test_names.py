"""Names from elsewhere: read from their bytes, shown so that they cannot act."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from public_credit.base import names


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("name", ["行政处罚.csv", "许可_2026.xlsx", "a.csv", "𠀀镕.csv"])
def test_a_name_is_read_whichever_way_it_was_written(name: str, encoding: str) -> None:
    assert names.readable(name.encode(encoding)) == name
    assert names.shown(names.from_raw(name.encode(encoding))) == name


@pytest.mark.parametrize(
    "name, said",
    [
        ("a\nb.csv", r"a\nb.csv"),
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("a\u202ecsv.b", r"a\u202ecsv.b"),
        ("处\u200b罚\u2028", r"处\u200b罚\u2028"),
        ("处 罚（1）.csv", "处 罚（1）.csv"),
    ],
)
def test_what_could_act_is_escaped(name: str, said: str) -> None:
    assert names.shown(name) == said


@given(st.binary(max_size=40))
def test_every_name_is_shown_in_one_printable_line_and_keeps_its_bytes(raw: bytes) -> None:
    shown = names.shown(names.from_raw(raw))
    assert shown.encode() and len(shown.splitlines()) <= 1 and "\x1b" not in shown if raw else shown == ""
    assert names.raw(names.from_raw(raw)) == raw
