"""Workbooks: what is hidden, sparse, never calculated, of another calendar, or without its header is read right or told."""

from __future__ import annotations

import io
import re
import zipfile
from contextlib import suppress
from datetime import date
from typing import Any

import openpyxl
import pytest
import xlwt
from public_credit.land import headers, matched
from public_credit.land.readers import Note, Table, UnreadableFile, open_tables, workbook, workbook_xls

from tests import seeds

from .tables import DATASET, KIND, TITLES, line

ROWS = [line(n).split(",") for n in range(4)]


def xlsx(change: Any = None, rows: list[list[Any]] = ROWS, titles: list[str] = TITLES) -> bytes:
    """A workbook of one sheet, changed before it is written."""
    book, target = openpyxl.Workbook(), io.BytesIO()
    sheet = book.active
    sheet.title = "处罚"
    for row in [titles, *rows]:
        sheet.append(row)
    if change:
        change(book, sheet)
    book.save(target)
    return target.getvalue()


def xls(change: Any = None, since_1904: bool = False) -> bytes:
    """The same as xls."""
    book, target = xlwt.Workbook(), io.BytesIO()
    book.dates_1904 = since_1904
    sheet = book.add_sheet("处罚")
    for number, row in enumerate([TITLES, *ROWS]):
        for column, cell in enumerate(row):
            sheet.write(number, column, cell)
    if change:
        change(book, sheet)
    book.save(target)
    return target.getvalue()


def read(data: bytes) -> tuple[list[tuple[Table, list[int], list[str]]], list[Note]]:
    """(Table, row numbers, first cells) of every table, and what the readers say."""
    notes: list[Note] = []
    found = []
    for table in open_tables(
        lambda: io.BytesIO(data),
        "t",
        DATASET,
        lambda row: headers.recognised(KIND, "entity", row, DATASET),
        notes.append,
    ):
        numbers, cells = list[int](), list[str]()
        for chunk in table.chunks:
            numbers += chunk.source_row.to_list()
            cells += chunk.frame["c0"].to_list()
        found.append((table, numbers, cells))
    return found, notes


def told(notes: list[Note]) -> dict[str, tuple[int, bool]]:
    return {note.code: (note.rows, note.holds) for note in notes}


WHOLE = [2, 3, 4, 5], ["甲0", "甲1", "甲2", "甲3"]


@pytest.mark.parametrize("build", [xlsx, xls])
def test_a_regular_workbook_says_nothing(build):
    ((_, *rows),), notes = read(build())
    assert (tuple(rows), notes) == (WHOLE, [])


@pytest.mark.parametrize("above", [1, 3, 14, 20, 200])
@pytest.mark.parametrize("left", [0, 2])
@pytest.mark.parametrize("form", ["xlsx", "xls"])
def test_rows_keep_their_numbers_below_blank_ones(above, left, form):
    target, rows = io.BytesIO(), [TITLES, *ROWS]
    book = openpyxl.Workbook() if form == "xlsx" else xlwt.Workbook()
    sheet = book.active if form == "xlsx" else book.add_sheet("表")
    for row, cells in enumerate(rows, above):
        for column, cell in enumerate(cells, left):
            if form == "xlsx":
                sheet.cell(row + 1, column + 1, cell)
            else:
                sheet.write(row, column, cell)
    book.save(target)
    (table,), _ = read_tables(target.getvalue())
    assert table == ([above + number for number in WHOLE[0]], WHOLE[1])


def read_tables(data: bytes) -> tuple[list[tuple[list[int], list[str]]], list[Note]]:
    """Row numbers and the first titled cells of every table."""
    found, notes = list[tuple[list[int], list[str]]](), list[Note]()
    for table in open_tables(
        lambda: io.BytesIO(data),
        "t",
        DATASET,
        lambda row: headers.recognised(KIND, "entity", row, DATASET),
        notes.append,
    ):
        place = f"c{table.headers.index(TITLES[0])}"
        chunks = list(table.chunks)
        numbers = [number for chunk in chunks for number in chunk.source_row.to_list()]
        found.append((numbers, [cell for chunk in chunks for cell in chunk.frame[place].to_list()]))
    return found, notes


