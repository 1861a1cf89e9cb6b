"""Numbers for texts: the first text is 0, the next new one 1, and so on, over any number of columns."""

from __future__ import annotations

import numba
import numpy as np
import polars as pl

from .hashes import murmur3
from .memory import Array, Number, copy, load8
from .views import Texts, address_of, fetch_ahead, length_of

_ENTRIES, _BYTES = 0, 1


@numba.njit(cache=True)
def _same(address: Number, length: Number, pool: Array, start: Number) -> bool:
    for place in range(length):
        if load8(address + np.uint64(place)) != pool[start + place]:
            return False
    return True


@numba.njit(cache=True)
def encode(
    views: Array,
    buffers: Array,
    column: Number,
    first: Number,
    count: Number,
    slots: Array,
    hashes: Array,
    starts: Array,
    pool: Array,
    used: Array,
    codes: Array,
) -> Number:
    """Codes of the rows from ``first`` on; the row that found no room, ``count`` when all have their code.

    ``slots``: hash table of codes (a power of two, −1 for free), at most half full; ``hashes`` and ``starts``: per
    code, and where the next begins; ``pool``: all texts; ``used``: numbers of entries and of bytes.
    """
    mask = len(slots) - 1
    for row in range(first, count):
        fetch_ahead(views, buffers, column, row, count)
        length = length_of(views, column, row)
        address = address_of(views, buffers, column, row)
        mixed, _ = murmur3(address, length)
        slot = np.int64(mixed & np.uint64(mask))
        while True:
            code = slots[slot]
            if code < 0:
                if used[_ENTRIES] + 1 >= len(hashes) or used[_BYTES] + np.int64(length) > len(pool):
                    return row
                code = used[_ENTRIES]
                copy(address, np.uint64(pool.ctypes.data) + np.uint64(used[_BYTES]), length)
                used[_BYTES] += np.int64(length)
                used[_ENTRIES] += 1
                hashes[code], starts[code + 1], slots[slot] = mixed, used[_BYTES], code
                break
            start = starts[code]
            if (
                hashes[code] == mixed
                and starts[code + 1] - start == np.int64(length)
                and _same(address, length, pool, start)
            ):
                break
            slot = (slot + 1) & mask
        codes[row] = code
    return count


class Interner:
    """Remembers the texts it has seen; grows with them."""

    def __init__(self) -> None:
        self._entries, self._room = 1 << 12, 1 << 17
        self._used = np.zeros(2, dtype=np.int64)
        self._hashes, self._starts = np.zeros(0, dtype=np.uint64), np.zeros(1, dtype=np.int64)
        self._pool = np.zeros(0, dtype=np.uint8)
        self._slots = np.zeros(0, dtype=np.int32)
        self._grow()

    def __len__(self) -> int:
        return int(self._used[_ENTRIES])

    def _grow(self) -> None:
        """Twice the room; the hash table is made anew."""
        count, size = map(int, self._used)
        self._entries, self._room = 2 * self._entries, 2 * self._room
        hashes, starts, pool = self._hashes, self._starts, self._pool
        self._hashes, self._starts = (
            np.zeros(self._entries, dtype=np.uint64),
            np.zeros(self._entries + 1, dtype=np.int64),
        )
        self._pool = np.zeros(self._room, dtype=np.uint8)
        self._hashes[:count], self._starts[: count + 1], self._pool[:size] = (
            hashes[:count],
            starts[: count + 1],
            pool[:size],
        )
        self._slots = np.full(2 * self._entries, -1, dtype=np.int32)
        rehash(self._slots, self._hashes, count)

    def codes(self, column: pl.Series) -> np.ndarray:
        """The number of every row's text (int32). No row may be NULL."""
        texts, codes, row = Texts([column]), np.empty(len(column), dtype=np.int32), 0
        most = column.str.len_bytes().max()
        longest = most if isinstance(most, int) else 0
        while True:
            row = encode(
                texts.views,
                texts.buffers,
                0,
                row,
                texts.count,
                self._slots,
                self._hashes,
                self._starts,
                self._pool,
                self._used,
                codes,
            )
            if row == texts.count:
                return codes
            while True:
                self._grow()
                if self._room - int(self._used[_BYTES]) >= longest:
                    break

    def texts(self, first: int) -> list[str]:
        """The texts from number ``first`` on."""
        return [
            self._pool[self._starts[code] : self._starts[code + 1]].tobytes().decode()
            for code in range(first, len(self))
        ]


@numba.njit(cache=True)
def rehash(slots: Array, hashes: Array, count: Number) -> None:
    """Enter all codes into an empty table."""
    mask = len(slots) - 1
    for code in range(count):
        slot = np.int64(hashes[code] & np.uint64(mask))
        while slots[slot] >= 0:
            slot = (slot + 1) & mask
        slots[slot] = code
