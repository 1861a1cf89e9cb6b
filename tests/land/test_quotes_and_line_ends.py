"""A stray quote, a line end of any kind and a cell or line that is too long lose no row, or say where they are."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from public_credit.land.readers import UnreadableFile, delimited

from tests.helpers.pieces import pieces_of

from .tables import TITLES, line, read, row_numbers, table


@pytest.mark.parametrize("row", range(4))
@pytest.mark.parametrize("count", [1, 2, 3])
def test_inch_marks_lose_no_row(row, count):
    lines = [line(n) for n in range(4)]
    lines[row] = lines[row].replace("v1,", "显示器 55" + '"' * count + ",", 1)
    text = "\n".join([",".join(TITLES), *lines, ""]).encode()
    ((_, _, rows),) = read(text)
    assert [number for number, _ in rows] == [2, 3, 4, 5] and rows[row][1][1] == "显示器 55" + '"' * count


def test_a_quote_that_opens_a_cell_and_swallows_records_names_its_line():
    lines = [line(n) for n in range(6)]
    lines[1], lines[4] = lines[1].replace("v1", '"v1', 1), lines[4].replace("v3", '"v3', 1)
    with pytest.raises(UnreadableFile, match="第 3 行起的一个单元格没有结束"):
        read("\n".join([",".join(TITLES), *lines, ""]).encode())
    with pytest.raises(UnreadableFile, match="第 5 行起的一个单元格没有结束"):
        read("\n".join([",".join(TITLES), *lines[:1], *lines[2:], ""]).encode())


def test_a_lone_quote_in_the_header_swallows_no_row():
    """Neither all of them nor those up to the next lone quote."""
    odd = table(5).decode().replace("备注", '备注"', 1).replace("甲1", '甲1"').replace("甲3", '甲3"').encode()
    assert row_numbers(odd) == [2, 3, 4, 5, 6]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["\r", "\n", "\r\n"]), min_size=3, max_size=40), st.integers(600, 2000), st.booleans())
def test_every_kind_of_line_end_ends_a_row_wherever_a_block_ends(ends, size, closed):
    lines = [",".join(TITLES), *(line(n, '"甲\r乙"' if n % 5 == 4 else "甲") for n in range(len(ends) - 1))]
    text = "".join(map("".join, zip(lines, ends, strict=True)))
    expected, number = [], 1
    for row in lines:
        expected.append(number)
        number += 1 + row.count("\r")
    with pieces_of(size, len(lines[0].encode()) + 2):
        ((_, titles, rows),) = read((text if closed else text.rstrip("\r\n")).encode())
    assert titles == TITLES and len(rows) == len(ends) - 1
    assert [number for number, _ in rows] == expected[1:]


def test_a_first_line_longer_than_what_is_looked_at_is_no_header_but_no_fault(monkeypatch):
    for size in range(100, 104):
        monkeypatch.setattr(delimited, "HEAD", size)
        with pytest.raises(UnreadableFile, match="第一行过长"):
            read("甲乙丙丁".encode() * 50 + b"\n" + table(2))


def test_a_cell_longer_than_any_field_is_an_open_quote_with_its_line():
    text = table(3).decode().replace("甲1,", '甲1,"' + "甲" * 200_000 + '"x,')
    with pytest.raises(UnreadableFile, match="第 3 行起的一个单元格没有结束"):
        read(text.encode())
