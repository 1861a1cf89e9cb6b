"""Text columns as Arrow's string views: 16 bytes a value, the text itself inside it or elsewhere in a buffer.

First word: length in the low half, the first four bytes above. Second word: bytes 5 to 12 of a text of at most twelve
bytes, else the number of its buffer and the offset in it. polars holds its text columns this way, so nothing is copied
on the way in or out.
"""

from __future__ import annotations

import numba
import numpy as np
import polars as pl

from .memory import Array, Number, load32, load64, prefetch

INLINE = 12
_NEWEST = pl.CompatLevel.newest()


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


class Texts:
    """Where the texts of several columns of one height lie, for kernels.

    ``views``: address of each column's views; ``buffers`` (columns × most buffers of one): addresses of their text.
    A row that is NULL is as undefined as in Arrow. Lives as long as the object.
    This is the one door to the kernels, which check no bounds: what is no text, or of another height, raises TypeError or
    ValueError here.
    """

    def __init__(self, columns: list[pl.Series]):
        for series in columns:
            if series.dtype != pl.String:
                raise TypeError(f"a column of texts was expected, {series.name} is {series.dtype}")
            if len(series) != len(columns[0]):
                raise ValueError(f"columns of one height were expected, {series.name} has {len(series)} rows")
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
