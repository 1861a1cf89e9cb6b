"""CSV is read as Python's csv module reads it, wherever a piece of the file ends; what is no text or has no end is refused."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from public_credit.catalogue import load_catalogue
from public_credit.land.readers import UnreadableFile, delimited, dispatch, records, text

from tests.helpers.pieces import pieces_of

Row = tuple[int, list[str], bool]
_CELLS = st.text(alphabet=st.sampled_from('ab 1,\n\r"“甲乙，\u3000𠀀\x00;'), max_size=24)
SHREDS = [
    "a",
    "甲",
    " ",
    ",",
    ",",
    '"',
    '""',
    '","',
    '"\n"',
    '"a"',
    "\n",
    "\n",
    "\r\n",
    "\r",
    "a,b,c\n",
    '"a","b",""\n',
    "𠀀",
]
TITLE = "h1,h2,h3\n"


def _known(row: list[str]) -> int:
    return 2 * ("h1" in row)


def read(data: bytes, encoding: str = "auto") -> tuple[list[str], list[Row]]:
    """Headers and (line number, cells, ragged?) of every row, as the reader gives them."""
    tables = delimited.tables(lambda: io.BytesIO(data), "t.csv", encoding, _known)
    table, rows = next(tables), list[Any]()
    for chunk in table.chunks:
        ragged = chunk.ragged.to_list() if chunk.ragged is not None else [False] * chunk.frame.height
        rows += zip(chunk.source_row.to_list(), map(list, chunk.frame.iter_rows()), ragged, strict=True)
    return table.headers, rows


def oracle(content: str, width: int) -> list[Row] | None:
    """The same by the csv module, which knows no pieces; None for a file that must be refused.

    Refused is what ends inside a cell, or ends in a record that lacks cells and a line end.
    """
    inside = False

    def lines():
        nonlocal inside
        yield from io.StringIO(content, newline="")
        inside = True

    reader, rows, before, cut = csv.reader(lines()), list[Row](), 0, False
    for cells in reader:
        if inside:
            return None
        line, before = before + 1, reader.line_num
        if any(map(str.strip, cells)):
            rows.append((line, (cells + [""] * width)[:width], len(cells) != width))
        cut = any(map(str.strip, cells)) and rows[-1][2]
    if cut and not content.endswith(("\n", "\r")):
        return None
    return rows[1:]


def written(rows: list[list[str]], end: str, quoting: Any) -> str:
    target = io.StringIO(newline="")
    csv.writer(target, lineterminator=end, quoting=quoting).writerows([["h1", "h2", "h3"], *rows])
    return target.getvalue()


@settings(max_examples=2000, deadline=None)
@given(st.lists(st.sampled_from(SHREDS), max_size=16).map("".join), st.integers(5, 40), st.booleans())
def test_any_text_is_read_as_the_csv_module_reads_it_or_refused(body, size, one_piece):
    with pieces_of(1 << 20 if one_piece else size, len(TITLE)):
        try:
            headers, found = read((TITLE + body).encode())
        except UnreadableFile:
            assert oracle(TITLE + body, 3) is None
        else:  # delimiters at the ends of lines may make the table wider
            assert found == oracle(TITLE + body, len(headers)) and headers[:3] == ["h1", "h2", "h3"]
            assert not any(headers[3:])


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.lists(_CELLS, min_size=3, max_size=3), max_size=12),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.integers(8, 200),
    st.booleans(),
)
def test_what_a_program_wrote_comes_back(rows, end, quoting, size, closed):
    rows = [
        [cell.replace("\r", "") for cell in row] for row in rows if any(cell.strip("\x00 \u3000\n\r") for cell in row)
    ]
    content = written(rows, end, quoting)
    content = content if closed else content.removesuffix(end)
    with pieces_of(size):
        headers, found = read(content.encode())
    assert headers == ["h1", "h2", "h3"]
    assert [cells for _, cells, _ in found] == [[cell.replace("\x00", "") for cell in row] for row in rows]
    assert found == oracle(content.replace("\x00", ""), 3)


@pytest.mark.parametrize("size", [7, 64, 1 << 24])
@pytest.mark.parametrize(
    "body",
    [
        'a,b,c\n"d ""e"" f",g,"h\ni"\nj,k,l',
        "a,b,c\r\nd,e,f\r\n",
        "a,b,c\rd,e,f\n",
        "a,b\nc,d,e,f\ng,h,i\n",
        "a,b,c\n\nd,e,f\n\n",
        'a,"b"x,c\n',
        'a"b"c,"c",d\n',
        '"","",x\n',
        '甲,"乙\n丙",丁\n',
        'a,b,"c\r\nd"\ne,f,g\n',
        ',,x\n"a,b",c,d\n',
        ',,\na,b,c\n"","",""\n',
        'a"b,c,d\n"x\ny",e,f\ng"h,i,j\n',
        'a,b,"c\n"\nd,e,f\n',
        # Lone quotes that leave as many records as counting quotes does, cut elsewhere.
        ',"\n",  甲"\n",\n"a","b",""\n',
        '"\n"""a"a","b",""\n" 𠀀"a","b",""\n"𠀀\n"a","b",""\n',
        '\n""a","b",""\n" a,b,c\na"a" 𠀀"a","b",""\n',
    ],
)
def test_every_shape_of_line_is_read_like_the_csv_module(size, body):
    with pieces_of(size):
        assert read((TITLE + body).encode())[1] == oracle(TITLE + body, 3)


