"""Compiled loops against plain Python: long digits, hashes, COPY data. Invented values only."""

from __future__ import annotations

import hashlib
import re
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from public_credit.custody import scan
from public_credit.identifiers import persons
from public_credit.identifiers.codes import normalise
from public_credit.kernels import survey
from public_credit.kernels.columns import Column, columns_of, pairs
from public_credit.land import canonical, copy_binary, dates
from public_credit.land.readers import spreadsheet, spreadsheet_child
from public_credit.land.rules.checks import damage
from public_credit.land.rules.chunk import comes_after

unhurried = settings(deadline=None)  # the first call compiles
_TEXTS = st.lists(st.text(max_size=40), min_size=1, max_size=30)


# --- the door ---------------------------------------------------------------------------------------
def test_no_byte_is_read_behind_a_text():
    """In a process of its own, which would be ended."""
    script = Path(__file__).with_name("flush.py")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0 and done.stdout.endswith("seen right\n"), done.stderr[-2000:]


@pytest.mark.parametrize(
    "column", [pl.Series([1, 2]), pl.Series(["a", "b"], dtype=pl.Categorical), pl.Series([b"a", b"b"])]
)
def test_what_is_no_text_does_not_reach_a_kernel(column):
    for call in (lambda: columns_of([column]), lambda: copy_binary.content_hashes([column])):
        with pytest.raises(TypeError):
            call()


def test_columns_of_other_heights_do_not_reach_a_kernel():
    with pytest.raises(ValueError, match="one height"):
        copy_binary.content_hashes([pl.Series(["a", "b"]), pl.Series(["a"])])


# --- digits ---------------------------------------------------------------------------------------
_LONG = re.compile(r"[0-9０-９²](?:[^甲卐x]*?[0-9０-９²]){10}")


@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.text(alphabet=st.sampled_from("0123456789０９² -－，、—〔"), max_size=40)
        | st.text(alphabet=st.sampled_from("0123456789０９ -－，甲卐x〔"), max_size=40),
        min_size=1,
        max_size=40,
    )
)
def test_long_digits_agree_with_the_pattern(values):
    places = Column(pl.Series(values)).flagged(survey.DIGITS)
    assert places.tolist() == [place for place, value in enumerate(values) if _LONG.search(value)]


@unhurried
@given(st.lists(st.text(alphabet=st.sampled_from("0123456789０９ -甲"), max_size=24), min_size=1, max_size=40))
def test_the_scan_misses_no_number(values):
    values.append("证１３８００１３８０００号")
    found = scan.find(columns_of([pl.Series("f", values)])["f"])
    expected = [persons.holds(value) for value in values]
    assert found.tolist() == expected


# --- damage ---------------------------------------------------------------------------------------
_DAMAGE = st.sampled_from(
    [
        "",
        "\ufffd",
        "锟斤拷",
        "??",
        "\ue5e5",
        "\uf0b7",
        "\uf5a0",
        "\U000f0001",
        "\U0010fffd",
        "示范".encode().decode("gb18030"),
        "示范".encode("gb18030").decode("latin-1"),
        "b'x'",
        "\\xe7a4",
        "memoryview(b'x')",
        "<a.B object at 0x7f>",
        "[B@1b2c",
        "java.lang.Object@1b2c",
        "System.Byte[]",
        "HEXTORAW('E7')",
        "x'E7A4'",
        "{'a': 1}",
        "#N/A",
        "##",
        r"\u793a\u8303",
        "&#31034;&#33539;",
        "%E7%A4%BA",
        "=E7=A4=BA",
    ]
)


@unhurried
@given(
    st.lists(
        st.tuples(st.text(max_size=30), _DAMAGE, st.text(alphabet="甲乙，（a?é 0x", max_size=30)),
        min_size=1,
        max_size=30,
    )
)
def test_no_damaged_text_is_passed_over(parts):
    values = ["".join(part) for part in parts] + [part[1] + part[2] for part in parts]
    flagged = set(Column(pl.Series(values, dtype=pl.String)).flagged(survey.DOUBTFUL).tolist())
    found = np.flatnonzero(damage._damaged(pl.Series(values, dtype=pl.String)))
    assert set(found.tolist()) <= flagged


