"""What every reader yields: tables of text in chunks, with the row numbers a clerk sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BufferedIOBase

import polars as pl

from ...base.messages import UserError

CHUNK_ROWS = 50_000
KNOWN_HEADERS = 2  # so many headers of a row must be fields of the kind, else it is no header of ours
Opener = Callable[[], BufferedIOBase]
HeaderScore = Callable[[list[str]], int]


class UnreadableFile(UserError):
    """The file as a whole cannot be read; nothing of it is landed."""


@dataclass
class Chunk:
    """Rows of a table: text columns ``c0…cn`` ('' for blank), the number a clerk sees, cells that were numbers.

    ``plain``: the reader has looked at every byte and none is a control character but tab and line ends.
    """

    frame: pl.DataFrame
    source_row: pl.Series
    numeric: dict[int, pl.Series] = field(default_factory=dict)
    ragged: pl.Series | None = None
    plain: bool = False


@dataclass
class Table:
    """One table of a receipt. ``spreadsheet``: dates may be serial numbers, numbers may have lost digits."""

    sheet: str | None
    headers: list[str]
    chunks: Iterator[Chunk]
    spreadsheet: bool = False


def column_names(count: int) -> list[str]:
    """Names of a chunk's columns: c0, c1, …"""
    return [f"c{index}" for index in range(count)]


def find_header(rows: list[list[str]], score: HeaderScore) -> int:
    """Index of the header row among the first rows: the one with most known headers (title rows may stand above)."""
    best, where = -1, 0
    for index, row in enumerate(rows[:15]):
        value = score(row)
        if value > best:
            best, where = value, index
    return where


def data_above(rows: list[list[str]], where: int, score: HeaderScore) -> int | None:
    """Index of the first row above the header that is filled like a record (a sheet sorted together with its header), if any."""
    wide = sum(bool(cell.strip()) for cell in rows[where])
    return next(
        (
            index
            for index, row in enumerate(rows[:where])
            if (filled := sum(bool(cell.strip()) for cell in row)) >= 4
            and filled * 10 >= wide * 6
            and score(row) < KNOWN_HEADERS
        ),
        None,
    )


def refuse_data_above(name: str, number: int) -> UnreadableFile:
    """What is said of a header that stands below records."""
    return UnreadableFile(
        f"文件 {name} 的表头上方第 {number} 行像是数据，表头不在数据之上（排序时是否把表头也排了进去？）。",
        remedy="把表头移到第一行后重新报送。",
    )


def filled(rows: pl.DataFrame) -> pl.Series:
    """Rows with something in them: a column or two tell nearly all of them."""
    found = pl.repeat(False, rows.height, eager=True)
    for column in rows.iter_columns():
        if found.all():
            break
        found = found | (column.str.strip_chars() != "")
    return found
