"""Rows in PostgreSQL's binary COPY format: fields from their columns, provenance, and the hash of the content."""

from __future__ import annotations

import numba
import numpy as np

from .hashes import murmur3
from .memory import Array, Number, copy, load32, load64, store8, store16, store32, store64
from .views import INLINE, address_of, length_of

_NULL = np.uint32(0xFFFFFFFF)
_HEX_PAIRS = np.frombuffer(bytes(range(256)).hex().encode(), dtype=np.uint16)
ID_BYTES = HASH_BYTES = 32


@numba.njit(inline="always")
def _swapped(value: Number) -> Number:
    """A number of 32 bits in network order."""
    value = numba.uint32(value)
    return numba.uint32((value >> 24) | ((value >> 8) & 0xFF00) | ((value & 0xFF00) << 8) | (value << 24))


@numba.njit(inline="always")
def _put_text(target: Number, views: Array, buffers: Array, column: Number, row: Number) -> Number:
    """A text with its length; behind a short one a few bytes are written that the next value overwrites."""
    length, source = length_of(views, column, row), address_of(views, buffers, column, row)
    store32(target, _swapped(length))
    target += numba.uint64(4)
    if length <= INLINE:  # it lies in the view, which has room for as many
        store64(target, load64(source))
        store32(target + numba.uint64(8), load32(source + numba.uint64(8)))
    else:
        copy(source, target, length)
    return target + length


@numba.njit(inline="always")
def _put_number(target: Number, value: Number) -> Number:
    store32(target, _swapped(4))
    store32(target + numba.uint64(4), _swapped(value))
    return target + numba.uint64(8)


@numba.njit(inline="always")
def _put_hexadecimal(target: Number, digest: Array, row: Number) -> None:
    """Sixteen bytes as 32 hexadecimal digits."""
    for place in range(16):
        store16(target + numba.uint64(2 * place), _HEX_PAIRS[digest[row, place]])


@numba.njit(cache=True)
def room(views: Array, count: Number, fixed: Number) -> Number:
    """Bytes that ``count`` rows need at most, with ``fixed`` bytes a row beside the texts."""
    total = INLINE + count * (fixed + 4 * len(views))
    for column in range(len(views)):
        for row in range(count):
            total += np.int64(length_of(views, column, row))
    return total


@numba.njit(cache=True)
def write(
    out: Array,
    views: Array,
    buffers: Array,
    fields: Number,
    present: Array,
    keep: Array,
    constant: Array,
    row_no: Number,
    source_row: Array,
    ids: Array,
    identified: Array,
) -> Number:
    """Write the rows to keep into ``out``, which has ``room``; number of bytes.

    A row: the first ``fields`` text columns; ``constant`` (bytes that are the same in every row: the format's number
    of columns, then whole columns, begins with two bytes of the former); row number and source row; record id (NULL
    where not ``identified``); content hash; the other text columns, NULL where not ``present`` (others × rows).
    The content hash is MurmurHash3 over the fields as they are written, so their lengths are in it.
    """
    base = np.uint64(out.ctypes.data)
    target = base
    digest = np.empty((1, 16), np.uint8)
    halves = digest.view(np.uint64)
    head, rest = constant[:2], constant[2:]
    rest_at, rest_length = np.uint64(rest.ctypes.data), np.uint64(len(rest))
    for row in range(len(keep)):
        if not keep[row]:
            continue
        store8(target, head[0])
        store8(target + np.uint64(1), head[1])
        target += np.uint64(2)
        begun = target
        for column in range(fields):
            target = _put_text(target, views, buffers, column, row)
        halves[0, 0], halves[0, 1] = murmur3(begun, target - begun)
        copy(rest_at, target, rest_length)
        target += rest_length
        target = _put_number(target, row_no + row)
        target = _put_number(target, source_row[row])
        if identified[row]:
            store32(target, _swapped(ID_BYTES))
            store8(target + np.uint64(4), np.uint8(114))  # r, then the first 31 of 32 digits
            _put_hexadecimal(target + np.uint64(5), ids, row)
            target += np.uint64(4 + ID_BYTES)
        else:
            store32(target, _NULL)
            target += np.uint64(4)
        store32(target, _swapped(HASH_BYTES))
        _put_hexadecimal(target + np.uint64(4), digest, 0)
        target += np.uint64(4 + HASH_BYTES)
        for column in range(fields, len(views)):
            if present[column - fields, row]:
                target = _put_text(target, views, buffers, column, row)
            else:
                store32(target, _NULL)
                target += np.uint64(4)
    return target - base


@numba.njit(cache=True)
def content_hashes(out: Array, views: Array, buffers: Array, count: Number) -> Array:
    """The content hash that ``write`` gives a row of these fields, for ``count`` rows: rows × 16 bytes.

    ``out`` has ``room`` for the fields of all rows.
    """
    digests = np.empty((count, 16), np.uint8)
    halves = digests.view(np.uint64)
    begun = np.uint64(out.ctypes.data)
    for row in range(count):
        target = begun
        for column in range(len(views)):
            target = _put_text(target, views, buffers, column, row)
        halves[row, 0], halves[row, 1] = murmur3(begun, target - begun)
    return digests
