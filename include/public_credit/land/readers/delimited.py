"""CSV in UTF-8 (with or without BOM) or GB18030: streamed in blocks, strict about the number of cells."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from io import BufferedIOBase
from itertools import islice
from typing import cast

import numpy as np
import polars as pl
import pyarrow as pa

from ...kernels import csv_fields
from ...kernels.views import series_of
from .base import (
    KNOWN_HEADERS,
    Chunk,
    HeaderScore,
    Opener,
    Table,
    UnreadableFile,
    column_names,
    data_above,
    find_header,
    refuse_data_above,
)

BLOCK = 12 << 20
_PROBE = 1 << 20
_HEAD = 1 << 16
_DELIMITERS = ",\t;|"
_HOLE = b"\x00" * 8  # room that was set aside and never written; single NUL are taken out
_ODD_LINE_ENDS = "\x0b\x0c\x85\u2028\u2029"


def _encoding(first: bytes, complete: bool, declared: str, name: str) -> str:
    """utf-8-sig, utf-8 or gb18030; strict: bytes that fit none of them make the file unreadable.

    UTF-8 that ends inside a character stays UTF-8 and is refused as such: read as GB18030 it would be other text.
    """
    if first.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    for encoding in ("gb18030", "utf-8") if declared == "gb18030" else ("utf-8", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)("strict")
        try:
            begun = decoder.decode(first)
            if encoding != "utf-8" or begun.isascii():
                decoder.decode(b"", complete)
        except UnicodeDecodeError:
            continue
        return encoding
    raise UnreadableFile(
        f"文件 {name} 的编码既不是 UTF-8 也不是 GB18030。", remedy="另存为“CSV UTF-8（逗号分隔）”后重新报送。"
    )


class _Records:
    """The text of a file as valid UTF-8 bytes, block by block; who reads says how much of a block he took.

    A block lies in one of two buffers, with ``csv_fields.PADDING`` bytes behind it: it is good until the next but one.
    """

    def __init__(self, source: BufferedIOBase, declared: str, name: str):
        self._source, self.name = source, name
        first = source.read(_PROBE)
        self.empty = not first
        encoding = _encoding(first, len(first) < _PROBE, declared, name)
        self._decoder = None if encoding.startswith("utf-8") else codecs.getincrementaldecoder(encoding)("strict")
        self._first = first.removeprefix(codecs.BOM_UTF8) if encoding == "utf-8-sig" else first
        self._buffers, self._rest = [bytearray(), bytearray()], memoryview(b"")
        self.last = False

    def damaged(self) -> UnreadableFile:
        return UnreadableFile(
            f"文件 {self.name} 中有无法识别的字符（编码不一致或文件被截断）。", remedy="重新导出并完整上传后再报送。"
        )

    def truncated(self, where: str) -> UnreadableFile:
        return UnreadableFile(f"文件 {self.name} {where}，可能被截断。", remedy="重新导出并完整上传后再报送。")

    def hollow(self) -> UnreadableFile:
        return UnreadableFile(
            f"文件 {self.name} 中有成段的空字节，上传中断或文件已损坏。", remedy="重新导出并完整上传后再报送。"
        )

    def open_quote(self, line: int) -> UnreadableFile:
        return UnreadableFile(
            f"文件 {self.name} 第 {line} 行起的一个单元格没有结束，引号没有配对。",
            remedy="改正该行的引号，或用 Excel、WPS 重新另存为 CSV 后报送。",
        )

    def take(self, count: int) -> None:
        """So many bytes of the block are read."""
        self._rest = self._rest[count:]

    def block(self) -> memoryview:
        """What was not taken yet, and what follows; ``last`` tells whether the file ends with it."""
        rest = self._rest
        room = (
            len(rest) + max(BLOCK, 2 * len(self._first)) + csv_fields.PADDING
        )  # UTF-8 takes at most twice that of GB18030
        self._buffers.reverse()
        if len(self._buffers[0]) < room:
            self._buffers[0] = bytearray(room)
        buffer = self._buffers[0]
        buffer[: len(rest)] = rest
        self._rest = memoryview(buffer)[: self._append(buffer, len(rest))]
        return self._rest

    def _append(self, buffer: bytearray, used: int) -> int:
        """Add what comes next from the source; where it ends."""
        if self._decoder is not None:
            return self._append_decoded(buffer, used, self._decoder)
        end, limit = used + len(self._first), BLOCK if used < BLOCK else used + BLOCK
        buffer[used:end], self._first = self._first, b""
        while end < limit and not self.last:
            count = self._source.readinto(memoryview(buffer)[end:limit])
            end += count
            self.last = not count
        if buffer.find(_HOLE, used, end) >= 0:
            raise self.hollow()
        return end

    def _append_decoded(self, buffer: bytearray, used: int, decoder: codecs.IncrementalDecoder) -> int:
        text = ""
        while not text and not self.last:  # a part of a character alone gives no text yet
            data, self._first = self._first or self._source.read(BLOCK // 2), b""
            self.last = not data
            if _HOLE in data:
                raise self.hollow()
            try:
                text = decoder.decode(data, self.last)
            except UnicodeDecodeError:
                raise self.damaged() from None
        encoded = text.encode()
        buffer[used : used + len(encoded)] = encoded
        return used + len(encoded)


def _line_ends(text: bytes) -> Iterator[int]:
    """Where the lines of a text end, the last first; a carriage return at the very end may be half a line end."""
    feed, carriage = text.rfind(b"\n"), text.rfind(b"\r", 0, max(len(text) - 1, 0))
    while max(feed, carriage) >= 0:
        if feed > carriage:
            yield feed + 1
            feed = text.rfind(b"\n", 0, feed)
        else:
            if text[carriage + 1] != ord("\n"):
                yield carriage + 1
            carriage = text.rfind(b"\r", 0, carriage)


def _boundary(text: bytes) -> int:
    """End of the last complete record: a line end outside quotes."""
    quotes, behind = 0, 0
    for cut in _line_ends(text):
        quotes = quotes - text.count(b'"', cut, behind) if behind else text.count(b'"', 0, cut)
        if quotes % 2 == 0:
            return cut
        behind = cut
    return 0


@dataclass
class _Record:
    """A record at the beginning of a file, the bytes up to its end, and the number of the line behind it."""

    cells: list[str]
    end: int
    line: int


def _first_records(text: str, delimiter: str) -> list[_Record]:
    end = 0

    def lines() -> Iterator[str]:
        nonlocal end
        for line in io.StringIO(text, newline=""):
            end += len(line.encode())
            yield line

    reader = csv.reader(lines(), delimiter=delimiter)
    return [
        _Record([cell.replace("\x00", "") for cell in cells], end, reader.line_num + 1) for cells in islice(reader, 15)
    ]


def _by_line(text: bytes, delimiter: str, width: int, line: int) -> tuple[Chunk | None, int]:
    """Careful reading of whole records: (rows, next line); blank lines are passed over.

    Raises UnicodeDecodeError, and csv.Error with the line of a cell that is longer than the csv module takes.
    """
    reader = csv.reader(io.StringIO(str(text.replace(b"\x00", b""), "utf-8"), newline=""), delimiter=delimiter)
    rows, numbers, ragged, before = [], [], [], 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error:
            raise csv.Error(line + before) from None
        number, before = line + before, reader.line_num
        if not any(cell.strip() for cell in cells):
            continue
        rows.append((cells + [""] * width)[:width])
        numbers.append(number)
        ragged.append(len(cells) != width)
    if not rows:
        return None, line + before
    frame = pl.DataFrame(rows, schema=dict.fromkeys(column_names(width), pl.String), orient="row")
    return Chunk(
        frame, pl.Series(numbers, dtype=pl.Int32), ragged=pl.Series(ragged) if any(ragged) else None
    ), line + before


class _Splitter:
    """Reads blocks as chunks of rows: regular ones by a kernel, others by the csv module."""

    def __init__(self, records: _Records, delimiter: str, width: int, line: int):
        self._records, self._delimiter, self._width, self._line = records, delimiter, width, line
        self._stray = 0

    def chunks(self) -> Iterator[Chunk]:
        while (block := self._records.block()) or not self._records.last:
            outcome = (
                self._split(block) if self._width > 1 else csv_fields.IRREGULAR
            )  # a blank line would pass as a record
            if outcome == csv_fields.DAMAGED:
                raise self._records.damaged()
            chunk = outcome if isinstance(outcome, Chunk) else self._carefully(bytes(block))
            if chunk is not None and chunk.frame.height:
                yield chunk
        if self._stray % 2:
            raise self._records.truncated("在引号中间结束")

    def _split(self, block: memoryview) -> Chunk | int:
        """The complete records of a regular block, as columns that lie in the block itself; else the outcome."""
        text = np.frombuffer(cast(bytearray, block.obj), dtype=np.uint8, count=len(block) + csv_fields.PADDING)
        room = csv_fields.count(text[: len(block)], ord("\n")) + 1
        views, numbers = np.empty((self._width, room, 2), dtype=np.uint64), np.empty(room + 1, dtype=np.int32)
        aside = np.empty(len(text), dtype=np.uint8)
        outcome, count, line, taken, stray = csv_fields.split(
            text, len(block), self._records.last, ord(self._delimiter), self._line, views, aside, numbers
        )
        if outcome != csv_fields.REGULAR:
            return outcome
        self._records.take(taken)
        self._line, self._stray = line, self._stray + stray
        buffers = [pa.py_buffer(block), pa.py_buffer(aside)]
        return Chunk(
            pl.DataFrame(
                [
                    series_of(views[index, :count], buffers).alias(name)
                    for index, name in enumerate(column_names(self._width))
                ]
            ),
            pl.Series(numbers[:count]),
            without_nul=True,
        )

    def _carefully(self, text: bytes) -> Chunk | None:
        """Whole records of any block; None when there are none."""
        last = self._records.last
        if last and text.count(b'"') % 2:
            raise self._records.truncated("在引号中间结束")
        cut = len(text) if last else _boundary(text)
        try:
            chunk, self._line = _by_line(text[:cut], self._delimiter, self._width, self._line)
        except UnicodeDecodeError:
            raise self._records.damaged() from None
        except csv.Error as error:
            raise self._records.open_quote(error.args[0]) from None
        self._records.take(cut)
        if last and chunk is not None and chunk.ragged is not None and chunk.ragged[-1] and text[-1] not in b"\n\r":
            raise self._records.truncated("最后一行不完整")
        return chunk


def tables(opener: Opener, name: str, encoding: str, score: HeaderScore) -> Generator[Table, None, None]:
    """The one table of a CSV file. Raises UnreadableFile for an empty, truncated or wrongly encoded file."""
    with opener() as source:
        records = _Records(source, encoding, name)
        if records.empty:
            raise UnreadableFile(
                f"文件 {name} 是空文件（0 字节）。",
                remedy="重新导出后报送；本期无数据的，请报送只有表头的文件作为零报送。",
            )
        text = _head(records)
        delimiter, preview, where = _header(text, score)
        headers = preview[where].cells if preview else []
        if not any(cell.strip() for cell in headers):
            raise UnreadableFile(f"文件 {name} 没有表头。", remedy="按填报模板保留第一行表头后重新报送。")
        above = (
            data_above([record.cells for record in preview], where, score) if score(headers) >= KNOWN_HEADERS else None
        )
        if above is not None:
            raise refuse_data_above(name, above + 1)
        if any(("\n" in cell or "\r" in cell) and delimiter in cell for cell in headers):
            raise records.open_quote(preview[where - 1].line if where else 1)
        if any(mark in cell for cell in headers for mark in _ODD_LINE_ENDS):
            raise UnreadableFile(
                f"文件 {name} 的换行符不是通常的换行（U+2028、垂直制表等），分不出行。",
                remedy="用 Excel 或 WPS 打开，另存为 CSV 或 xlsx 后重新报送。",
            )
        if where == len(preview) - 1 or score(headers) < KNOWN_HEADERS:
            _check_last(preview, text, records)
        records.take(preview[where].end)
        yield Table(None, headers, _Splitter(records, delimiter, len(headers), preview[where].line).chunks())


def _head(records: _Records) -> str:
    """The whole lines at the beginning of a file; all of it when it is short."""
    block, cut = records.block(), 0
    while not records.last and len(block) < _HEAD and not (cut := _boundary(bytes(block))):
        block = records.block()
    head = bytes(block[:_HEAD])
    whole = records.last and len(block) <= _HEAD
    if not whole:
        head = head[: cut or next(_line_ends(head), 0)]
        if not head:
            raise UnreadableFile(
                f"文件 {records.name} 的第一行过长，不是表头。", remedy="按填报模板保留第一行表头后重新报送。"
            )
    try:
        return codecs.getincrementaldecoder("utf-8")("strict").decode(head, whole)
    except UnicodeDecodeError:
        raise records.damaged() from None


def _header(text: str, score: HeaderScore) -> tuple[str, list[_Record], int]:
    """Delimiter, first records, and which of them is the header.

    The delimiter is the one the first line has most of, unless another one finds a known header below a title line.
    """
    title = re.split(r"[\r\n]", text, maxsplit=1)[0]
    found = []
    for delimiter in sorted(_DELIMITERS, key=title.count, reverse=True):
        preview = _first_records(text, delimiter)
        cells = [record.cells for record in preview]
        found.append((delimiter, preview, find_header(cells, score)))
        if cells and score(cells[found[-1][2]]) >= KNOWN_HEADERS:
            return found[-1]
    return found[0]


def _check_last(preview: list[_Record], text: str, records: _Records) -> None:
    """Refuse a quote that opens before or in the header and swallows all that follows."""
    data, last = text.encode(), preview[-1]
    begin, line = (preview[-2].end, preview[-2].line) if len(preview) > 1 else (0, 1)
    if (
        last.end == len(data)
        and data.count(b'"', begin) % 2
        and any("\n" in cell or "\r" in cell for cell in last.cells)
    ):
        raise records.open_quote(line)
