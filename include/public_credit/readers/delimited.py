"""CSV in UTF-8 (with or without BOM) or GB18030: streamed in blocks, strict about the number of cells."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from typing import BinaryIO

import polars as pl
import pyarrow as pa
import pyarrow.csv as arrow_csv

from .base import Chunk, HeaderScore, Opener, Table, UnreadableFile, column_names, find_header

BLOCK = 10 << 20
_PROBE = _INNER = 1 << 20


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
    """Blocks of text that end at a record boundary, as valid UTF-8 bytes without NUL."""

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

    def _checked(self, block: bytes) -> bytes:
        try:
            pl.Series([block], dtype=pl.Binary).cast(pl.String)
        except pl.exceptions.InvalidOperationError:
            raise self._damaged() from None
        return block.replace(b"\x00", b"") if b"\x00" in block else block

    def __iter__(self) -> Iterator[bytes]:
        rest = b""
        while True:
            data = self._first if self._first is not None else self._source.read(BLOCK)
            self._first = None
            if not data:
                break
            block = rest + self._decode(data, False)
            cut = self._boundary(block)
            rest = block[cut:]
            if cut:
                yield self._checked(block[:cut])
        rest += self._decode(b"", True)
        if rest:
            if rest.count(b'"') % 2:
                raise UnreadableFile(f"文件 {self._name} 在引号中间结束，可能被截断。", remedy="重新导出并完整上传后再报送。")
            yield self._checked(rest)

    @staticmethod
    def _boundary(block: bytes) -> int:
        """End of the last complete record: a line end outside quotes."""
        cut = block.rfind(b"\n") + 1
        if cut and b'"' in block:
            quotes = block.count(b'"', 0, cut)
            while cut and quotes % 2:
                earlier = block.rfind(b"\n", 0, cut - 1) + 1
                quotes -= block.count(b'"', earlier, cut)
                cut = earlier
        return cut


def _lines(block: bytes, delimiter: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(block.decode("utf-8"), newline=""), delimiter=delimiter))


def _by_line(block: bytes, delimiter: str, width: int, line: int) -> tuple[list[list[str]], list[int], list[bool], int]:
    """Careful reading of one block: (cells, line numbers, ragged?, next line); blank lines are passed over."""
    reader = csv.reader(io.StringIO(block.decode("utf-8"), newline=""), delimiter=delimiter)
    rows, numbers, ragged, before = [], [], [], 0
    for cells in reader:
        number, before = line + before, reader.line_num
        if not any(cell.strip() for cell in cells):
            continue
        rows.append((cells + [""] * width)[:width])
        numbers.append(number)
        ragged.append(len(cells) != width)
    return rows, numbers, ragged, line + before


def _fast(block: bytes, delimiter: str, width: int) -> pl.DataFrame | None:
    """The block through Arrow, or None when a row has another number of cells or a line is blank."""
    if width == 1:  # a blank line would pass as a record
        return None
    irregular = False

    def notice(row: arrow_csv.InvalidRow) -> str:
        nonlocal irregular
        irregular = True
        return "skip"

    names = column_names(width)
    try:
        table = _arrow(block, delimiter, names, notice)
    except pa.ArrowInvalid:  # a record longer than Arrow's own block
        return None
    return None if irregular else pl.from_arrow(table).rechunk()


def _arrow(block: bytes, delimiter: str, names: list[str], notice: Callable[[arrow_csv.InvalidRow], str]) -> pa.Table:
    return arrow_csv.read_csv(
        pa.BufferReader(block),
        read_options=arrow_csv.ReadOptions(use_threads=False, column_names=names, block_size=_INNER),
        parse_options=arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=notice,
                                             ignore_empty_lines=False),
        convert_options=arrow_csv.ConvertOptions(column_types={name: pa.large_string() for name in names},
                                                 strings_can_be_null=False, check_utf8=False))


def _line_numbers(block: bytes, frame: pl.DataFrame, line: int) -> tuple[pl.Series, int] | None:
    """Line number of every record and of the next block; None when the lines do not add up."""
    lines = block.count(b"\n") + (not block.endswith(b"\n"))
    inside = lines - frame.height
    numbers = pl.int_range(line, line + frame.height, dtype=pl.Int32, eager=True)
    # Line ends within quotes: the column with most text is the likeliest to hold them.
    columns = sorted(frame.get_columns(), key=lambda column: -(column.str.len_bytes().sum() or 0)) if inside > 0 else []
    for column in columns:
        broken = column.str.contains("\n", literal=True).arg_true()
        if len(broken):
            extra = column.gather(broken).str.count_matches("\n", literal=True)
            numbers += pl.repeat(0, frame.height, dtype=pl.Int32, eager=True).scatter(
                broken, extra.cast(pl.Int32)).cum_sum().shift(1, fill_value=0)
            inside -= extra.sum()
            if inside <= 0:
                break
    return (numbers, line + lines) if inside == 0 else None


def _chunks(blocks: Iterator[bytes], first: bytes, delimiter: str, width: int, line: int, name: str) -> Iterator[Chunk]:
    names = column_names(width)
    pending: bytes | None = first
    following = next(blocks, None)
    while pending is not None:
        last = following is None
        frame = _fast(pending, delimiter, width) if pending else None
        numbered = _line_numbers(pending, frame, line) if frame is not None else None
        if frame is not None and numbered is not None:
            line = numbered[1]
            if frame.height:
                yield Chunk(frame, numbered[0])
        else:
            rows, positions, ragged, line = _by_line(pending, delimiter, width, line)
            if last and rows and ragged[-1] and not pending.endswith((b"\n", b"\r")):
                raise UnreadableFile(f"文件 {name} 最后一行不完整，可能被截断。", remedy="重新导出并完整上传后再报送。")
            if rows:
                yield Chunk(pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row"),
                            pl.Series(positions, dtype=pl.Int32), ragged=pl.Series(ragged) if any(ragged) else None)
        pending, following = following, None if last else next(blocks, None)


def tables(opener: Opener, name: str, encoding: str, score: HeaderScore) -> Iterator[Table]:
    """The one table of a CSV file. Raises UnreadableFile for an empty, truncated or wrongly encoded file."""
    with opener() as source:
        records = _Records(source, encoding, name)
        if records.empty:
            raise UnreadableFile(f"文件 {name} 是空文件（0 字节）。", remedy="重新导出后报送；本期无数据的，请报送只有表头的文件作为零报送。")
        blocks = iter(records)
        first = next(blocks, b"")
        head = first[: 1 << 16]
        head = head[: head.rfind(b"\n") + 1] or head
        sample = head.split(b"\n", 1)[0].decode("utf-8", "replace")
        delimiter = max(",\t;|", key=sample.count) if any(mark in sample for mark in ",\t;|") else ","
        preview = _lines(head, delimiter)[:15]
        where = find_header(preview, score)
        headers = preview[where] if preview else []
        if not any(cell.strip() for cell in headers):
            raise UnreadableFile(f"文件 {name} 没有表头。", remedy="按填报模板保留第一行表头后重新报送。")
        consumed, line = _skip_records(first, where + 1, delimiter)
        yield Table(None, headers, _chunks(blocks, first[consumed:], delimiter, len(headers), line, name))


def _skip_records(block: bytes, count: int, delimiter: str) -> tuple[int, int]:
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