@pytest.mark.parametrize("form", ["xlsx", "xls"])
def test_a_day_the_program_made_of_a_number_is_marked(form):
    place = TITLES.index(KIND.fields["decision_no"].title)
    row = [date(2026, 3, 1) if at == place else cell for at, cell in enumerate(ROWS[0])]
    if form == "xlsx":
        data = xlsx(rows=[row, ROWS[1]])
    else:
        data = xls(lambda book, sheet: sheet.write(5, place, row[place], xlwt.easyxf(num_format_str="yyyy-mm-dd")))
    marked = list[tuple[str, bool]]()
    for table in open_tables(
        lambda: io.BytesIO(data), "t", DATASET, lambda row: headers.recognised(KIND, "entity", row, DATASET)
    ):
        for chunk in table.chunks:
            marked += zip(chunk.frame[f"c{place}"].to_list(), chunk.numeric[place].to_list(), strict=True)
    assert ("2026-03-01", True) in marked and [text == "2026-03-01" for text, _ in marked] == [day for _, day in marked]


def test_hidden_rows_are_read_and_named():
    def hide(book, sheet):
        sheet.row_dimensions[3].hidden = sheet.row_dimensions[5].hidden = True

    ((_, *rows),), (note,) = read(xlsx(hide))
    assert tuple(rows) == WHOLE and (note.code, note.rows, note.holds) == ("hidden_rows", 2, False)
    assert "第 3、5 行" in note.message


def test_hidden_rows_of_an_xls_are_named():
    def hide(book, sheet):
        sheet.row(2).hidden = True

    ((_, *rows),), (note,) = read(xls(hide))
    assert tuple(rows) == WHOLE and "第 3 行" in note.message


@pytest.mark.parametrize("build, state", [(xlsx, "hidden"), (xls, 1)])
def test_a_hidden_sheet_with_the_header_is_read_and_holds(build, state):
    def hide(book, sheet):
        (book.create_sheet("别的") if build is xlsx else book.add_sheet("别的"))
        setattr(sheet, "sheet_state" if build is xlsx else "visibility", state)

    ((_, *rows),), notes = read(build(hide))
    assert tuple(rows) == WHOLE and told(notes) == {"hidden_sheet": (4, True)}


def test_a_hidden_sheet_with_the_header_alone_says_nothing():
    def add(book, sheet):
        book.create_sheet("下期").append(TITLES)
        book["下期"].sheet_state = "hidden"

    ((_, *rows), (_, none, _)), notes = read(xlsx(add))
    assert (tuple(rows), none, notes) == (WHOLE, [], [])


def test_rows_in_a_very_hidden_sheet_are_no_report_of_nothing():
    def move(book, sheet):
        other = book.create_sheet("底稿")
        for row in [TITLES, *ROWS]:
            other.append(row)
        other.sheet_state = "veryHidden"

    with pytest.raises(UnreadableFile, match="底稿 被深度隐藏而有内容"):
        read(xlsx(move, rows=[]))


@pytest.mark.parametrize("build, state", [(xlsx, "veryHidden"), (xls, 2)])
def test_a_very_hidden_sheet_is_not_read_and_its_rows_are_named(build, state):
    def add(book, sheet):
        other = book.create_sheet("底稿") if build is xlsx else book.add_sheet("底稿")
        for number, row in enumerate([TITLES, *ROWS]):
            for column, cell in enumerate(row):
                other.cell(number + 3, column + 1, cell) if build is xlsx else other.write(number + 2, column, cell)
        setattr(other, "sheet_state" if build is xlsx else "visibility", state)

    ((_, *rows),), (note,) = read(build(add))
    assert tuple(rows) == WHOLE and note.code == "very_hidden_sheet" and "第 3 至 7 行" in note.message


@pytest.mark.parametrize("blank_last", [False, True])
def test_a_next_sheet_without_its_header_holds(blank_last):
    def add(book, sheet):
        for row in ROWS:
            book.create_sheet("续").append(row[:-1] if blank_last else row) if row is ROWS[0] else book["续"].append(
                row
            )

    (_,), notes = read(xlsx(add))
    assert told(notes) == {"sheet_without_header": (4, True)}


