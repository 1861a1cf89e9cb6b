"""One table in every way it may be written: line ends × quotes × titles × encodings × delimiters, and every other format."""

from __future__ import annotations

import itertools
import random

import pytest

from tests import seeds

from .tables import CODES, TITLES, envelope, package, ragged, read, row_numbers, rowdata, table, workbook

ENDS = ["\n", "\r\n", "\r", "\r\r\n"]
WRITTEN = ["bare", "all quoted", "text with ends", "inch marks", "doubled quotes"]
ABOVE = ["", "双公示报送表", "甲；乙;丙,丁\t戊|己", '"表,一"', "\n"]
ENCODINGS = ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
DELIMITERS = [",", "\t", ";", "|"]


def _records(written: str) -> list[list[str]]:
    """Five records; the first cell tells which, the others are what this way of writing is about."""
    other = {"text with ends": "甲\n乙", "inch marks": '显示器 55"', "doubled quotes": '称"甲"者'}.get(written, "甲乙")
    return [[f"第{n}", other, *[f"v{place}" for place in range(2, len(TITLES))]] for n in range(5)]


def _line(cells: list[str], written: str, delimiter: str, end: str) -> str:
    def cell(text: str) -> str:
        quoted = '"' + text.replace("\n", end).replace('"', '""') + '"'
        bare = written in ("bare", "inch marks") or (written == "text with ends" and "\n" not in text)
        return text if bare else quoted

    return delimiter.join(map(cell, cells)) + end


def _line_count(text: str) -> int:
    """Lines as every editor counts them: CR, LF and CRLF end one."""
    return len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")) - 1


CASES = [
    case
    for case in itertools.product(ENDS, WRITTEN, ABOVE, ENCODINGS, DELIMITERS)
    if case[2] != '"表,一"' or case[4] == ","
]
SOME = random.Random(seeds.SEED).sample(CASES, 400)


@pytest.mark.parametrize("part", range(8))
def test_rows_and_their_numbers_are_the_same_however_a_csv_is_written(part):
    for case in SOME[part::8]:
        end, written, above, encoding, delimiter = case
        before = (above.replace("\n", end) + end if above else "") + _line(TITLES, "bare", delimiter, end)
        lines = [_line(cells, written, delimiter, end) for cells in _records(written)]
        ((_, titles, rows),) = read((before + "".join(lines)).encode(encoding))
        numbers = [_line_count(before + "".join(lines[:n])) + 1 for n in range(len(lines))]
        assert titles == TITLES and [number for number, _ in rows] == numbers, case
        expected = [[cell.replace("\n", end) for cell in cells] for cells in _records(written)]
        assert [cells for _, cells in rows] == expected, case


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("more", ["in rows", "in the header", "in both"])
@pytest.mark.parametrize("ends", [1, 3])
def test_delimiters_at_the_ends_of_lines_are_no_cells(delimiter, more, ends):
    records = _records("bare")
    header, rows = (delimiter * ends if more in (place, "in both") else "" for place in ("in the header", "in rows"))
    text = delimiter.join(TITLES) + header + "\n" + "".join(delimiter.join(cells) + rows + "\n" for cells in records)
    ((_, _, found),) = read(text.encode())
    assert [cells[: len(TITLES)] for _, cells in found] == records
    assert ragged(text.encode()) == [False] * 5
    beyond = text.replace("第3", f"第3{delimiter}").encode()
    assert ragged(beyond) == [False, False, False, True, False], "one cell too many is none at the end"


@pytest.mark.parametrize("end", ["\x1a", "\x1a\r\n", "\r\n\x1a"])
@pytest.mark.parametrize("rows", [0, 3])
def test_the_mark_a_dos_program_ends_a_file_with_is_no_row(end, rows):
    assert len(row_numbers(table(rows, "\r\n") + end.encode())) == rows


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("declared", ["", "utf-8", "GBK", "UTF-16"])
def test_xml_is_read_in_what_it_is_written_in(encoding, declared):
    if encoding.startswith("utf-16") != (declared == "UTF-16") or (encoding == "utf-8" and declared == "GBK"):
        return
    begin = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    cells = [f"甲{place}" for place in range(len(CODES))]
    row = "".join(f"<{code}>{cell}</{code}>" for code, cell in zip(CODES, cells, strict=True))
    attributes = " ".join(f'{code}="{cell}"' for code, cell in zip(CODES, cells, strict=True))
    data = f"{begin}<ROWDATA><ROW>{row}</ROW><ROW {attributes}/></ROWDATA>".encode(encoding)
    ((_, _, rows),) = read(data)
    assert [found for _, found in rows] == [cells, cells], "fields are elements or attributes"


@pytest.mark.parametrize("written", WRITTEN)
def test_the_same_rows_come_out_of_every_format(written):
    records = _records(written)

    def escaped(text: str) -> str:
        return text.replace("&", "&amp;").replace("<", "&lt;")

    elements = [
        "".join(f"<{code}>{escaped(cell)}</{code}>" for code, cell in zip(CODES, cells, strict=True))
        for cells in records
    ]
    files = {
        "xlsx": (workbook([TITLES, *records]), 2),
        "xlsx below a title": (workbook([["表"], [], TITLES, *records]), 4),
        "xml": (rowdata(*elements), 1),
        "jsonl": (envelope(CODES, *(dict(zip(CODES, cells, strict=True)) for cells in records)), 1),
    }
    files |= {f"{name} in a zip": (package(("a", data)), first) for name, (data, first) in files.items()}
    for name, (data, first) in files.items():
        ((_, _, rows),) = read(data)
        assert [cells for _, cells in rows] == records, name
        assert [number for number, _ in rows] == list(range(first, first + len(records))), name
