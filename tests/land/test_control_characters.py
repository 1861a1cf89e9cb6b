"""No zero byte and no control character leaves the readers."""

from __future__ import annotations

import io

import polars as pl
import pytest
from public_credit.land import headers
from public_credit.land.readers import open_tables

from .tables import CODES, DATASET, KIND, TITLES, envelope, package, read, table, workbook


@pytest.mark.parametrize(
    "data",
    [
        workbook([TITLES, ["甲_x0000_乙", "_x0000_", *["v"] * (len(TITLES) - 2)]]),
        workbook([[TITLES[0] + "_x0000_", *TITLES[1:]], ["甲乙", "", *["v"] * (len(TITLES) - 2)]]),
        envelope(CODES, dict.fromkeys(CODES, "v") | {CODES[0]: "甲\u0000乙", CODES[1]: "\u0000"}),
        envelope(
            [CODES[0] + "\u0000", *CODES[1:]], dict.fromkeys(CODES, "v") | {CODES[0] + "\u0000": "甲乙", CODES[1]: None}
        ),
        package(("a.jsonl", envelope(CODES, dict.fromkeys(CODES, "v") | {CODES[0]: "\u0000甲乙\u0000", CODES[1]: ""}))),
        table(0) + "甲\0乙,\0,".encode() + b",".join([b"v"] * (len(TITLES) - 2)) + b"\n",
    ],
)
def test_no_zero_byte_leaves_the_readers(data):
    ((sheet, titles, ((_, cells),)),) = read(data)
    assert "\0" not in f"{sheet}{titles}" and len(headers.match(KIND, "entity", titles).columns) == len(TITLES)
    assert cells == ["甲乙", "", *["v"] * (len(TITLES) - 2)]


@pytest.mark.parametrize("odd", ["\x01", "\x08", "\x0b", "\x1f", "\x7f"])
def test_no_control_character_leaves_the_readers(odd):
    rest, escaped = ["v"] * (len(TITLES) - 2), f"_x{ord(odd):04X}_"
    for data in (
        workbook([[TITLES[0] + escaped, *TITLES[1:]], [f"甲{escaped}乙", "a\tb", *rest]]),
        envelope(CODES, dict.fromkeys(CODES, "v") | {CODES[0]: f"甲{odd}乙", CODES[1]: "a\tb"}),
        table(0) + f"{odd}甲乙{odd},a\tb,".encode() + b",".join([b"v"] * len(rest)) + b"\n",
        table(0) + f"甲\0乙{odd},a\tb,".encode() + b",".join([b"v"] * len(rest)) + b"\n",
    ):
        ((_, titles, ((_, cells),)),) = read(data)
        assert odd not in str(titles) and cells == ["甲乙", "a\tb", *rest]


def test_numbers_of_a_workbook_stay_numbers_when_zero_bytes_are_taken_out():
    data = workbook([TITLES, ["甲_x0000_", 7, *["v"] * (len(TITLES) - 2)]])
    for found in open_tables(
        lambda: io.BytesIO(data), "t", DATASET, lambda row: headers.recognised(KIND, "entity", row)
    ):
        (chunk,) = found.chunks
        assert {index: mask.to_list() for index, mask in chunk.numeric.items()} == {1: [True]}
        assert chunk.frame.row(0)[:2] == ("甲", "7") and chunk.frame.dtypes == [pl.String] * len(TITLES)
