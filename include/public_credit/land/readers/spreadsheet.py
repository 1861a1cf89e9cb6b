"""xlsx and xls: parsed in a limited child process, fed through standard input; no decrypted file on disk."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import polars as pl
import pyarrow as pa

from ...identifiers import persons
from . import workbook, workbook_xls
from .base import (
    KNOWN_HEADERS,
    PREVIEW,
    Chunk,
    Header,
    HeaderScore,
    Note,
    Opener,
    Table,
    UnreadableFile,
    data_above,
    filled,
    find_header,
    refuse_data_above,
)

MAX_FILE = 200 << 20
MAX_UNPACKED = 2 << 30
MAX_RATIO = 300
CHILD_MEMORY = 1 << 30  # of addresses; the receipt's process and this one may take so much of memory together
CHILD_SECONDS = 900
_MANY = 8  # columns of a table whose last ones may be blank throughout a continuation
MARK = "\x1f"  # ends a cell in what the child writes
# Sheets of our template and of our 退回单: rows are read from the first, the others help to fill it in.
FORM_SHEET = "填报"
SLIP_SHEET = "退回记录"
LISTS_SHEET, NOTES_SHEET, EXAMPLE_SHEET = "代码表", "填报说明", "示例"
HELP_SHEETS = frozenset({LISTS_SHEET, NOTES_SHEET, EXAMPLE_SHEET})
_SLIP_COLUMNS = {"行号", "批次"}  # by which a slip is known under whatever name its sheet has now


def check_zip_directory(data: bytes, name: str, max_unpacked: int = MAX_UNPACKED) -> None:
    """Refuse an archive whose directory promises too much, before anything is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, struct.error):
        raise UnreadableFile(f"文件 {name} 已损坏或被截断，无法打开。", remedy="重新导出并完整上传后再报送。") from None
    total = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members) or 1
    if total > max_unpacked or (total > 64 << 20 and total / packed > MAX_RATIO) or len(members) > 10_000:
        raise UnreadableFile(f"文件 {name} 展开后过大，已拒绝打开。", remedy="拆分为较小的文件后报送。")


@dataclass(frozen=True)
class _Told:
    """What the child says of a sheet before its rows."""

    name: str
    visible: str
    first: int
    rows: int


def _batches(data: bytes, name: str, form: str) -> Iterator[tuple[_Told, pl.DataFrame | None]]:
    """Sheets as the child writes them: each alone at first, then with every frame of its rows."""
    environment = {"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"}
    child = subprocess.Popen(  # as a file: none of our packages is imported
        [
            sys.executable,
            str(Path(__file__).with_name("spreadsheet_child.py")),
            form,
            str(CHILD_MEMORY),
            str(CHILD_SECONDS),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    assert child.stdin and child.stdout
    try:
        try:
            child.stdin.write(struct.pack(">Q", len(data)))
            child.stdin.write(data)
            child.stdin.close()
        except BrokenPipeError:
            pass
        try:
            yield from _streams(child.stdout)
        except (EOFError, ValueError, OSError):
            child.kill()
        if child.wait(timeout=CHILD_SECONDS):
            raise UnreadableFile(
                f"文件 {name} 无法作为 {form} 打开（已损坏、加密或过大）。",
                remedy="用 Excel 或 WPS 打开另存后重新报送；不要设置打开密码。",
            )
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
        child.stdout.close()


def _exactly(source: IO[bytes], size: int) -> bytes:
    data = source.read(size)
    if len(data) != size:
        raise EOFError
    return data


def _texts(form: str, data: bytes) -> pl.Series:
    """A column's cells from the child's bytes; marks are taken out for all cells at once."""
    if form == "json":
        return pl.Series(json.loads(data), dtype=pl.String)
    letters = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(letters == ord(MARK))
    offsets = np.zeros(len(ends) + 1, dtype=np.int64)
    offsets[1:] = ends - np.arange(len(ends))
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data.replace(MARK.encode(), b""))]
    column = pl.from_arrow(pa.Array.from_buffers(pa.large_string(), len(ends), buffers))
    assert isinstance(column, pl.Series)  # of an array; of a table it would be a frame
    return column


def _streams(source: IO[bytes]) -> Iterator[tuple[_Told, pl.DataFrame | None]]:
    """As ``_batches``: ``row`` is the number a clerk sees, ``c<i>`` the cells as text, ``n<i>`` which were numbers.

    Raises EOFError when the child stopped in the middle.
    """
    sheet = _Told("", "", 0, 0)
    while line := source.readline():
        told = json.loads(line)
        if "sheet" in told:
            sheet = _Told(told["sheet"], told["visible"], told["first"], told["rows"])
            yield sheet, None
            continue
        first, count = told["first"], told["rows"]
        never = pl.repeat(False, count, eager=True)
        texts, numeric = [], []
        for index, (form, size, flags) in enumerate(told["columns"]):
            texts.append(_texts(form, _exactly(source, size)).alias(f"c{index}"))
            numbers = np.frombuffer(_exactly(source, flags), dtype=bool)
            numeric.append((pl.Series(numbers) if flags else never).alias(f"n{index}"))
        yield (
            sheet,
            pl.DataFrame(
                [pl.int_range(first, first + count, dtype=pl.Int32, eager=True).alias("row"), *texts, *numeric]
            ),
        )