# --- hashes ---------------------------------------------------------------------------------------
@unhurried
@given(st.lists(st.tuples(st.text(max_size=90), st.text(max_size=700)), min_size=1, max_size=20))
def test_record_ids_are_blake2b_of_the_key(parts):
    ids = copy_binary.record_ids(
        "kind",
        "entity",
        [
            pl.Series([part[0] for part in parts], dtype=pl.String),
            pl.Series([part[1] for part in parts], dtype=pl.String),
        ],
    )
    assert ids.complete.tolist() == [bool(one and two) for one, two in parts]
    for digest, (one, two) in zip(ids.digests, parts, strict=True):
        if one and two:
            key = f"kind\x1fentity\x1f{one}\x1f{two}".encode()
            assert digest.tobytes().hex() == hashlib.blake2b(key, digest_size=16).hexdigest()[:31] + "0"


@unhurried
@given(_TEXTS, _TEXTS)
def test_pair_hashes_are_equal_for_equal_pairs(first, second):
    count = min(len(first), len(second))
    pairs = list(zip(first, second, strict=False))
    found = copy_binary.pair_hashes(
        pl.Series(first[:count], dtype=pl.String), pl.Series(second[:count], dtype=pl.String)
    )
    assert len({int(value) for value in found}) == len(set(pairs))


# --- COPY data ------------------------------------------------------------------------------------
def _text(value: str | None) -> bytes:
    data = (value or "").encode()
    return struct.pack(">i", -1) if value is None else struct.pack(">i", len(data)) + data


def _bytes(value: bytes) -> bytes:
    return struct.pack(">i", len(value)) + value


@unhurried
@given(
    st.lists(
        st.tuples(
            st.text(max_size=60), st.text(max_size=9), st.none() | st.text(max_size=30), st.booleans(), st.booleans()
        ),
        min_size=1,
        max_size=20,
    )
)
def test_rows_are_binary_copy_data(rows):
    first, second, received, keep, keyed = (list(column) for column in zip(*rows, strict=True))
    columns = [pl.Series(first, dtype=pl.String), pl.Series(second, dtype=pl.String)]
    key = pl.Series(["k" if whole else "" for whole in keyed], dtype=pl.String)
    ids = copy_binary.record_ids("kind", "entity", [key, columns[0]])
    writer = copy_binary.RowWriter(2, 10, 5, 2, None, "entity")
    lines = pl.Series(range(10, 10 + len(rows)), dtype=pl.Int32)
    data = bytes(writer.rows(columns, 3, lines, ids, [pl.Series(received, dtype=pl.String)], pl.Series(keep)))
    expected = b""
    for place, (one, two, other, kept, with_key) in enumerate(rows):
        if not kept:
            continue
        fields = _text(one) + _text(two)
        digest = hashlib.blake2b(f"kind\x1fentity\x1fk\x1f{one}".encode(), digest_size=16).hexdigest()
        expected += struct.pack(">h", 10) + fields + struct.pack(">iqih", 8, 5, 2, 2) + _text(None) + _text("entity")
        expected += struct.pack(">iiii", 4, 3 + place, 4, 10 + place)
        expected += (
            (_bytes(bytes.fromhex(digest[:31] + "0")) if with_key and one else _text(None))
            + _bytes(hashlib.blake2b(fields, digest_size=16).digest())
            + _text(other)
        )
    assert data == expected


# --- blanks, codes ---------------------------------------------------------------
_ENDS = st.text(
    alphabet=st.sampled_from(
        "甲a “”\t\n\r\x0b\x0c\x1c\x85\u00a0\u1680\u2003\u200b\u2028\u202f\u205f\u3000\ufeff、é\u00ad\u200e\u202d\u2060"
    ),
    max_size=5,
)


@unhurried
@given(st.lists(st.tuples(_ENDS, st.text(max_size=20), _ENDS).map("".join), min_size=1, max_size=40))
def test_texts_are_trimmed_like_one_by_one(values):
    column = pl.Series(values, dtype=pl.String)
    expected = column.str.strip_chars().str.strip_chars(dates.BLANKS)
    moves = canonical._trimmed(Column(column))
    assert dict(zip(moves.places, moves.values, strict=True)) == {
        place: new for place, (old, new) in enumerate(zip(values, expected, strict=True)) if old != new
    }


@unhurried
@given(st.lists(st.text(alphabet="09AZaz -Ｘ甲/:@[—−\u00ad\u202d\u200b\u2060", max_size=20), min_size=1, max_size=40))
def test_codes_are_mended_like_one_by_one(values):
    moves = canonical._code(Column(pl.Series(values, dtype=pl.String)))
    assert dict(zip(moves.places, moves.values, strict=True)) == {
        place: normalise(value)[0] for place, value in enumerate(values) if normalise(value)[0] != value
    }


