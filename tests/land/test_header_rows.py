"""Where the header is, and what stands above it."""

from __future__ import annotations

import pytest

from .tables import TITLES, line, read, row_numbers, table, workbook


def test_the_delimiter_is_the_headers_not_the_titles():
    assert row_numbers("填报单位：甲；乙;日期\n".encode() + table(2)) == [3, 4]
    assert row_numbers("标题,一,二\n".encode() + table(2).replace(b",", b";")) == [3, 4]


@pytest.mark.parametrize("title", ["甲单位", "甲,乙,丙", "甲；乙;丙;丁", "甲\t乙|丙", '"甲"",乙"'])
@pytest.mark.parametrize("delimiter", list(",;\t|"))
def test_a_title_line_with_any_delimiter_changes_nothing(title, delimiter):
    ((_, titles, rows),) = read(f"{title}\n".encode() + table(3).replace(b",", delimiter.encode()))
    assert titles == TITLES and [number for number, _ in rows] == [3, 4, 5]


def test_a_header_of_two_rows_is_joined():
    over, under = [*TITLES], [""] * len(TITLES)
    for place in (3, 4, 5):
        over[place], under[place] = "行政相对人代码" if place == 3 else "", TITLES[place]
    rows = [over, under, line(0).split(","), line(1).split(",")]
    text = "\n".join(",".join(row) for row in rows).encode()
    for data in (text, "报送表\n".encode() + text, workbook(rows), workbook([["报送表"], *rows])):
        ((_, titles, found),) = read(data)
        assert titles == TITLES and [cells[0] for _, cells in found] == ["甲0", "甲1"]
        assert found[0][0] in (3, 4) and found[1][0] == found[0][0] + 1


def test_a_header_of_three_rows_is_joined():
    top, middle, low = [*TITLES], [""] * len(TITLES), [""] * len(TITLES)
    for place in (3, 4, 5):
        top[place], middle[place], low[place] = "当事人" * (place == 3), "代码" * (place == 3), TITLES[place]
    top[7], middle[7] = "", TITLES[7]
    rows = [top, middle, low, line(0).split(","), line(1).split(",")]
    text = "\n".join(",".join(row) for row in rows).encode()
    for data in (text, "报送表\n".encode() + text, workbook(rows), workbook([["报送表"], *rows])):
        ((_, titles, found),) = read(data)
        assert titles == TITLES and [cells[0] for _, cells in found] == ["甲0", "甲1"]
        assert found[0][0] in (4, 5) and found[1][0] == found[0][0] + 1


def test_a_record_whose_cells_are_words_of_the_header_is_no_header():
    cells = [*TITLES[:3], *[f"v{place}" for place in range(3, len(TITLES))]]
    assert row_numbers((",".join(TITLES) + "\n" + ",".join(cells) + "\n").encode()) == [2]