@pytest.mark.parametrize("size", [7, 64, 1 << 24])
def test_encodings_are_told_apart_and_cut_characters_survive(size):
    content = "h1,h2\n" + "".join(f"甲乙丙{n},𠀀丁{n}\n" for n in range(200))
    expected = oracle(content, 2)
    with pieces_of(size):
        assert read(content.encode("utf-8-sig"))[1] == expected
        assert read(content.encode())[1] == expected
        assert read(content.encode("gb18030"), "gb18030")[1] == expected


@pytest.mark.parametrize("size", [7, 64, 1 << 24])
@pytest.mark.parametrize(
    "tail", [b"\xe4\xb8", b"\xff\n", b"a,\xe4\x00\xb8\xad\n", b"\xed\xa0\x80,b\n", b'"\xe4\xb8",b\n']
)
def test_what_is_no_text_is_refused(size, tail):
    data = b"h1,h2\n" + "甲,乙\n".encode() * 50 + tail
    with pieces_of(size), pytest.raises(UnreadableFile):
        read(data, "utf-8")
    with pieces_of(size), pytest.raises(UnreadableFile):
        read(data)


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_text_is_told_from_other_bytes(data):
    try:
        data.decode()
        expected = True
    except UnicodeDecodeError:
        expected = False
    assert text.is_utf8(pa.py_buffer(data)) == expected


def test_values_stay_when_the_piece_they_came_from_is_gone():
    rows = [f"第{n}号很长很长的一个单元格,乙{n},丙" for n in range(3000)]
    with pieces_of(1 << 12):
        tables = delimited.tables(lambda: io.BytesIO((TITLE + "\n".join(rows)).encode()), "t", "auto", _known)
        frames = [chunk.frame for table in tables for chunk in table.chunks]
    assert len(frames) > 10 and [",".join(row) for frame in frames for row in frame.iter_rows()] == rows


# --- records without an end -------------------------------------------------------------------------------------------
class Endless(io.RawIOBase):
    """A file of 100 MB that begins so and goes on so; knows how much of it was read."""

    def __init__(self, begin: bytes, more: bytes):
        self._begin, self._more, self.taken = begin, more * ((1 << 16) // len(more)), 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part = self._begin or self._more
        if self.taken > 100 << 20:
            return 0
        count = min(len(buffer), len(part))
        buffer[:count] = part[:count]
        self._begin, self.taken = self._begin[count:], self.taken + count
        return count


@pytest.mark.parametrize(
    "begin, more, said",
    [
        ('a,b,c\nd,"e\n', "甲乙,丙\n", "第 3 行起的一个单元格没有结束"),
        ("a,b,c\nd,", "甲乙,", "第 3 行起的一条记录超过 16 MB"),
        ("a,b,c\nd,e\n", '"甲",', "第 4 行起的一条记录超过 16 MB"),
    ],
)
def test_a_record_without_an_end_is_refused_early_and_named(begin, more, said):
    source = Endless((TITLE + begin).encode(), more.encode())
    tables = delimited.tables(lambda: io.BufferedReader(source, 1 << 16), "t", "auto", lambda row: 2 * ("h1" in row))
    with pytest.raises(UnreadableFile, match=re.escape(said)):
        for table in tables:
            assert sum(chunk.frame.height for chunk in table.chunks) < 3
    assert source.taken < 2 * records.RECORD


def test_a_long_record_is_read():
    cell = "甲\n" * 2_000_000
    content = TITLE + f'a,"{cell}",b\nc,d,e\n'
    assert read(content.encode())[1] == [(2, ["a", cell, "b"], False), (2_000_003, ["c", "d", "e"], False)]


def test_lines_without_line_feeds_are_read_piece_by_piece(monkeypatch):
    sizes, find = [], records.last_line_end
    monkeypatch.setattr(records, "last_line_end", lambda piece: sizes.append(len(piece)) or find(piece))
    with pieces_of(1 << 12):
        found = read((TITLE + "".join(f"{n},b,c\r" for n in range(5000))).encode())[1]
    assert [line for line, _, _ in found] == list(range(2, 5002))
    assert len(sizes) > 5 and max(sizes) < 1 << 14


# --- errors of libraries ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "error", [MemoryError(), pa.ArrowInvalid("x"), pl.exceptions.ComputeError("x"), pl.exceptions.PanicException("x")]
)
@pytest.mark.parametrize("late", [False, True])
def test_what_a_library_throws_is_a_verdict_on_the_file(monkeypatch, error, late):
    dataset = load_catalogue().datasets["wlj.penalty_entity"]
    kind = load_catalogue().kinds[dataset.kind]
    titles = ",".join(kind.fields[name].title for name in kind.tables[dataset.variant].fields)

    def fail(*arguments: object, **named: object) -> None:
        raise error

    monkeypatch.setattr(records.Records if late else delimited, "_regular" if late else "_head", fail)
    with pytest.raises(UnreadableFile, match=r"文件 x\.csv 的内容超出内存或无法解析"):
        for table in dispatch.open_tables(lambda: io.BytesIO(titles.encode()), "x.csv", dataset, len):
            list(table.chunks)
