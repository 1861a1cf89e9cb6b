"""xlsx and xls: parsed in a limited child process, fed through standard input; no decrypted file on disk."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
import polars as pl
import pyarrow as pa

from ...identifiers import persons
from .base import (
    KNOWN_HEADERS,
    Chunk,
    HeaderScore,
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
CHILD_MEMORY = 4 << 30
CHILD_SECONDS = 900
MARK = "\x1f"  # ends a cell in what the child writes
# Sheets of our template: rows are read from the first, the others help to fill it in.
FORM_SHEET = "填报"
LISTS_SHEET, NOTES_SHEET, EXAMPLE_SHEET = "代码表", "填报说明", "示例"
HELP_SHEETS = frozenset({LISTS_SHEET, NOTES_SHEET, EXAMPLE_SHEET})


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


def _batches(data: bytes, name: str, form: str) -> Iterator[tuple[str, pl.DataFrame]]:
    """(Sheet name, frame) as the child writes them, sheet by sheet."""
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


def _streams(source: IO[bytes]) -> Iterator[tuple[str, pl.DataFrame]]:
    """(Sheet name, frame) of every batch: ``row`` is the number a clerk sees, ``c<i>`` the cells as text, ``n<i>`` which were numbers.

    Raises EOFError when the child stopped in the middle.
    """
    name = ""
    while line := source.readline():
        told = json.loads(line)
        if "sheet" in told:
            name = told["sheet"]
            continue
        first, count = told["first"], told["rows"]
        never = pl.repeat(False, count, eager=True)
        texts, numeric = [], []
        for index, (form, size, flags) in enumerate(told["columns"]):
            texts.append(_texts(form, _exactly(source, size)).alias(f"c{index}"))
            numbers = np.frombuffer(_exactly(source, flags), dtype=bool)
            numeric.append((pl.Series(numbers) if flags else never).alias(f"n{index}"))
        yield (
            name,
            pl.DataFrame(
                [pl.int_range(first, first + count, dtype=pl.Int32, eager=True).alias("row"), *texts, *numeric]
            ),
        )


def _cells(frame: pl.DataFrame) -> list[str]:
    return [name for name in frame.columns if name.startswith("c")]


def _rows(frame: pl.DataFrame) -> list[list[str]]:
    return [list(row) for row in frame.select(_cells(frame)).iter_rows()]


def tables(opener: Opener, name: str, form: str, score: HeaderScore) -> Iterator[Table]:
    """Every sheet that has a header row with known headers; sheets without any are passed over.

    So are the other sheets of our own template, which hold code lists, notes and the example.
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
    stream = _Sheets(_batches(data, name, form))
    del data
    found = from_template = False
    rows, passed = 0, ""  # what was read; the first sheet with a table nobody understands

    def counted(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        nonlocal rows
        for chunk in chunks:
            rows += chunk.frame.height
            yield chunk

    for sheet in stream:
        from_template = from_template or sheet.name == FORM_SHEET
        first = sheet.peek()
        if first is None:
            continue
        if from_template and sheet.name in HELP_SHEETS:
            sheet.drain()
            continue
        preview = _rows(first.head(15))
        where = find_header(preview, score)
        if score(preview[where]) < KNOWN_HEADERS:
            if sum(sum(bool(cell.strip()) for cell in row) >= 4 for row in preview) > 1:
                passed = passed or sheet.name
            sheet.drain()
            continue
        above = data_above(preview, where, score)
        if above is not None:
            raise refuse_data_above(f"{name} 中的 {persons.mask(sheet.name)}", first["row"][above])
        found = True
        headers = list(preview[where])
        while headers and not headers[-1].strip():
            headers.pop()
        yield Table(sheet.name, headers, counted(_sheet_chunks(sheet, where, len(headers))), spreadsheet=True)
        sheet.drain()
    if found and passed and not rows:
        raise UnreadableFile(
            f"文件 {name} 的工作表 {persons.mask(passed)} 有内容而没有表头，其他工作表没有数据行，不能作为零报送。",
            remedy="给该工作表补上表头；本期无数据的，只保留有表头的工作表。",
        )
    if not found:
        raise UnreadableFile(f"文件 {name} 中没有找到表头。", remedy="按填报模板保留表头行后重新报送。")


class _Sheet:
    """Batches of one sheet."""

    def __init__(self, name: str, first: pl.DataFrame, owner: _Sheets):
        self.name, self._first, self._owner = name, first, owner

    def peek(self) -> pl.DataFrame | None:
        return self._first if self._first.height else None

    def __iter__(self) -> Iterator[pl.DataFrame]:
        if self._first.height:
            yield self._first
            self._first = self._first.clear()
        yield from self._owner.more(self.name)

    def drain(self) -> None:
        for _ in self:
            pass


class _Sheets:
    """The child's batches, grouped by sheet."""

    def __init__(self, batches: Iterator[tuple[str, pl.DataFrame]]):
        self._batches = batches
        self._waiting: tuple[str, pl.DataFrame] | None = None

    def _next(self) -> tuple[str, pl.DataFrame] | None:
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            return waiting
        return next(self._batches, None)

    def __iter__(self) -> Iterator[_Sheet]:
        while (item := self._next()) is not None:
            yield _Sheet(item[0], item[1], self)

    def more(self, name: str) -> Iterator[pl.DataFrame]:
        while (item := self._next()) is not None:
            if item[0] != name:
                self._waiting = item
                return
            yield item[1]


def _sheet_chunks(sheet: _Sheet, header_index: int, width: int) -> Iterator[Chunk]:
    """Rows below the header; blank rows are passed over but keep counting."""
    skip = header_index + 1
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
