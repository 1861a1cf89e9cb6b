"""Where the header is, and what stands above it."""

from __future__ import annotations

import pytest
from public_credit.land import headers
from public_credit.land.signals import Signals

from .tables import CODES, DATASET, FIELDS, KIND, TITLES, line, read, row_numbers, table, workbook


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


@pytest.mark.parametrize(
    "form",
    [
        "{}（必填）",
        "{}(选填，没有可不填)",
        "（必填）{}",
        "★{}",
        "*{}",
        "{}：",
        "{}:",
        "{n}.{}",
        "{n}、{}",
        "（{n}）{}",
        "\u200e{}\u202c",
        "\u00ad{}",
        " {} ",
    ],
)
def test_what_a_form_adds_to_a_title_is_no_part_of_it(form):
    match = headers.match(KIND, "entity", [form.format(title, n=n) for n, title in enumerate(TITLES, 1)], DATASET)
    assert list(match.columns.values()) == FIELDS and not match.unknown


def test_an_amount_in_another_unit_is_another_column():
    for spelt in ("罚款金额(万元)", "罚款金额（单位：万元）", "罚款金额【万元】（必填）", "罚款金额"):
        assert list(headers.match(KIND, "entity", [spelt]).columns.values()) == ["fine_amount_wan"], spelt
    for spelt in ("罚款金额(元)", "罚款金额（单位：元）", "处罚金额（千元）", "罚款金额（元）（必填）"):
        match = headers.match(KIND, "entity", [spelt])
        assert not match.columns and match.other_unit == [spelt]
        signals = Signals(1, 1)
        signals.of_headers(KIND, match, {})
        (told,) = [signal for signal in signals.values() if signal["code"] == "other_unit"]
        assert spelt in told["message"] and "万元" in told["message"] and told["owner"] == "department"


@pytest.mark.parametrize("rows", [0, 2])
@pytest.mark.parametrize(
    "below",
    [
        [CODES],
        [[str(number) for number in range(1, len(TITLES) + 1)]],
        [["必填", "选填"] * (len(TITLES) // 2)],
        [CODES, ["必填"] * len(TITLES), TITLES],
    ],
)
def test_what_a_form_says_below_its_titles_is_no_record(below, rows):
    above = [TITLES, *below]
    records = [line(number).split(",") for number in range(rows)]
    numbers = list(range(len(above) + 1, len(above) + 1 + rows))
    text = "\n".join(",".join(cells) for cells in [*above, *records]).encode()
    for data in (text, workbook([*above, *records]), workbook([["报送表"], *above, *records])):
        ((_, titles, found),) = read(data)
        assert titles == TITLES and [cells[0] for _, cells in found] == [cells[0] for cells in records]
        assert [number for number, _ in found] in (numbers, [number + 1 for number in numbers])


def test_a_row_like_a_form_is_a_record_where_it_is_not_whole():
    for cells in (["1", "2", "4"], ["1", "2"], ["必填"], [TITLES[0], TITLES[1], *"甲乙丙丁"]):
        row = ",".join(cells + [""] * (len(TITLES) - len(cells)))
        assert row_numbers(f"{','.join(TITLES)}\n{row}\n{line(1)}\n".encode()) == [2, 3]
