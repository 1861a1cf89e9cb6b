"""Bytes on their way into the archive: files chunk by chunk, rows as JSON Lines. Memory stays flat."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import orjson

CHUNK = 1 << 16
ROWS_PER_CHUNK = 2000
_WORD = (1 << 64) - 1
_LETTERS = str.maketrans("0123456789", "ghijklmnop")


class TooMuch(Exception):
    """More bytes than the catalogue grants one receipt of this channel."""


class NoText(Exception):
    """A row has bytes that are no text, in the ``column`` of this name."""

    def __init__(self, column: str):
        super().__init__(column)
        self.column = column


class RowsTold:
    """By what a source is asked later whether it still shows the same rows, in whatever order: how many, and a sum of hashes."""

    def __init__(self) -> None:
        self.count = self._sum = 0

    def add(self, row: int) -> None:
        """Count a row, given by ``row_hash``."""
        self.count += 1
        self._sum = (self._sum + row) & _WORD

    def __str__(self) -> str:
        """The count and 16 letters: the digits of a sum could be taken for somebody's number."""
        return f"{self.count}:{format(self._sum, '016x').translate(_LETTERS)}"


def row_hash(told: bytes) -> int:
    """64 bits of what a row is told by."""
    return int.from_bytes(hashlib.blake2b(told, digest_size=8).digest())


class ByteStream:
    """Readable over an iterator of byte chunks; an exception of the iterator goes to the reader unchanged."""

    def __init__(self, chunks: Iterable[bytes]):
        self._chunks = iter(chunks)
        self._rest = b""
        self.error: BaseException | None = None

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes, all that is left for -1 or None; b"" at the end."""
        parts, length = [self._rest] if self._rest else [], len(self._rest)  # a single part is not copied
        while size is None or size < 0 or length < size:
            try:
                chunk = next(self._chunks, None)
            except BaseException as error:
                self.error = error
                raise
            if chunk is None:
                break
            parts.append(chunk)
            length += len(chunk)
        joined = b"".join(parts)
        cut = length if size is None or size < 0 else size
        given, self._rest = joined[:cut], joined[cut:]
        return given

    def readable(self) -> bool:
        """Always: there is nothing else to do with it."""
        return True


def read_file(handle: Any) -> Iterator[bytes]:
    """The bytes of an open file, chunk by chunk."""
    while chunk := handle.read(CHUNK):
        yield chunk


def bounded(chunks: Iterable[bytes], most_mb: float) -> Iterator[bytes]:
    """The chunks as they come. Raises TooMuch beyond ``most_mb`` (10⁶ bytes)."""
    left = most_mb * 1e6
    for chunk in chunks:
        left -= len(chunk)
        if left < 0:
            raise TooMuch
        yield chunk


def header_line(columns: list[str], source_version: str) -> bytes:
    """First line of an archived table: its columns in order and the version of the source."""
    return orjson.dumps({"columns": columns, "source_version": source_version}) + b"\n"


def nothing_to_report(source_version: str) -> bytes:
    """The archived form of an answer without rows: the agreed envelope, as the reader of JSON files knows it."""
    return orjson.dumps({"source_version": source_version, "code": "00", "data": {"total": 0, "rows": []}}) + b"\n"


def version_of(line: bytes) -> str:
    """The version of the source in the first line of an archived table."""
    version: str = orjson.loads(line)["source_version"]
    return version


def _text(value: Any) -> str:
    """What a database gives of other types; columns declared as bytes hold UTF-8 or GB18030, else nothing we could read.

    Columns of a fixed length are filled up with NUL. Raises TypeError.
    """
    if not isinstance(value, bytes | bytearray | memoryview):
        return str(value)
    for encoding in ("utf-8", "gb18030"):
        with suppress(UnicodeDecodeError):
            text = bytes(value).rstrip(b"\x00").decode(encoding)
            if all(char.isprintable() or char.isspace() for char in text):
                return text
    raise TypeError("bytes that are no text")


def _is_text(value: Any) -> bool:
    try:
        orjson.dumps(value, default=_text)
    except TypeError:
        return False
    return True


def content_hash(row: dict[str, Any]) -> int:
    """``row_hash`` of what a row says, the same for the values a database gives and for those of the archived line.

    Neither the order of the columns counts nor a column that says nothing (NULL). Raises NoText, which names no column.
    """
    said = {name: value for name, value in row.items() if _says(value)}
    try:
        return row_hash(orjson.dumps(said, default=_text, option=orjson.OPT_SORT_KEYS))
    except TypeError:
        raise NoText("") from None


def key_hash(row: dict[str, Any], column: str) -> int:
    """``row_hash`` of a row's key, of whatever type, the same for the value a database gives and for that in an archived line.

    A row without the column has the key of one that is NULL. Raises NoText.
    """
    try:
        return row_hash(orjson.dumps(row.get(column), default=_text))
    except TypeError:
        raise NoText(column) from None


def _says(value: Any) -> bool:
    """Whether a value is in the archived line: JSON has no NULL of a database, and no number that is none or has no end."""
    return value is not None and not (isinstance(value, float) and not math.isfinite(value))


def row_lines(rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """Rows as JSON Lines, several rows per chunk; other than text, number, boolean and date become text.

    Raises NoText for bytes that are no text.
    """
    lines: list[bytes] = []
    for row in rows:
        try:
            lines.append(orjson.dumps(row, default=_text))
        except TypeError:
            raise NoText(next(name for name, value in row.items() if not _is_text(value))) from None
        if len(lines) >= ROWS_PER_CHUNK:
            yield b"\n".join(lines) + b"\n"
            lines.clear()
    if lines:
        yield b"\n".join(lines) + b"\n"
