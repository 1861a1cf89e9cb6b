"""Rows as text for PostgreSQL's COPY, and hashes over them: whole columns in, one buffer out."""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Callable

import numpy as np
import polars as pl
import pyarrow as pa
import xxhash

NULL = "\\N"
_ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))

Digest = Callable[[memoryview], bytes]


def sha256(value: memoryview) -> bytes:
    """First 16 bytes of SHA-256."""
    return hashlib.sha256(value).digest()[:16]


def xxh3(value: memoryview) -> bytes:
    """XXH3 with 128 bits: tells contents apart; it is no protection against forgery (the archive's sha256 is)."""
    return xxhash.xxh3_128_digest(value)


def escaped(column: pl.Series) -> pl.Series:
    """The column with COPY's escapes for backslash, tab and line ends."""
    return column.to_frame().select(_escape(pl.all())).to_series()


def _escape(values: pl.Expr) -> pl.Expr:
    for char, escape in _ESCAPES:
        values = values.str.replace_all(char, escape, literal=True)
    return values


def joined(columns: list[pl.Series]) -> pl.Series:
    """Per row all values, escaped and joined by tabs. No column may hold NULL."""
    text = _concat(columns)
    data = buffers(text)[1]
    if _has_special(data):
        text = _escaped_at(text, text.str.contains(r"[\n\r\\]"), columns)
    if int(np.count_nonzero(np.frombuffer(data, dtype=np.uint8) == 9)) != len(text) * (len(columns) - 1):
        odd = text.str.count_matches("\t", literal=True) != len(columns) - 1
        text = _escaped_at(text, odd, columns)
    return text


def _has_special(data: memoryview) -> bool:
    text = bytes(data)
    return any(char in text for char in (b"\\", b"\n", b"\r"))


def _escaped_at(text: pl.Series, odd: pl.Series, columns: list[pl.Series]) -> pl.Series:
    positions = odd.arg_true()
    few = _frame(columns)[positions].select(_escape(pl.all()))
    return text.scatter(positions, _concat(few.get_columns()))


def _frame(columns: list[pl.Series]) -> pl.DataFrame:
    return pl.DataFrame([column.alias(str(index)) for index, column in enumerate(columns)])


def _concat(columns: list[pl.Series]) -> pl.Series:
    return _frame(columns).select(pl.concat_str(pl.all(), separator="\t")).to_series()


def buffers(column: pl.Series) -> tuple[list[int], memoryview]:
    """Offsets (one more than rows) and the bytes of a text column without NULL."""
    array = column.to_arrow()
    if array.type != pa.large_string():
        array = array.cast(pa.large_string())
    _, offsets, data = array.buffers()
    first = np.frombuffer(offsets, dtype=np.int64)[array.offset:array.offset + len(array) + 1]
    return first.tolist(), memoryview(data) if data else memoryview(b"")


def digests(column: pl.Series, digest: Digest) -> np.ndarray:
    """Digest per value: uint8 array of shape (rows, 16)."""
    offsets, data = buffers(column)
    found = b"".join([digest(data[start:end]) for start, end in zip(offsets, offsets[1:], strict=False)])
    return np.frombuffer(found, dtype=np.uint8).reshape(len(column), 16)


def hexadecimal(values: np.ndarray, prefix: str = "") -> pl.Series:
    """Digests (rows, 16) as 32 characters each; with a prefix the last characters make room for it."""
    count = len(values)
    text = np.frombuffer(binascii.hexlify(values.tobytes()), dtype=np.uint8).reshape(count, 32)
    if prefix:
        head = np.broadcast_to(np.frombuffer(prefix.encode(), dtype=np.uint8), (count, len(prefix)))
        text = np.ascontiguousarray(np.hstack([head, text[:, : 32 - len(prefix)]]))
    offsets = np.arange(0, 32 * count + 1, 32, dtype=np.int64)
    return pl.Series(pl.from_arrow(pa.Array.from_buffers(
        pa.large_string(), count, [None, pa.py_buffer(offsets), pa.py_buffer(text)])))


def lines(columns: list[pl.Series]) -> memoryview:
    """COPY data: one line per row. Columns are text that is escaped already, or numbers; NULL becomes ``\\N``."""
    filled = [column.cast(pl.String).fill_null(NULL) if column.null_count() or column.dtype != pl.String else column
              for column in columns]
    return buffers(_concat([*filled[:-1], filled[-1] + "\n"]))[1]