# --- columns --------------------------------------------------------------------------------------
_SHAPES = st.sampled_from(
    [
        "",
        "甲",
        "甲" * 9,
        "甲" * 9 + "乙",
        "x" * 12,
        "x" * 13,
        "x" * 16,
        "y" * 16,
        "x" * 17,
        "x" * 40 + "y",
        " 甲",
        "20260225",
        "ab",
    ]
)


@unhurried
@given(st.lists(st.tuples(_SHAPES, _SHAPES, st.none() | _SHAPES), max_size=300))
def test_a_column_is_its_distinct_values_and_their_codes(rows):
    frame = pl.DataFrame(rows, schema={"a": pl.String, "b": pl.String, "c": pl.String}, orient="row")
    for name, column in columns_of(frame.get_columns()).items():
        values = frame[name].fill_null("").to_list()
        assert column.values.to_list() == values and column.distinct.n_unique() == len(column.distinct)
        if values:
            assert column.distinct.gather(column.codes).to_list() == values
            assert column.distinct.to_list() == list(dict.fromkeys(values))
        assert (
            column.flagged(survey.BLANK | survey.ODD) == Column(column.distinct).flagged(survey.BLANK | survey.ODD)
        ).all()


def test_a_column_that_hardly_repeats_is_its_own_list_of_values():
    values = [f"第{n}号" if n % 3 else f" {n:011d}" for n in range(9000)]
    columns = columns_of([pl.Series("many", values), pl.Series("few", [value[:2] for value in values])])
    many, few = columns["many"], columns["few"]
    assert many.codes is None and many.distinct.to_list() == values
    assert few.codes is not None and len(few.distinct) < 30
    for flag in (survey.BLANK, survey.ODD, survey.DIGITS):
        assert many.flagged(flag).tolist() == Column(pl.Series(values)).flagged(flag).tolist()


@unhurried
@given(st.lists(_SHAPES, min_size=1, max_size=60), st.data())
def test_replaced_values_reach_their_rows(values, data):
    column = data.draw(st.sampled_from([columns_of([pl.Series("f", values)])["f"], Column(pl.Series("f", values))]))
    places = data.draw(st.lists(st.integers(0, len(column.distinct) - 1), unique=True))
    new = {column.distinct[place] + str(place if column.codes is None else ""): f"新{place}" for place in places}
    expected = [new.get(value + str(row if column.codes is None else ""), value) for row, value in enumerate(values)]
    changed = column.replaced(places, [f"新{place}" for place in places])
    assert changed.values.to_list() == expected and column.values.to_list() == values
    assert changed.rows(changed.distinct == "新0").tolist() == [value == "新0" for value in expected]


@unhurried
@given(st.lists(st.tuples(_SHAPES, _SHAPES), min_size=1, max_size=60), st.booleans(), st.booleans(), st.booleans())
def test_columns_are_compared_and_paired_row_by_row(rows, strict, first_plain, second_plain):
    first, second = (columns_of([pl.Series("f", side)])["f"] for side in zip(*rows, strict=True))
    first = Column(first.values) if first_plain else first
    second = Column(second.values) if second_plain else second
    assert comes_after(first, second, strict).tolist() == [
        one > other if strict else one >= other for one, other in ((a.encode(), b.encode()) for a, b in rows)
    ]
    left, right, spread = pairs(first, second)
    assert spread(np.asarray(left == right)).tolist() == [one == other for one, other in rows]


# --- cells of a workbook ----------------------------------------------------------------------------
@unhurried
@given(
    st.lists(st.lists(st.text(alphabet="a甲𠀀\x1f\n ", max_size=8), min_size=1, max_size=20), min_size=1, max_size=5)
)
def test_cells_of_text_arrive_as_they_left_whatever_is_in_them(parts):
    column = spreadsheet_child.Column()
    for part in parts:
        column.add(part)
    form, data, flags = column.blobs()
    assert spreadsheet._texts(form, data).to_list() == [value for part in parts for value in part]
    assert flags == b""


def test_cells_that_are_no_text_are_told():
    column = spreadsheet_child.Column()
    column.add(("甲", 2.0, None, True))
    column.add(("乙",))
    form, data, flags = column.blobs()
    assert spreadsheet._texts(form, data).to_list() == ["甲", "2", "", "TRUE", "乙"]
    assert list(flags) == [0, 1, 0, 0, 0]
