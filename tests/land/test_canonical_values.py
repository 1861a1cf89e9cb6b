"""Canonical text: single values, whole columns, and properties."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from public_credit.catalogue import load_catalogue
from public_credit.catalogue.models import Field
from public_credit.identifiers.codes import normalise
from public_credit.land import canonical, dates

LISTS = load_catalogue().kinds["administrative_penalty"].code_lists
LICENCE = load_catalogue().kinds["administrative_licence"].code_lists["licence_category"]
CONFISCATION = "没收违法所得、没收非法财物"
SUSPENSION = "暂扣或者吊销许可证、暂扣或者吊销执照"
NO = [False]


def column(
    values: list[str], kind: str, spreadsheet: bool = False
) -> tuple[list[str], list[bool], list[bool], list[bool]]:
    """A whole column read as a field of this type: (canonical, unreadable, mended, changed)."""
    received = pl.DataFrame({"f": values}, schema={"f": pl.String})
    spec = Field(name="f", title="字段", codes={}, type=kind, length=100, required="no", sensitivity="public")
    result = canonical.canonicalise(received, [spec], {}, spreadsheet)
    assert received["f"].to_list() == values, "the received column is not written to"
    masks = [
        marks["f"].tolist() if "f" in marks else NO * len(values)
        for marks in (result.unreadable, result.mended, result.changed)
    ]
    assert masks[2] == [before != after for before, after in zip(values, result.frame["f"].to_list(), strict=True)]
    unreadable, mended, changed = masks
    return result.frame["f"].to_list(), unreadable, mended, changed


DAYS = st.dates(date(1949, 1, 1), date(2099, 12, 31))


# --- dates ---------------------------------------------------------------------------------------------
@given(DAYS)
def test_every_shape_of_a_day(day: date) -> None:
    shapes = [
        f"{day}",
        f"{day:%Y/%m/%d}",
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}.{day.month}.{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day:%Y%m%d}",
        f"{day} 00:00:00",
        f"{day}T00:00:00",
        f" {day} ",
        f"{day} 00:00:00.000",
    ]
    assert {dates.read_date(shape) for shape in shapes} == {day.isoformat()}


@given(st.integers(20000, 73050))
def test_serial_numbers(serial: int) -> None:
    expected = (date(1899, 12, 30) + timedelta(days=serial)).isoformat()
    assert (
        dates.read_date(str(serial), spreadsheet=True) == dates.read_date(f"{serial}.0", spreadsheet=True) == expected
    )
    assert dates.read_date(str(serial)) is None


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-29",
        "2026-13-01",
        "2026-00-10",
        "1948-12-31",
        "2100-01-01",
        "26-1-5",
        "2026-1",
        "待定",
        "二〇二六年十三月五日",
        "二〇二六年正月初五",
        "二〇二六年二月三十日",
        "202601051330",
        "20260105253000",
        "2026 1 5",
        "2026/1-5",
        "2026-01-05 10:30:00Z",
        "2026-01-05 24:30",
        "10:30:00",
        "05/01/2026",
        "20261345",
        "2026-01-05-06",
        "19999",
    ],
)
def test_no_dates(text: str) -> None:
    assert dates.read_date(text) is None and dates.read_date(text, spreadsheet=True) is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("二〇二六年二月五日", "2026-02-05"),
        ("二○二六年十二月三十一日", "2026-12-31"),
        ("二零二零年十月十日", "2020-10-10"),
        ("一九九八年十一月二十日", "1998-11-20"),
        ("2026 年 2 月 5 日", "2026-02-05"),
        ("2026年02月05", "2026-02-05"),
        ("2026年2月5号", "2026-02-05"),
        ("2026 - 2 - 5", "2026-02-05"),
        ("2026–02–05", "2026-02-05"),
        ("2026—2—5", "2026-02-05"),
        ("2026−02−05", "2026-02-05"),
        ("2026。2。5", "2026-02-05"),
        ("2026、2、5", "2026-02-05"),
        ("2026\\2\\5", "2026-02-05"),
        ("\u202d2026-02-05\u202c", "2026-02-05"),
        ("20260205000000", "2026-02-05"),
    ],
)
def test_days_as_clerks_write_them(text: str, day: str) -> None:
    assert dates.read_date(text) == day and not dates.has_time(text)
    assert column([text], "date")[:2] == ([day], NO)


def test_an_unusual_spelling_of_a_day_is_told() -> None:
    spelt = ["2026-02-05", "2026/2/5", "2026年2月5日", "二〇二六年二月五日", "2026—2—5", "2026。2。5"]
    assert column(spelt, "date")[2] == [False, False, False, True, True, True]


@pytest.mark.parametrize(
    "text", ["20260105103000", "2026年1月5日10时30分", "2026年1月5日 9时", "2026/1/5 上午10:30", "2026/1/5 3:20:00 PM"]
)
def test_other_times_of_day_are_left_out_and_told(text: str) -> None:
    assert dates.read_date(text) == "2026-01-05" and dates.has_time(text)


@pytest.mark.parametrize("mark", ["\u202d", "\u200e", "\u2060", "\u00ad", "\ufeff", "–", "—", "−", "-", " ", "\u3000"])
def test_what_is_copied_along_with_a_code_is_taken_off(mark: str) -> None:
    for text in (f"{mark}91370399MA30000108", f"91370399{mark}MA30000108", f"91370399MA30000108{mark}"):
        assert normalise(text)[0] == "91370399MA30000108"
        assert column([text], "uscc")[0] == ["91370399MA30000108"]


@pytest.mark.parametrize("day", ["2026-01-05", "2026/1/5", "2026.1.5", "2026年1月5日", "20260105"])
@pytest.mark.parametrize("time", ["10:30", "9:05:07", "23:59:59.999", "10:30:00+08:00", "10:30:00 +0800"])
@pytest.mark.parametrize("between", [" ", "T", "  ", "\u3000"])
def test_a_time_of_day_is_left_out_and_told(day: str, time: str, between: str) -> None:
    assert dates.read_date(f"{day}{between}{time}") == "2026-01-05" and dates.has_time(f"{day}{between}{time}")
    assert not dates.has_time(day) and not dates.has_time(f"{day} 00:00:00")


def test_a_fraction_of_a_serial_number_is_a_time_of_day() -> None:
    assert dates.read_date("46027.604", spreadsheet=True) == "2026-01-05" and dates.has_time("46027.604")
    assert dates.read_date("46027.604") is None and not dates.has_time("46027.0")


@pytest.mark.parametrize(
    "text, bare",
    [
        ('="0123"', "0123"),
        ('="a ""b"" c"', 'a "b" c'),
        ("'0123", "0123"),
        ("`0123 ", "0123"),
        ('  ="1"\t', "1"),
        ('=""', ""),
        ("'", "'"),
        ("'a'", "'a'"),
        ('="a"b"', '="a"b"'),
        ("=SUM(A1)", "=SUM(A1)"),
        ("a'b", "a'b"),
    ],
)
def test_marks_that_kept_a_value_text_are_taken_off(text: str, bare: str) -> None:
    assert canonical.without_guard(text) == bare


def test_long_term() -> None:
    assert dates.read_date("长期") == dates.read_date(" 长期有效") == "2099-12-31"


@given(st.lists(st.one_of(DAYS.map(str), st.from_regex(r"(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]", fullmatch=True))))
def test_fast_pattern_of_dates_admits_only_dates(values: list[str]) -> None:
    read, unreadable, _, _ = column(values, "date")
    assert unreadable == [dates.read_date(value) is None for value in values]
    assert read == [dates.read_date(value) or value for value in values]


# --- numbers ---------------------------------------------------------------------------------------------
@given(st.decimals(0, 10**12 - 1, places=6), st.integers(0, 3), st.integers(0, 3))
def test_decimals_keep_their_value_in_plain_text(number: Decimal, front: int, back: int) -> None:
    text = canonical.read_decimal("0" * front + f"{number:f}" + "0" * back)
    assert text is not None and Decimal(text) == number
    assert "e" not in text.lower() and not (("." in text) and text.endswith(("0", ".")))
    assert canonical.read_decimal(text) == text
    assert column([text], "decimal") == ([text], NO, NO, NO)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.20", "0.2"),
        ("２．５", "2.5"),
        ("5.0", "5"),
        ("007.10", "7.1"),
        ("0", "0"),
        ("-0", "0"),
        ("-0.50", "-0.5"),
        ("1e-06", "0.000001"),
        ("1.5E+3", "1500"),
        ("+2", "2"),
        ("0.0000001", None),
        ("1,000", None),
        ("1，000", None),
        ("2千", None),
        ("", None),
        (".5", "0.5"),
        ("-.25", "-0.25"),
        (".", None),
        ("1.", None),
        ("0.2万", None),
        ("1000000000000", None),
        ("999999999999.999999", "999999999999.999999"),
        ("1e30", None),
        ("1e-30", None),
        ("0..2", None),
        ("nan", None),
        ("٣", None),
        ("0.30000000000000004", None),
    ],
)
def test_decimals(text: str, expected: str | None) -> None:
    assert canonical.read_decimal(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("12", "12"), ("012", "12"), ("12.0", "12"), ("１２", "12"), ("-1", None), ("1.5", None), ("约", None)],
)
def test_integers(text: str, expected: str | None) -> None:
    assert canonical.read_integer(text) == expected


# --- code lists ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("警告", "警告"),
        ("警告；罚款", "警告;罚款"),
        ("警告,罚款，责令关闭", "警告;罚款;责令关闭"),
        (f"警告、{CONFISCATION}、罚款", f"警告;{CONFISCATION};罚款"),
        (f"{CONFISCATION};{SUSPENSION}", f"{CONFISCATION};{SUSPENSION}"),
        ("没收违法所得", CONFISCATION),
        ("罚款;罚款;", "罚款"),
        ("没收非法财物、没收违法所得", CONFISCATION),
        (" 警告 ; 罚款 ", "警告;罚款"),
        ("吊销执照", SUSPENSION),
        ("其他-责令改正", "其他-责令改正"),
        ("其他－责令改正", "其他-责令改正"),
        ("其他—责令改正", "其他-责令改正"),
        ("其他:责令改正", "其他-责令改正"),
        ("其他：责令改正", "其他-责令改正"),
        ("其他（责令改正）", "其他-责令改正"),
        ("其他(责令改正)", "其他-责令改正"),
        ("罚款;其他-责令改正", "罚款;其他-责令改正"),
        ("其他（责令改正、限期拆除）;罚款", "其他-责令改正、限期拆除;罚款"),
        ("其他-责令改正、限期拆除", "其他-责令改正、限期拆除"),
        ("其他-责令改正、罚款", "其他-责令改正;罚款"),
        ("其他-ＡＢ类", "其他-ＡＢ类"),
        ("其他-责令改正;限期拆除", None),
        ("其他", None),
        ("其他-", None),
        ("其他（）", None),
        ("罚钱", None),
        ("警告、训斥", None),
        (";", None),
        ("99", None),
    ],
)
def test_penalty_kinds(text: str, expected: str | None) -> None:
    assert canonical.CodeReader(LISTS["penalty_category"])(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", "普通"),
        ("01", "普通"),
        ("05", "登记"),
        ("4", "登记"),
        ("０２", "特许"),
        ("普通；登记", "普通;登记"),
        ("5", None),
        ("06", None),
        ("普通许可", None),
        ("其他-备案", "其他-备案"),
    ],
)
def test_licence_kinds(text: str, expected: str | None) -> None:
    assert canonical.CodeReader(LICENCE)(text) == expected


@given(
    st.lists(st.sampled_from(list(LISTS["penalty_category"].values)), min_size=1, unique=True),
    st.sampled_from(";；、,，"),
)
def test_any_separator_gives_the_same_list(kinds: list[str], mark: str) -> None:
    reader = canonical.CodeReader(LISTS["penalty_category"])
    assert reader(mark.join(kinds)) == ";".join(kinds) == reader(reader(mark.join(kinds)) or "")


# --- whole columns -----------------------------------------------------------------------------------------
@given(st.lists(st.text(st.sampled_from("09AZazａ９ -－\u3000\u200b张（）"), max_size=12)))
def test_column_of_codes_reads_like_single_values(values: list[str]) -> None:
    read, _, mended, _ = column(values, "uscc")
    assert read == [normalise(value)[0] for value in values]
    assert mended == [normalise(value)[0] not in ("", value) for value in values]


@given(st.lists(st.text(st.sampled_from(" \t\n\u3000\u00a0\u200b\ufeff中a 1"), max_size=8)))
def test_text_is_trimmed_and_untouched_inside(values: list[str]) -> None:
    for before, after in zip(values, column(values, "text")[0], strict=True):
        assert after in before and after == after.strip(dates.BLANKS)
        assert not before.replace(after, "", 1).strip(dates.BLANKS)


def test_unreadable_values_stay_as_received_but_trimmed() -> None:
    read, unreadable, mended, changed = column([" 待定 ", "2026/1/5", "", "２０２６-01-05"], "date")
    assert read == ["待定", "2026-01-05", "", "2026-01-05"]
    assert unreadable == [True, False, False, False]
    assert mended == [False, False, False, True] and changed == [True, True, False, True]


@given(st.lists(st.text(st.sampled_from("0123456789.-e１,+ "), max_size=10)))
def test_column_of_amounts_reads_like_single_values(values: list[str]) -> None:
    read, unreadable, _, _ = column(values, "decimal")
    single = [canonical.read_decimal(value) if value.strip() else "" for value in values]
    assert unreadable == [value is None for value in single]
    assert read == [value.strip() if one is None else one for value, one in zip(values, single, strict=True)]