def _cells(frame: pl.DataFrame) -> list[str]:
    return [name for name in frame.columns if name.startswith("c")]


def _rows(frame: pl.DataFrame) -> list[list[str]]:
    return [list(row) for row in frame.select(_cells(frame)).iter_rows()]


def tables(opener: Opener, name: str, form: str, score: HeaderScore, note: Callable[[Note], None]) -> Iterator[Table]:
    """Every sheet that has a header row with known headers; sheets without any are passed over.

    So are the other sheets of our own template, which hold code lists, notes and the example. What is hidden, was never
    calculated or looks like rows without their header is noted.
    """
    with opener() as source:
        data = source.read(MAX_FILE + 1)
    if not data:
        raise UnreadableFile(
            f"文件 {name} 是空文件（0 字节）。", remedy="重新导出后报送；本期无数据的，请报送只有表头的文件作为零报送。"
        )
    if len(data) > MAX_FILE:
        raise UnreadableFile(f"文件 {name} 超过 200 MB。", remedy="拆分为较小的文件后报送。")
    if form == "xlsx":
        check_zip_directory(data, name)
        book = workbook.look(data)
    else:
        book = workbook_xls.look(data, name)
    stream = _Sheets(_batches(book.data, name, form))
    del data
    book.data = b""
    read, from_template = _Read(name, score, book, note), False
    for sheet in stream:
        from_template = from_template or sheet.told.name in (FORM_SHEET, SLIP_SHEET)
        if sheet.told.visible == "veryhidden":
            read.note_very_hidden(sheet.told)
        elif not (from_template and sheet.told.name in HELP_SHEETS):
            for table in read.sheet(sheet):
                from_template = from_template or set(table.headers) >= _SLIP_COLUMNS
                yield table
        sheet.drain()
    read.finish()


class _Read:
    """Sheets of one workbook on their way to tables, and what is to be said of them."""

    def __init__(self, name: str, score: HeaderScore, book: workbook.Workbook, note: Callable[[Note], None]):
        self._name, self._score, self._book, self._note = name, score, book, note
        self._rows, self._width = 0, 0  # rows read; columns of the last table
        self._passed = self._unseen = ""  # the first sheet nobody understands, the first that is very hidden

    def sheet(self, sheet: _Sheet) -> Iterator[Table]:
        """The table of a sheet, if it has a known header. Raises UnreadableFile for a header below records."""
        first = sheet.peek()
        if first is None:
            return
        preview = _rows(first.head(PREVIEW))
        header = find_header(preview, self._score)
        shown, said = persons.mask(sheet.told.name), self._book.sheets.get(sheet.told.name, workbook.Sheet())
        if self._score(header.titles) < KNOWN_HEADERS:
            self._pass_over(sheet.told, preview, shown)
            return
        numbers = self._numbers(first["row"], said)
        above = data_above(preview, header, self._score)
        if above is not None:
            raise refuse_data_above(f"{self._name} 中的 {shown}", numbers[above])
        titles = list(header.titles)
        while titles and not titles[-1].strip():
            titles.pop()
        self._width = len(titles)
        lost = [place for place in said.uncalculated if place[0] > numbers[header.last] and place[1] < len(titles)]
        if lost:
            cell = f"{workbook.column_letters(lost[0][1])}{lost[0][0]}"
            self._say(
                "uncalculated_formula",
                shown,
                f"工作表“{shown}”有 {len(lost)} 个单元格是没有计算结果的公式（如 {cell}），读为空白；用 Excel 或 WPS 打开、保存后重新报送",
                len({row for row, _ in lost}),
                True,
            )
        chunks = self._counted(_sheet_chunks(sheet, header, len(titles)), sheet.told, said)
        yield Table(sheet.told.name, titles, chunks, spreadsheet=True, since_1904=self._book.since_1904)

    def finish(self) -> None:
        """Raises UnreadableFile when no sheet had a header, or one with content had none and the others no row."""
        if self._passed and self._width and not self._rows:
            raise UnreadableFile(
                f"文件 {self._name} 的工作表 {self._passed} 有内容而没有表头，其他工作表没有数据行，不能作为零报送。",
                remedy="给该工作表补上表头；本期无数据的，只保留有表头的工作表。",
            )
        if self._unseen and self._width and not self._rows:
            raise UnreadableFile(
                f"文件 {self._name} 的工作表 {self._unseen} 被深度隐藏而有内容，其他工作表没有数据行，不能作为零报送。",
                remedy="取消隐藏后重新报送；本期无数据的，删除该工作表。",
            )
        if not self._width:
            raise UnreadableFile(f"文件 {self._name} 中没有找到表头。", remedy="按填报模板保留表头行后重新报送。")

    def note_very_hidden(self, told: _Told) -> None:
        """Say that rows were left unread which nobody sees in a spreadsheet program."""
        shown = persons.mask(told.name)
        self._unseen = self._unseen or shown
        last = told.first + told.rows - 1
        self._say(
            "very_hidden_sheet",
            shown,
            f"工作表“{shown}”被深度隐藏，其中第 {told.first} 至 {last} 行未读入，请删除该表或取消隐藏后重新报送",
            told.rows,
        )

    def _say(self, code: str, shown: str, message: str, rows: int, holds: bool = False) -> None:
        self._note(Note(code, shown[:200], message, rows, holds))

    def _pass_over(self, told: _Told, preview: list[list[str]], shown: str) -> None:
        """Remember a sheet without a header; one that is as wide as the table before it is its continuation."""
        if sum(sum(bool(cell.strip()) for cell in row) >= 4 for row in preview) > 1:
            self._passed = self._passed or shown
        used = max((place for row in preview for place, cell in enumerate(row, 1) if cell.strip()), default=0)
        least = self._width if self._width < _MANY else self._width * 3 // 4
        if 0 < least <= used <= self._width:
            self._say(
                "sheet_without_header",
                shown,
                f"工作表“{shown}”没有表头，列数与前一张表相同，像是它的续表，其中 {told.rows} 行未读入；请补上表头后重新报送",
                told.rows,
                True,
            )

    def _numbers(self, rows: pl.Series, said: workbook.Sheet) -> pl.Series:
        """The numbers a clerk sees of rows as they were read."""
        return rows if said.numbers is None else pl.Series(said.numbers, dtype=pl.Int32).gather(rows - 1)

    def _counted(self, chunks: Iterator[Chunk], told: _Told, said: workbook.Sheet) -> Iterator[Chunk]:
        shown, rows, hidden = persons.mask(told.name), 0, list[int]()
        for chunk in chunks:
            chunk.source_row = self._numbers(chunk.source_row, said)
            rows += chunk.frame.height
            hidden += sorted(said.hidden.intersection(chunk.source_row.to_list())) if said.hidden else []
            yield chunk
        self._rows += rows
        if rows and told.visible == "hidden":
            self._say(
                "hidden_sheet", shown, f"工作表“{shown}”是隐藏的，其中 {rows} 行已读入，请核对是否应当报送", rows, True
            )
        if hidden:
            listed = "、".join(map(str, hidden[:5])) + (" 等" if len(hidden) > 5 else "")
            self._say(
                "hidden_rows",
                shown,
                f"工作表“{shown}”有 {len(hidden)} 行是隐藏的（第 {listed} 行），已照常读入，请核对是否应当报送",
                len(hidden),
            )


