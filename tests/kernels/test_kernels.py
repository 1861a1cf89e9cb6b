"""Compiled loops against plain Python: long digits, hashes, COPY data. Invented values only."""

from __future__ import annotations

import hashlib
import re
import struct

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from public_credit.custody import scan
from public_credit.identifiers.codes import normalise
from public_credit.kernels import hashes, interning, survey, words
from public_credit.kernels.columns import Column, columns_of, pairs
from public_credit.land import canonical, copy_binary
from public_credit.land.readers import spreadsheet, spreadsheet_child
from public_credit.land.rules.chunk import comes_after

unhurried = settings(deadline=None)  # the first call compiles
_TEXTS = st.lists(st.text(max_size=40), min_size=1, max_size=30)


# --- digits ---------------------------------------------------------------------------------------
_LONG = re.compile(r"[0-9０-９](?:[ \-－]?[0-9０-９]){10}")


@settings(max_examples=400, deadline=None)
@given(st.lists(st.text(alphabet=st.sampled_from("0123456789０９ -－，甲卐x〔"), max_size=40), min_size=1, max_size=40))
def test_long_digits_agree_with_the_pattern(values):
    places = Column(pl.Series(values)).flagged(survey.DIGITS)
    assert places.tolist() == [place for place, value in enumerate(values) if _LONG.search(value)]


@unhurried
@given(st.lists(st.text(alphabet=st.sampled_from("0123456789０９ -甲"), max_size=24), min_size=1, max_size=40))
def test_the_scan_misses_no_number(values):
    values.append("证１３８００１３８０００号")
    found = scan.find(columns_of([pl.Series("f", values)])["f"])
    expected = [next(scan.hits(scan._half_width(value)), None) is not None for value in values]
    assert found.tolist() == expected


# --- hashes ---------------------------------------------------------------------------------------
def _murmur3(data: bytes) -> bytes:
    """MurmurHash3_x64_128 with seed 0, after its author's published source."""
    word, c1, c2 = (1 << 64) - 1, 0x87C37B91114253D5, 0x4CF5AD432745937F

    def left(value: int, bits: int) -> int:
        return ((value << bits) | (value >> (64 - bits))) & word

    def final(value: int) -> int:
        value ^= value >> 33
        value = value * 0xFF51AFD7ED558CCD & word
        value ^= value >> 33
        value = value * 0xC4CEB9FE1A85EC53 & word
        return value ^ (value >> 33)

    first = second = 0
    whole = len(data) // 16 * 16
    for start in range(0, whole, 16):
        one, two = struct.unpack_from("<QQ", data, start)
        first ^= left(one * c1 & word, 31) * c2 & word
        first = ((left(first, 27) + second) * 5 + 0x52DCE729) & word
        second ^= left(two * c2 & word, 33) * c1 & word
        second = ((left(second, 31) + first) * 5 + 0x38495AB5) & word
    one, two = struct.unpack("<QQ", data[whole:].ljust(16, b"\0"))
    first ^= left(one * c1 & word, 31) * c2 & word
    second ^= left(two * c2 & word, 33) * c1 & word
    first, second = first ^ len(data), second ^ len(data)
    first = (first + second) & word
    second = (second + first) & word
    first, second = final(first), final(second)
    first = (first + second) & word
    return struct.pack("<QQ", first, (second + first) & word)


def test_the_oracle_itself_gives_the_published_value():
    assert _murmur3(b"The quick brown fox jumps over the lazy dog").hex() == "6c1b07bc7bbc4be347939ac4a93c437a"


@unhurried
@given(st.binary(max_size=400))
def test_blake2b(data):
    text = np.zeros(len(data) + 256, dtype=np.uint8)
    text = text[: len(text) // 8 * 8]
    text[: len(data)] = np.frombuffer(data, dtype=np.uint8)
    found = hashes.blake2b(text, len(data))
    assert struct.pack("<QQ", *map(int, found)) == hashlib.blake2b(data, digest_size=16).digest()


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
            assert digest.tobytes() == hashlib.blake2b(key, digest_size=16).digest()


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
            _text(f"r{digest[:31]}" if with_key and one else None) + _text(_murmur3(fields).hex()) + _text(other)
        )
    assert data == expected


# --- blanks, words, numbers for texts ---------------------------------------------------------------
_ENDS = st.text(
    alphabet=st.sampled_from("甲a “”\t\n\r\x0b\x0c\x1c\x85\u00a0\u1680\u2003\u200b\u2028\u202f\u205f\u3000\ufeff、é"),
    max_size=5,
)


@unhurried
@given(st.lists(st.tuples(_ENDS, st.text(max_size=20), _ENDS).map("".join), min_size=1, max_size=40))
def test_texts_are_trimmed_like_one_by_one(values):
    column = pl.Series(values, dtype=pl.String)
    expected = column.str.strip_chars().str.strip_chars(canonical._BLANKS)
    moves = canonical._trimmed(Column(column))
    assert dict(zip(moves.places, moves.values, strict=True)) == {
        place: new for place, (old, new) in enumerate(zip(values, expected, strict=True)) if old != new
    }


@unhurried
@given(st.lists(st.text(alphabet="09AZaz -Ｘ甲/:@[", max_size=20), min_size=1, max_size=40))
def test_codes_are_mended_like_one_by_one(values):
    moves = canonical._code(Column(pl.Series(values, dtype=pl.String)))
    assert dict(zip(moves.places, moves.values, strict=True)) == {
        place: normalise(value)[0] for place, value in enumerate(values) if normalise(value)[0] != value
    }


@unhurried
@given(
    st.lists(st.text(alphabet="简易程序国家秘密机★ab", max_size=60), min_size=1, max_size=40),
    st.lists(st.text(alphabet="简易程序国家秘密机★", min_size=1, max_size=5), min_size=1, max_size=6),
)
def test_words_are_found_wherever_they_stand(values, searched):
    places = Column(pl.Series(values, dtype=pl.String)).marked(words.mark, *words.prepared(tuple(searched)))
    assert places.tolist() == [place for place, value in enumerate(values) if any(word in value for word in searched)]


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


@unhurried
@given(st.lists(st.lists(st.text(max_size=30), max_size=200), min_size=1, max_size=4))
def test_interning_numbers_texts_in_the_order_they_come(columns):
    interner, known = interning.Interner(), dict[str, int]()
    for values in columns:
        expected = [known.setdefault(value, len(known)) for value in values]
        assert interner.codes(pl.Series(values, dtype=pl.String)).tolist() == expected
    assert interner.texts(0) == list(known) and len(interner) == len(known)


def test_interning_grows():
    interner, values = interning.Interner(), [f"{n:07d}" * (1 + n % 50) for n in range(30_000)]
    for start in (0, 10_000, 0):
        found = interner.codes(pl.Series(values[start : start + 20_000]))
        assert found.tolist() == list(range(start, start + 20_000))
    assert interner.texts(29_998) == values[29_998:]


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
