"""Records of a CSV text, piece by piece: regular ones by Arrow's reader, all others by Python's csv module.

What both give is what the csv module alone would give for the whole text. A record that opens a quote and does not end
is the one thing that grows without bound, so none may be longer than ``RECORD``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.csv

from .base import Chunk, UnreadableFile, column_names, filled
from .text import SPARE, Pieces, damaged, is_utf8

PIECE = 12 << 20
RECORD = 16 << 20  # bytes of the longest record
WIDE = 6  # columns of a table whose whole line inside a cell is no coincidence
_PART = 1 << 20  # what is looked at at once: it stays in the processor's cache
# Blanks and control characters: a DOS program ends a file with one (U+001A).
_NOTHING = "".join(char for char in map(chr, range(0x3001)) if char.isspace() or char < " " or char == "\x7f")
_LF, _QUOTE = ord("\n"), ord('"')


def open_quote(name: str, line: int) -> UnreadableFile:
    """What is said of a cell that does not end."""
    return UnreadableFile(
        f"文件 {name} 第 {line} 行起的一个单元格没有结束，引号没有配对，或文件被截断。",
        remedy="改正该行的引号，或用 Excel、WPS 重新另存为 CSV，完整上传后再报送。",
    )


def last_line_end(text: bytes | bytearray) -> int:
    """Place behind the last line end, 0 without any; a carriage return at the very end may be half of one."""
    return max(text.rfind(b"\n"), text.rfind(b"\r", 0, max(len(text) - 1, 0))) + 1


@dataclass(frozen=True)
class _Read:
    """Records at the beginning of a text: the bytes they take, their cells, and the lines they take and begin in (from 0)."""

    taken: int
    lines: int
    chunk: Chunk | None = None


class Records:
    """The records of a file below its header, as chunks of ``width`` columns.

    ``head``: what was read of the file behind the header already; ``line``: the number of its first line.
    """

    def __init__(self, pieces: Pieces, name: str, delimiter: str, width: int, head: bytes, line: int):
        self._pieces, self._name, self._delimiter, self._width = pieces, name, delimiter, width
        self._line = line
        # One room for all pieces, of which ``_used`` bytes are in use: whatever is made of a piece is a copy.
        self._room, self._used = bytearray(max(RECORD, len(head)) + SPARE), len(head)
        self._room[: len(head)] = head

    def chunks(self) -> Iterator[Chunk]:
        """Rows with something in them, in order. Raises UnreadableFile."""
        while True:
            self._used += self._pieces.into(self._room, self._used, min(PIECE, RECORD - self._used))
            read = self._regular() or self._carefully()
            self._used, self._line = self._used - read.taken, self._line + read.lines
            self._room[: self._used] = self._room[read.taken : read.taken + self._used]
            if self._used >= RECORD:
                raise UnreadableFile(
                    f"文件 {self._name} 第 {self._line} 行起的一条记录超过 16 MB，多半是引号没有配对。",
                    remedy="改正该行的引号，或用 Excel、WPS 重新另存为 CSV 后报送。",
                )
            if read.chunk is not None and read.chunk.frame.height:
                yield read.chunk
            if self._pieces.last:
                return

    def _regular(self) -> _Read | None:
        """Complete records with the right number of cells each; None where there is anything else.

        A quote is taken to open or close a cell here, so a line feed behind an even number of them ends a record. Arrow,
        which reads quotes as the csv module does, must find the same number of records, and the last one closed.
        """
        text, length = self._room, self._used
        if self._pieces.last and not text.endswith((b"\n", b"\r"), 0, length):
            text[length] = _LF
            length += 1
        letters = np.frombuffer(text, dtype=np.uint8, count=length)
        feeds, quotes = _line_feeds_and_quotes(letters)
        ends = np.flatnonzero(np.searchsorted(quotes, feeds) % 2 == 0) if len(quotes) else np.arange(len(feeds))
        taken = int(feeds[ends[-1]]) + 1 if len(ends) else 0
        if taken == 0 or (self._pieces.last and taken < length) or _odd(text, length, taken):
            return None
        buffer = pa.py_buffer(text).slice(0, taken)
        if not is_utf8(buffer):
            raise damaged(self._name)
        names = column_names(self._width)
        try:
            cells = pyarrow.csv.read_csv(
                pa.BufferReader(buffer),
                pyarrow.csv.ReadOptions(column_names=names, use_threads=False, block_size=taken + 1),
                pyarrow.csv.ParseOptions(delimiter=self._delimiter, newlines_in_values=True, ignore_empty_lines=False),
                pyarrow.csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False, check_utf8=False
                ),
            )
        except pa.ArrowInvalid:  # a record with another number of cells
            return None
        frame = pl.from_arrow(cells)
        assert isinstance(frame, pl.DataFrame)  # of a table
        if frame.height != len(ends) or frame.item(-1, -1).endswith("\n"):
            return None
        if len(ends) < len(feeds) and not _same_lines(frame, np.diff(ends, prepend=-1)):
            return None
        lines = pl.Series((np.concatenate([[0], ends[:-1] + 1]) + self._line).astype(np.int32))
        if not (keep := filled(frame)).all():
            frame, lines = frame.filter(keep), lines.filter(keep)
        plain = _plain(text, letters[:taken])
        return _Read(min(taken, self._used), int(ends[-1]) + 1, Chunk(frame, lines, plain=plain))

    def _carefully(self) -> _Read:
        """Complete records of any text by the csv module; of the last text all of them must be complete."""
        last, end, closed = self._pieces.last, 0, True
        whole = self._room[: self._used]
        if not last:
            del whole[last_line_end(whole) :]

        def lines() -> Iterator[str]:
            nonlocal end, closed
            for line in io.StringIO(str(whole, "utf-8"), newline=""):
                end += len(line.encode())
                yield line.replace("\x00", "")
            closed = False  # asked for a line more, the reader is inside a cell

        reader = csv.reader(lines(), delimiter=self._delimiter)
        rows: list[list[str]] = []
        begins, ragged, taken, count, short = list[int](), list[bool](), 0, 0, False
        try:
            for cells in reader:
                if not closed:
                    break
                if something := any(cell.strip(_NOTHING) for cell in cells):
                    rows.append((cells + [""] * self._width)[: self._width])
                    begins.append(self._line + count)
                    ragged.append(len(cells) != self._width)
                short = something and ragged[-1]
                if short and self._swallowed(cells):
                    raise open_quote(self._name, begins[-1])
                taken, count = end, reader.line_num
        except UnicodeDecodeError:
            raise damaged(self._name) from None
        except csv.Error:  # longer than the module takes
            raise open_quote(self._name, self._line + count) from None
        if last and taken < len(whole):
            raise open_quote(self._name, self._line + count)
        if last and short and not whole.endswith((b"\n", b"\r")):
            raise UnreadableFile(
                f"文件 {self._name} 最后一行不完整，可能被截断。", remedy="重新导出并完整上传后再报送。"
            )
        if not rows:
            return _Read(taken, count)
        frame = pl.DataFrame(rows, schema=dict.fromkeys(column_names(self._width), pl.String), orient="row")
        numbers = pl.Series(begins, dtype=pl.Int32)
        return _Read(taken, count, Chunk(frame, numbers, ragged=pl.Series(ragged) if any(ragged) else None))

    def _swallowed(self, cells: list[str]) -> bool:
        """Whether a cell holds a line with as many delimiters as a record: a quote opened it that was meant as a letter."""
        return self._width >= WIDE and any(
            line.count(self._delimiter) >= self._width - 1
            for cell in cells
            if "\n" in cell or "\r" in cell
            for line in cell.splitlines()
        )


def _line_feeds_and_quotes(letters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where line feeds and where quotes stand."""
    places = [np.empty(0, dtype=np.int64)]
    for begin in range(0, len(letters), _PART):
        part = letters[begin : begin + _PART]
        places.append(np.flatnonzero((part == _LF) | (part == _QUOTE)) + begin)
    found = np.concatenate(places)
    fed = letters.take(found) == _LF
    return found[fed], found[~fed]


def _same_lines(frame: pl.DataFrame, lines: np.ndarray) -> bool:
    """Whether every record takes as many lines as counting quotes says: two that are cut elsewhere may be as many."""
    feeds = frame.select(pl.sum_horizontal(pl.all().str.count_matches("\n", literal=True))).to_series()
    return bool((feeds.to_numpy() + 1 == lines).all())


def _plain(text: bytearray, letters: np.ndarray) -> bool:
    """Whether there is no control character but tab and line ends in the part of ``text`` that ``letters`` shows."""
    controls = np.count_nonzero(letters < 32) + text.count(b"\x7f", 0, len(letters))
    return bool(controls == sum(text.count(known, 0, len(letters)) for known in (b"\t", b"\n", b"\r")))


def _odd(text: bytearray, length: int, end: int) -> bool:
    """Whether there is a NUL in ``length`` bytes, or a carriage return that stands alone before ``end``."""
    if text.find(b"\x00", 0, length) >= 0:
        return True
    return text.find(b"\r", 0, end) >= 0 and text.count(b"\r", 0, end) != text.count(b"\r\n", 0, end)
