"""Rows in PostgreSQL's binary COPY format: fields from their columns, provenance, and room for the hash of the content."""

from __future__ import annotations

import numba
import numpy as np

from .memory import Array, Number, copy, load32, load64, store8, store32, store64
from .views import INLINE, address_of, length_of

_NULL = np.uint32(0xFFFFFFFF)
DIGEST = 16  # bytes of a record id and of a content hash


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
    spans: Array,
) -> tuple[Number, Number]:
    """Write the rows to keep into ``out``, which has ``room``; numbers of bytes and of rows.

    A row: the first ``fields`` text columns; ``constant`` (bytes that are the same in every row: the format's number
    of columns, then whole columns, begins with two bytes of the former); row number and source row; record id (NULL
    where not ``identified``; ``ids`` are two words each); 16 bytes for the content hash; the other text columns, NULL
    where not ``present`` (others × rows). ``spans`` (rows × 3): where the fields of each row begin and end, and where its content hash goes.
    """
    base = np.uint64(out.ctypes.data)
    target = base
    kept: Number = 0
    head, rest = constant[:2], constant[2:]
    rest_at, rest_length = np.uint64(rest.ctypes.data), np.uint64(len(rest))
    for row in range(len(keep)):
        if not keep[row]:
            continue
        store8(target, head[0])
        store8(target + np.uint64(1), head[1])
        target += np.uint64(2)
        spans[kept, 0] = target - base
        for column in range(fields):
            target = _put_text(target, views, buffers, column, row)
        spans[kept, 1] = target - base
        copy(rest_at, target, rest_length)
        target += rest_length
        target = _put_number(target, row_no + row)
        target = _put_number(target, source_row[row])
        if identified[row]:
            store32(target, _swapped(DIGEST))
            store64(target + np.uint64(4), ids[row, 0])
            store64(target + np.uint64(12), ids[row, 1])
            target += np.uint64(4 + DIGEST)
        else:
            store32(target, _NULL)
            target += np.uint64(4)
        store32(target, _swapped(DIGEST))
        spans[kept, 2] = target + np.uint64(4) - base
        kept += 1
        target += np.uint64(4 + DIGEST)
        for column in range(fields, len(views)):
            if present[column - fields, row]:
                target = _put_text(target, views, buffers, column, row)
            else:
                store32(target, _NULL)
                target += np.uint64(4)
    return target - base, kept


@numba.njit(cache=True)
def write_fields(out: Array, views: Array, buffers: Array, count: Number, ends: Array) -> None:
    """Write the fields of ``count`` rows as ``write`` does, one row behind the other; ``ends``: where each row ends."""
    base = np.uint64(out.ctypes.data)
    target = base
    for row in range(count):
        for column in range(len(views)):
            target = _put_text(target, views, buffers, column, row)
        ends[row] = target - base