class _Sheet:
    """Batches of one sheet."""

    def __init__(self, told: _Told, owner: _Sheets):
        self.told, self._owner = told, owner
        self._first: pl.DataFrame | None = None

    def peek(self) -> pl.DataFrame | None:
        self._first = self._owner.more()
        return self._first

    def __iter__(self) -> Iterator[pl.DataFrame]:
        if self._first is not None:
            first, self._first = self._first, None
            yield first
        while (frame := self._owner.more()) is not None:
            yield frame

    def drain(self) -> None:
        for _ in self:
            pass


class _Sheets:
    """The child's batches, grouped by sheet."""

    def __init__(self, batches: Iterator[tuple[_Told, pl.DataFrame | None]]):
        self._batches = batches
        self._waiting: tuple[_Told, pl.DataFrame | None] | None = None

    def _ahead(self) -> tuple[_Told, pl.DataFrame | None] | None:
        self._waiting = self._waiting or next(self._batches, None)
        return self._waiting

    def __iter__(self) -> Iterator[_Sheet]:
        while (item := self._ahead()) is not None:
            self._waiting = None
            yield _Sheet(item[0], self)

    def more(self) -> pl.DataFrame | None:
        """The next rows of the sheet that was given last."""
        item = self._ahead()
        if item is None or item[1] is None:
            return None
        self._waiting = None
        return item[1]


def _sheet_chunks(sheet: _Sheet, header: Header, width: int) -> Iterator[Chunk]:
    """Rows below the header; blank rows are passed over but keep counting."""
    skip = header.last + 1
    for frame in sheet:
        rows = frame.slice(skip)
        skip = 0
        if not rows.height:
            continue
        names = _cells(rows)
        some = filled(rows.select(names[:width]))
        beyond = pl.repeat(False, rows.height, eager=True)
        if names[width:]:
            beyond = rows.select(pl.any_horizontal(pl.col(names[width:]) != "")).to_series()
        keep = some | beyond
        if not keep.any():
            continue
        rows, beyond = (rows, beyond) if keep.all() else (rows.filter(keep), beyond.filter(keep))
        wide = rows.select(names[:width]).with_columns(
            pl.lit("").alias(f"c{index}") for index in range(len(names), width)
        )
        numeric = {index: rows[f"n{index}"] for index in range(min(width, len(names))) if rows[f"n{index}"].any()}
        yield Chunk(wide, rows["row"], numeric, beyond if beyond.any() else None)
