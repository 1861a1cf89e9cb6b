"""Text columns as Arrow's string views: 16 bytes a value, the text itself inside it or elsewhere in a buffer.

First word: length in the low half, the first four bytes above. Second word: bytes 5 to 12 of a text of at most twelve
bytes, else the number of its buffer and the offset in it. polars holds its text columns this way, so nothing is copied
on the way in or out.
"""

from __future__ import annotations

import numba
import numpy as np
import polars as pl
import pyarrow as pa

from .memory import Array, Number, load32, load64, prefetch

INLINE = 12
_AHEAD = 12  # rows
_NEWEST = pl.CompatLevel.newest()


@numba.njit(inline="always")
def _kept(word: Number, count: Number) -> Number:
    """The first ``count`` bytes of a word (none when it is negative), the others zero."""
    if count >= 8:
        return word
    return word & ((numba.uint64(1) << numba.uint64(8 * max(count, 0))) - numba.uint64(1))


@numba.njit(inline="always")
def put_view(
    views: Array, column: Number, row: Number, base: Number, start: Number, length: Number, buffer: Number
) -> None:
    """Write the view of the text at ``base + start``; sixteen bytes from there on can be read."""
    address = base + numba.uint64(start)
    first = load64(address)
    if length > INLINE:
        views[column, row, 0] = numba.uint64(length) | first << numba.uint64(32)
        views[column, row, 1] = numba.uint64(buffer) | numba.uint64(start) << numba.uint64(32)  # type: ignore[operator]  # a stub takes the number for a signature
    else:
        first, second = _kept(first, length), _kept(load64(address + numba.uint64(8)), length - 8)
        views[column, row, 0] = numba.uint64(length) | first << numba.uint64(32)
        views[column, row, 1] = first >> numba.uint64(32) | second << numba.uint64(32)


@numba.njit(inline="always")
def address_of(views: Array, buffers: Array, column: Number, row: Number) -> Number:
    """Address of a text; ``views`` and ``buffers`` as in ``Texts``."""
    place = views[column] + numba.uint64(16) * numba.uint64(row)  # type: ignore[operator]  # a stub takes the number for a signature
    if load32(place) <= INLINE:
        return place + numba.uint64(4)
    second = load64(place + numba.uint64(8))
    return buffers[column, second & numba.uint64(0xFFFFFFFF)] + (second >> numba.uint64(32))


@numba.njit(inline="always")
def length_of(views: Array, column: Number, row: Number) -> Number:
    """Bytes of a text."""
    return numba.uint64(load32(views[column] + numba.uint64(16) * numba.uint64(row)))  # type: ignore[operator]  # a stub takes the number for a signature


@numba.njit(inline="always")
def fetch(views: Array, buffers: Array, column: Number, row: Number) -> None:
    """Have a whole text brought near."""
    length = length_of(views, column, row)
    if length > INLINE:
        address = address_of(views, buffers, column, row)
        for line in range(0, length, 64):
            prefetch(address + numba.uint64(line))


@numba.njit(inline="always")
def fetch_ahead(views: Array, buffers: Array, column: Number, row: Number, count: Number) -> None:
    """Have the beginning of a text that comes soon brought near: texts of a column lie far apart in the block."""
    if row + _AHEAD < count:
        prefetch(address_of(views, buffers, column, row + _AHEAD))


class Texts:
    """Where the texts of several columns of one height lie, for kernels.

    ``views``: address of each column's views; ``buffers`` (columns × most buffers of one): addresses of their text.
    A row that is NULL is as undefined as in Arrow. Lives as long as the object.
    """

    def __init__(self, columns: list[pl.Series]):
        self._owners = [column.rechunk().to_arrow(compat_level=_NEWEST) for column in columns]
        buffers = [array.buffers() for array in self._owners]
        self.count = len(columns[0]) if columns else 0
        self.views = np.array(
            [found[1].address + 16 * array.offset for array, found in zip(self._owners, buffers, strict=True)],
            dtype=np.uint64,
        )
        self.buffers = np.zeros((len(columns), max([1, *(len(found) - 2 for found in buffers)])), dtype=np.uint64)
        for column, found in enumerate(buffers):
            self.buffers[column, : len(found) - 2] = [buffer.address for buffer in found[2:]]


def series_of(views: np.ndarray, buffers: list[pa.Buffer]) -> pl.Series:
    """The text column of views (rows × 2 words) into valid UTF-8."""
    column = pl.from_arrow(pa.Array.from_buffers(pa.string_view(), len(views), [None, pa.py_buffer(views), *buffers]))
    assert isinstance(column, pl.Series)  # of an array; of a table it would be a frame
    return column
