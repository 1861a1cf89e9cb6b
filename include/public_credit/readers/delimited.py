"""CSV in UTF-8 (with or without BOM) or GB18030: streamed in blocks, strict about the number of cells."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import polars as pl
import pyarrow as pa

from ..kernels import csv_fields
from ..kernels.views import is_utf8, series_of
from .base import Chunk, HeaderScore, Opener, Table, UnreadableFile, column_names, find_header

BLOCK = 12 << 20
_PROBE = 1 << 20
_BUFFERS = 3


def _encoding(first: bytes, complete: bool, declared: str, name: str) -> str:
    """utf-8-sig, utf-8 or gb18030; strict: bytes that fit none of them make the file unreadable."""
    if first.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    for encoding in (("gb18030", "utf-8") if declared == "gb18030" else ("utf-8", "gb18030")):
        try:
            codecs.getincrementaldecoder(encoding)("strict").decode(first, complete)
        except UnicodeDecodeError:
            continue
        return encoding
    raise UnreadableFile(f"文件 {name} 的编码既不是 UTF-8 也不是 GB18030。", remedy="另存为“CSV UTF-8（逗号分隔）”后重新报送。")


class _Records:
    """Blocks of text that end at a record boundary, as valid UTF-8 bytes without NUL.

    A block lies in one of ``_BUFFERS`` buffers that are used in turn: it is good until the next but one is taken.
    """

    def __init__(self, source: BinaryIO, declared: str, name: str):
        self._source, self._name = source, name
        first = source.read(_PROBE)
        self._complete = len(first) < _PROBE
        self.empty = not first
        encoding = _encoding(first, self._complete, declared, name)
        self._decoder = None if encoding.startswith("utf-8") else codecs.getincrementaldecoder(encoding)("strict")
        self._first: bytes | None = first.removeprefix(codecs.BOM_UTF8) if encoding == "utf-8-sig" else first

    def _decode(self, data: bytes, final: bool) -> bytes:
        """The bytes as UTF-8; what is UTF-8 already is checked later, block by block."""
        try:
            return data if self._decoder is None else self._decoder.decode(data, final).encode("utf-8")
        except UnicodeDecodeError:
            raise self._damaged() from None

    def _damaged(self) -> UnreadableFile:
        return UnreadableFile(f"文件 {self._name} 中有无法识别的字符（编码不一致或文件被截断）。",
                              remedy="重新导出并完整上传后再报送。")

    def _checked(self, buffer: bytearray, end: int) -> memoryview:
        block = memoryview(buffer)[:end]
        if not is_utf8(block):
            raise self._damaged()
        return block if buffer.find(b"\x00", 0, end) < 0 else memoryview(bytearray(block).replace(b"\x00", b""))

    def _append(self, buffer: bytearray, used: int) -> int:
        """Add what comes next from the source; where it ends."""
        if self._first is not None or self._decoder is not None:
            while True:
                data = self._first if self._first is not None else self._source.read(BLOCK // 2)
                text, self._first = self._decode(data, not data), None
                if text or not data:  # a part of a character alone gives no text yet
                    break
            buffer[used:used + len(text)] = text  # UTF-8 takes at most twice the room of GB18030
            return used + len(text)
        end = used
        while end < used + BLOCK and (count := self._source.readinto(memoryview(buffer)[end:used + BLOCK])):
            end += count
        return end

    def __iter__(self) -> Iterator[memoryview]:
        rest = memoryview(b"")
        buffers, place = [bytearray() for _ in range(_BUFFERS)], 0
        while True:
            if len(buffers[place]) < len(rest) + BLOCK:
                buffers[place] = bytearray(len(rest) + BLOCK)
            buffer = buffers[place]
            buffer[:len(rest)] = rest
            end = self._append(buffer, len(rest))
            if end == len(rest):
                break
            cut = self._boundary(buffer, end)
            rest = memoryview(buffer)[cut:end]
            if cut:
                yield self._checked(buffer, cut)
                place = (place + 1) % _BUFFERS
        if rest:
            if buffer.count(b'"', 0, end) % 2:
                raise UnreadableFile(f"文件 {self._name} 在引号中间结束，可能被截断。", remedy="重新导出并完整上传后再报送。")
            yield self._checked(buffer, end)

    @staticmethod
    def _boundary(buffer: bytearray, end: int) -> int:
        """End of the last complete record: a line end outside quotes."""
        cut = buffer.rfind(b"\n", 0, end) + 1
        if cut and buffer.find(b'"', 0, cut) >= 0:
            quotes = csv_fields.count(np.frombuffer(buffer, dtype=np.uint8, count=cut), ord('"'))
            while cut and quotes % 2:
                earlier = buffer.rfind(b"\n", 0, cut - 1) + 1
                quotes -= buffer.count(b'"', earlier, cut)
                cut = earlier
        return cut


def _lines(block: bytes | memoryview, delimiter: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(str(block, "utf-8"), newline=""), delimiter=delimiter))


def _by_line(block: memoryview, delimiter: str, width: int, line: int) -> tuple[list[list[str]], list[int], list[bool], int]:
    """Careful reading of one block: (cells, line numbers, ragged?, next line); blank lines are passed over."""
    reader = csv.reader(io.StringIO(str(block, "utf-8"), newline=""), delimiter=delimiter)
    rows, numbers, ragged, before = [], [], [], 0
    for cells in reader:
        number, before = line + before, reader.line_num
        if not any(cell.strip() for cell in cells):
            continue
        rows.append((cells + [""] * width)[:width])
        numbers.append(number)
        ragged.append(len(cells) != width)
    return rows, numbers, ragged, line + before


def _split(block: memoryview, delimiter: str, width: int, line: int) -> tuple[pl.DataFrame, pl.Series, int] | None:
    """(Columns that lie in the block itself, line numbers, next line) of a regular block.

    None when a row has another number of cells, a line is blank or the like.
    """
    if width == 1 or not block:  # of one column a blank line would pass as a record
        return None
    text = np.frombuffer(block, dtype=np.uint8)
    room = csv_fields.count(text, ord("\n")) + 1
    views, numbers = np.empty((width, room, 2), dtype=np.uint64), np.empty(room + 1, dtype=np.int32)
    aside = np.empty(len(text), dtype=np.uint8)
    outcome, count, following = csv_fields.split(text, ord(delimiter), line, views, aside, numbers)
    if outcome != csv_fields.REGULAR:
        return None
    buffers = [pa.py_buffer(block), pa.py_buffer(aside)]
    columns = [series_of(views[index, :count], buffers).alias(name) for index, name in enumerate(column_names(width))]
    return pl.DataFrame(columns), pl.Series(numbers[:count]), following


def _chunks(blocks: Iterator[memoryview], first: memoryview, delimiter: str, width: int, line: int,
            name: str) -> Iterator[Chunk]:
    names = column_names(width)
    pending: memoryview | None = first
    following = next(blocks, None)
    while pending is not None:
        last = following is None
        split = _split(pending, delimiter, width, line)
        if split is not None:
            frame, positions, line = split
            if frame.height:
                yield Chunk(frame, positions)
        else:
            rows, numbers, ragged, line = _by_line(pending, delimiter, width, line)
            if last and rows and ragged[-1] and pending[-1] not in b"\n\r":
                raise UnreadableFile(f"文件 {name} 最后一行不完整，可能被截断。", remedy="重新导出并完整上传后再报送。")
            if rows:
                yield Chunk(pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row"),
                            pl.Series(numbers, dtype=pl.Int32), ragged=pl.Series(ragged) if any(ragged) else None)
        pending, following = following, None if last else next(blocks, None)


def tables(opener: Opener, name: str, encoding: str, score: HeaderScore) -> Iterator[Table]:
    """The one table of a CSV file. Raises UnreadableFile for an empty, truncated or wrongly encoded file."""
    with opener() as source:
        records = _Records(source, encoding, name)
        if records.empty:
            raise UnreadableFile(f"文件 {name} 是空文件（0 字节）。", remedy="重新导出后报送；本期无数据的，请报送只有表头的文件作为零报送。")
        blocks = iter(records)
        first = next(blocks, memoryview(b""))
        head = bytes(first[: 1 << 16])
        head = head[: head.rfind(b"\n") + 1] or head
        sample = head.split(b"\n", 1)[0].decode("utf-8", "replace")
        delimiter = max(",\t;|", key=sample.count) if any(mark in sample for mark in ",\t;|") else ","
        preview = _lines(head, delimiter)[:15]
        where = find_header(preview, score)
        headers = preview[where] if preview else []
        if not any(cell.strip() for cell in headers):
            raise UnreadableFile(f"文件 {name} 没有表头。", remedy="按填报模板保留第一行表头后重新报送。")
        consumed, line = _skip_records(bytes(first), where + 1)
        yield Table(None, headers, _chunks(blocks, first[consumed:], delimiter, len(headers), line, name))


def _skip_records(block: bytes, count: int) -> tuple[int, int]:
    """Bytes and lines of the first ``count`` records (quoted headers may span lines); (offset, next line number)."""
    offset, line = 0, 1
    for _ in range(count):
        quotes = 0
        while True:
            end = block.find(b"\n", offset)
            end = len(block) if end < 0 else end + 1
            quotes += block.count(b'"', offset, end)
            offset, line = end, line + 1
            if quotes % 2 == 0 or end >= len(block):
                break
    return offset, line
