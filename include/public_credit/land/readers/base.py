"""What every reader yields: tables of text in chunks, with the row numbers a clerk sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BufferedIOBase

import polars as pl

from ...base.messages import UserError

CHUNK_ROWS = 50_000
KNOWN_HEADERS = 2  # so many headers of a row must be fields of the kind, else it is no header of ours
_FORM_WIDE = 6  # columns of a form whose numbers in a row are no coincidence
_TO_FILL = frozenset({"必填", "选填", "非必填", "必填项", "选填项", "条件必填"})
PREVIEW = 15  # the header is looked for in so many rows
Opener = Callable[[], BufferedIOBase]
HeaderScore = Callable[[list[str]], int]


class UnreadableFile(UserError):
    """The file as a whole cannot be read; nothing of it is landed."""


@dataclass(frozen=True)
class Note:
    """What a reader has to say of a file that it read: ``subject`` is what it is about, ``rows`` how many rows.

    ``holds``: somebody must look before the rows go on, something of the file may be missing or not meant.
    """

    code: str
    subject: str
    message: str
    rows: int = 0
    holds: bool = False


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
    """One table of a receipt. ``spreadsheet``: dates may be serial numbers, numbers may have lost digits.

    ``since_1904``: its serial numbers count from 1904. ``nothing``: no table, but the agreed form of a statement that there
    is nothing to report.
    """

    sheet: str | None
    headers: list[str]
    chunks: Iterator[Chunk]
    spreadsheet: bool = False
    since_1904: bool = False
    nothing: bool = False


def nothing_to_report() -> Table:
    """The agreed form without a record: it needs no header to say so."""
    return Table(None, [], iter(()), nothing=True)


def column_names(count: int) -> list[str]:
    """Names of a chunk's columns: c0, c1, …"""
    return [f"c{index}" for index in range(count)]


@dataclass(frozen=True)
class Header:
    """The header among the first rows of a table: its titles, and the indexes of the rows it takes up."""

    titles: list[str]
    first: int
    last: int


def find_header(rows: list[list[str]], score: HeaderScore) -> Header:
    """The row with most known headers (title rows may stand above), or two or three rows that know more when they are joined.

    Rows are one header where a title of the first is merged over several of the next. Rows that say the titles once more, in
    codes, or number the columns belong to it, too. Needs a row.
    """
    found = _titles(rows, score)
    last = found.last
    while score(found.titles) >= KNOWN_HEADERS and last + 1 < len(rows[:PREVIEW]) and _belongs(rows[last + 1], score):
        last += 1
    return Header(found.titles, found.first, last)


def _belongs(row: list[str], score: HeaderScore) -> bool:
    """Whether a row below the titles is no record: known titles again, numbers of the columns, what must be filled."""
    filled = [text for cell in row if (text := cell.strip())]
    if score(row) >= KNOWN_HEADERS and score(row) * 5 >= len(filled) * 4:
        return True
    return len(filled) >= _FORM_WIDE and (
        filled == [str(number) for number in range(1, len(filled) + 1)] or _TO_FILL.issuperset(filled)
    )


def _titles(rows: list[list[str]], score: HeaderScore) -> Header:
    scores = [score(row) for row in rows[:PREVIEW]]
    most = max(scores)
    best = scores.index(most)
    found = Header(rows[best], best, best)
    if most < KNOWN_HEADERS or most == sum(bool(cell.strip()) for cell in rows[best]):
        return found
    for first, last in ((best - 1, best), (best, best + 1), (best - 2, best), (best - 1, best + 1), (best, best + 2)):
        if first < 0 or last >= len(scores):
            continue
        for titles in _joined(rows[first : last + 1]):
            if (value := score(titles)) > most:
                most, found = value, Header(titles, first, last)
    return found


def _joined(rows: list[list[str]]) -> Iterator[list[str]]:
    """Rows as one: a column's title is that of the lower row, alone or behind the title merged over it."""
    if len(rows) == 1:
        yield rows[0]
        return
    for above in _joined(rows[:-1]):
        yield from _two_joined(above, rows[-1])


def _two_joined(above: list[str], below: list[str]) -> tuple[list[str], list[str]]:
    width = max(len(above), len(below))
    above, below = above + [""] * (width - len(above)), below + [""] * (width - len(below))
    over, group = [], ""
    for cell in above:
        group = cell.strip() or group
        over.append(group)
    alone = [low if low.strip() else high for high, low in zip(above, below, strict=True)]
    behind = [
        f"{group}{low.strip()}" if low.strip() else high for group, high, low in zip(over, above, below, strict=True)
    ]
    return behind, alone


def data_above(rows: list[list[str]], header: Header, score: HeaderScore) -> int | None:
    """Index of the first row above the header that is filled like a record (a sheet sorted together with its header), if any."""
    wide = sum(bool(cell.strip()) for cell in header.titles)
    return next(
        (
            index
            for index, row in enumerate(rows[: header.first])
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