def test_a_sheet_of_another_kind_beside_the_table_says_nothing():
    def add(book, sheet):
        other = book.create_sheet("统计")
        for row in (["月份", "件数"], ["1 月", 3]):
            other.append(row)

    ((_, *rows),), notes = read(xlsx(add))
    assert (tuple(rows), notes) == (WHOLE, [])


def test_formulas_without_a_value_hold_where_a_column_needs_them():
    place = TITLES.index("备注") + 1

    def write(book, sheet):
        sheet.cell(3, place, "=A2")
        sheet.cell(4, len(TITLES) + 5, "=SUM(A1:A2)")
        sheet.cell(1, len(TITLES) + 9, "=1")

    _, notes = read(xlsx(write))
    (note,) = [note for note in notes if note.code == "uncalculated_formula"]
    assert note.holds and note.rows == 1 and f"{workbook.column_letters(place - 1)}3" in note.message


def rewritten(data: bytes, change: Any) -> bytes:
    """A workbook whose first sheet's XML is changed."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(target, "w") as copy:
        for member in source.infolist():
            content = source.read(member)
            copy.writestr(member, change(content) if member.filename.endswith("sheet1.xml") else content)
    return target.getvalue()


def test_formulas_with_a_value_say_nothing():
    def write(book, sheet):
        sheet.cell(3, 2, "=A2")

    whole = rewritten(xlsx(write), lambda xml: re.sub(rb"</f><v ?/?>(</v>)?", b"</f><v>7</v>", xml))
    assert b"</f><v>7</v>" in zipfile.ZipFile(io.BytesIO(whole)).read("xl/worksheets/sheet1.xml")
    assert read(whole)[1] == []


@pytest.mark.parametrize("column, row", [(16384, 2), (1, 1_048_576), (16384, 1_048_576), (5000, 900_000)])
@pytest.mark.parametrize("dimension", ["right", "none", "A1"])
def test_a_cell_far_out_costs_nothing(column, row, dimension):
    def write(book, sheet):
        sheet.cell(row, column, "x")

    change = {"right": b"\\g<0>", "none": b"", "A1": b'<dimension ref="A1"/>'}[dimension]
    data = rewritten(xlsx(write), lambda xml: re.sub(rb"<dimension[^>]*>(?:</dimension>)?", change, xml))
    ((_, numbers, cells),), _ = read(data)
    assert numbers[:4] == WHOLE[0] and cells[:4] == (["甲0"] * (row != 2 or column > 1) + WHOLE[1][1:])
    assert numbers[4:] == ([row] if row > 5 else [])


@pytest.mark.parametrize("column, row", [(256, 2), (1, 65_536), (256, 65_536), (100, 40_000)])
def test_a_cell_far_out_in_an_xls_costs_nothing(column, row):
    def write(book, sheet):
        sheet.write(row - 1, column - 1, "x")
        if row > 5 and column == 256:
            sheet.write(65_534, 254, "y")
            for place in range(100, 104):  # one record for several cells
                sheet.write(30_000, place, place)
            sheet.row(30_000).hidden = True

    data = xls(write) if row > 2 or column < 256 else xls(lambda book, sheet: sheet.write(1, 255, "x"))
    ((_, numbers, _),), notes = read(data)
    far = [row] if row > 5 and column < 256 else [30_001, 65_535, 65_536] if row > 5 else []
    assert numbers == [*WHOLE[0], *far]
    assert told(notes) == ({"hidden_rows": (1, False)} if len(far) == 3 else {})


def test_cells_of_a_sparse_xls_stand_under_their_titles():
    """Values, in records of one cell and of several, between columns and rows that are nothing but blank."""
    amount = len(TITLES) - 2

    def write(book, sheet):
        for number in (30_000, 65_535):
            for column, cell in enumerate(ROWS[0]):
                if column not in (amount, amount + 1):
                    sheet.write(number, column, cell)
            sheet.write(number, amount, 5)
            sheet.write(number, amount + 1, 7)
            sheet.write(number, 255, 9)

    found = dict[int, list[str]]()
    score = lambda row: headers.recognised(KIND, "entity", row, DATASET)  # noqa: E731
    for table in open_tables(lambda: io.BytesIO(xls(write)), "t", DATASET, score):
        for chunk in table.chunks:
            found |= zip(chunk.source_row.to_list(), map(list, chunk.frame.iter_rows()), strict=True)
    assert list(found) == [*WHOLE[0], 30_001, 65_536]
    assert found[30_001] == found[65_536] == [*ROWS[0][:amount], "5", "7"]


def test_a_damaged_sparse_xls_ends_no_process():
    """Bytes changed anywhere, in the table of sectors and in the records of cells most of all, or the end cut off."""

    def write(book, sheet):
        for column in (100, 101, 255):
            sheet.write(65_535, column, column)

    whole, rng = xls(write), seeds.rng("sparse xls")
    begin = whole.index(b"\x09\x08\x10\x00\x00\x06\x05\x00")
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 12)):
            data[rng.choice([30, rng.randrange(76, 512), rng.randrange(begin, len(data))])] = rng.randrange(256)
        del data[rng.choice([len(data), rng.randrange(len(data))]) :]
        with suppress(UnreadableFile):
            workbook_xls.look(bytes(data), "t")


def test_many_far_rows_keep_their_numbers():
    def write(book, sheet):
        for place, row in enumerate(ROWS):
            for column, cell in enumerate(row):
                sheet.cell(200_000 * (place + 1), column + 1, cell)

    ((_, numbers, cells),), _ = read(xlsx(write))
    assert numbers == [*WHOLE[0], 200_000, 400_000, 600_000, 800_000] and cells == WHOLE[1] * 2


@pytest.mark.parametrize("form", ["xlsx", "xls"])
@pytest.mark.parametrize("since_1904", [False, True])
def test_dates_are_right_in_both_calendars_formatted_or_not(form, since_1904):
    """A date cell, the same day as a bare number, and text."""
    day, place = date(2026, 1, 10), TITLES.index("处罚决定日期")
    serial = (day - (date(1904, 1, 1) if since_1904 else date(1899, 12, 30))).days

    def write(book, sheet):
        if form == "xlsx":
            if since_1904:
                book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
            sheet.cell(2, place + 1, day)
            sheet.cell(3, place + 1, serial)
            sheet.cell(4, place + 1, "2026-01-10")
        else:
            sheet._cell_overwrite_ok = True
            sheet.write(1, place, serial, xlwt.easyxf(num_format_str="yyyy-mm-dd"))
            sheet.write(2, place, serial)
            sheet.write(3, place, "2026-01-10")

    data = xlsx(write) if form == "xlsx" else xls(write, since_1904)
    for table in open_tables(
        lambda: io.BytesIO(data), "t", DATASET, lambda row: headers.recognised(KIND, "entity", row, DATASET)
    ):
        columns = matched.of_table(table, KIND, "entity", DATASET)
        (chunk,) = table.chunks
        frame = matched.named(chunk, columns, "subject_name")
        if table.since_1904:
            frame = matched.since_1900(frame, chunk, columns, KIND)
    assert frame["decision_date"].to_list()[:3] == ["2026-01-10", str((day - date(1899, 12, 30)).days), "2026-01-10"]


def test_names_of_columns():
    for index, letters in [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16383, "XFD")]:
        assert workbook.column_letters(index) == letters and workbook.column_index(letters) == index


@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "_rels/.rels", "xl/worksheets/sheet1.xml", "xl/_rels/workbook.xml.rels"]
)
@pytest.mark.parametrize(
    "content", [b"", b"<a", b"<a/>", b"\xff\xfe", b"<?xml version='1.0'?><worksheet hidden='1'></f>"]
)
def test_damaged_parts_are_the_readers_of_cells_to_name(part, content):
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx())) as source, zipfile.ZipFile(target, "w") as copy:
        for member in source.infolist():
            copy.writestr(member.filename, content if member.filename == part else source.read(member))
    try:
        ((_, *rows),), _ = read(target.getvalue())
    except UnreadableFile as error:
        assert error.remedy
    else:
        assert tuple(rows) == WHOLE
