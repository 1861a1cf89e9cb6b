"""What comes out of a receipt: rows, a zero report of a table that is known, or a reason a department can act on."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import orjson
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from public_credit import headers, template
from public_credit.catalogue import load_catalogue
from public_credit.readers import UnreadableFile, delimited, open_tables

from tests.conftest import SHARED

DATASET = load_catalogue().datasets["wlj.penalty_entity"]
KIND = load_catalogue().kinds[DATASET.kind]
FIELDS = KIND.tables[DATASET.variant].fields
TITLES = [KIND.fields[name].title for name in FIELDS]
CODES = [KIND.fields[name].codes["entity"] for name in FIELDS]
LICENCE = [load_catalogue().kinds["administrative_licence"].fields[name].title
           for name in load_catalogue().kinds["administrative_licence"].tables["entity"].fields]


def read(data: bytes, name: str = "t") -> list[tuple[str | None, list[str], list[tuple[int, list[str]]]]]:
    """Sheet, headers and (row number, cells) of every table of a receipt."""
    found = []
    for table in open_tables(lambda: io.BytesIO(data), name, DATASET,
                             lambda row: headers.recognised(KIND, DATASET.variant, row, DATASET)):
        rows = [(number, list(cells)) for chunk in table.chunks
                for number, cells in zip(chunk.source_row.to_list(), chunk.frame.iter_rows(), strict=True)]
        found.append((table.sheet, table.headers, rows))
    return found


def row_numbers(data: bytes) -> list[int]:
    return [number for _, _, rows in read(data) for number, _ in rows]


def line(count: int, mark: str = "甲") -> str:
    """A row that says its own number in its first cell."""
    return f"{mark}{count}," + ",".join(f"v{place}" for place in range(1, len(TITLES)))


def table(rows: int = 2, end: str = "\n", titles: list[str] = TITLES) -> bytes:
    return "".join(text + end for text in [",".join(titles), *(line(n) for n in range(rows))]).encode()


def package(*members: tuple[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return target.getvalue()


def workbook(*sheets: list[list[str]]) -> bytes:
    book, target = openpyxl.Workbook(), io.BytesIO()
    book.remove(book.active)
    for rows in sheets:
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
    book.save(target)
    return target.getvalue()


def envelope(columns: object, *rows: object) -> bytes:
    return b"".join(orjson.dumps(item) + b"\n" for item in [{"columns": columns, "source_version": "1"}, *rows])


def rowdata(*rows: str, root: str = "ROWDATA", record: str = "ROW") -> bytes:
    return f"<{root}>{''.join(f'<{record}>{row}</{record}>' for row in rows)}</{root}>".encode()


def test_the_delimiter_is_the_headers_not_the_titles():
    assert row_numbers("填报单位：甲；乙;日期\n".encode() + table(2)) == [3, 4]
    assert row_numbers("标题,一,二\n".encode() + table(2).replace(b",", b";")) == [3, 4]


def test_a_lone_quote_in_the_header_swallows_no_row():
    """Neither all of them nor those up to the next lone quote."""
    odd = table(5).decode().replace("备注", '备注"', 1).replace("甲1", '甲1"').replace("甲3", '甲3"').encode()
    assert row_numbers(odd) == [2, 3, 4, 5, 6]


# --- line ends ------------------------------------------------------------------------------------------------------
@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["\r", "\n", "\r\n"]), min_size=3, max_size=40), st.integers(600, 2000), st.booleans())
def test_every_kind_of_line_end_ends_a_row_wherever_a_block_ends(ends, size, closed):
    lines = [",".join(TITLES), *(line(n, '"甲\r乙"' if n % 5 == 4 else "甲") for n in range(len(ends) - 1))]
    text = "".join(map("".join, zip(lines, ends, strict=True)))
    expected, number = [], 1
    for row, end in zip(lines, ends, strict=True):
        expected.append(number)
        number += 1 + row.count("\r")
    before = delimited.BLOCK, delimited._PROBE
    delimited.BLOCK, delimited._PROBE = size, size
    try:
        ((_, titles, rows),) = read((text if closed else text.rstrip("\r\n")).encode())
    finally:
        delimited.BLOCK, delimited._PROBE = before
    assert titles == TITLES and len(rows) == len(ends) - 1
    if "\n" not in set(ends) or not any('"' in row for row in lines):
        assert [number for number, _ in rows] == expected[1:]


def test_a_long_file_without_line_feeds_is_read_block_by_block(monkeypatch):
    monkeypatch.setattr(delimited, "BLOCK", 1 << 16)
    monkeypatch.setattr(delimited, "_PROBE", 1 << 16)
    sizes = []
    boundary = delimited._boundary
    monkeypatch.setattr(delimited, "_boundary", lambda text: sizes.append(len(text)) or boundary(text))
    assert row_numbers(table(5000, "\r")) == list(range(2, 5002))
    assert max(sizes) < 4 * delimited.BLOCK


def test_a_first_line_longer_than_what_is_looked_at_is_no_header_but_no_fault(monkeypatch):
    for size in range(100, 104):
        monkeypatch.setattr(delimited, "_HEAD", size)
        with pytest.raises(UnreadableFile, match="第一行过长"):
            read("甲乙丙丁".encode() * 50 + b"\n" + table(2))


def test_a_cell_longer_than_any_field_is_an_open_quote_with_its_line():
    text = table(3).decode().replace("甲1,", '甲1,"' + "甲" * 200_000 + '"x,')
    with pytest.raises(UnreadableFile, match="第 3 行起的一个单元格没有结束"):
        read(text.encode())
