"""One look at all the texts of a chunk: which values repeat, and what every value is like.

Rows are taken in tiles, so that a tile's text is fetched from main memory once for all columns and all questions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from . import blanks, codes, damage, long_digits
from .memory import Array, Number, load8, load64
from .views import INLINE, Texts, address_of, fetch, length_of

# A blank at an end; not the plain form of a code; enough digits in a row for a number; begins like a mark that a
# spreadsheet program puts before text; perhaps not what was written.
BLANK, ODD, DIGITS, GUARD, DOUBTFUL = 1, 2, 4, 8, 16
_GUARDS = (ord("'"), ord("`"), ord("="))
_TILE = 64
_MOST = 1 << 12  # distinct values of a column whose values are said to repeat
_AT_FIRST = 512  # so many may differ before a column is given up
_GIVEN_UP = -1
_MIX = np.uint64(0x9E3779B97F4A7C15)
_HASH, _HEAD, _TAIL, _ROW = 0, 1, 2, 3


@numba.njit()
def _like(address: Number, length: Number) -> int:
    flags = 0
    if blanks.at_an_end(address, length):
        flags |= BLANK
    if codes.odd(address, length):
        flags |= ODD
        if damage.doubtful(address, length):
            flags |= DOUBTFUL
    if length >= long_digits.SHORTEST and long_digits.held(address, length):
        flags |= DIGITS
    if length > 1 and load8(address) in _GUARDS:
        flags |= GUARD
    return flags


@numba.njit(inline="always")
def _equal(one: Number, other: Number, length: Number) -> bool:
    done = np.uint64(0)
    while done + np.uint64(8) <= length:
        if load64(one + done) != load64(other + done):
            return False
        done += np.uint64(8)
    while done < length:
        if load8(one + done) != load8(other + done):
            return False
        done += np.uint64(1)
    return True


@numba.njit(inline="always")
def _mixed(hashed: Number, word: Number) -> Number:
    hashed = (hashed ^ word) * _MIX
    return hashed ^ (hashed >> numba.uint64(32))


@numba.njit(inline="always")
def _hash(head: Number, tail: Number, address: Number, length: Number) -> Number:
    """64 bits of a text; of a long one its last two words may overlap those before them."""
    one = _mixed(head, numba.uint64(0))
    if length <= INLINE:
        return _mixed(one, tail)
    other, done = one, numba.uint64(0)
    while done + numba.uint64(16) < length:
        one = _mixed(one, load64(address + done))
        other = _mixed(other, load64(address + done + numba.uint64(8)))
        done += numba.uint64(16)
    one = _mixed(one, load64(address + (length - numba.uint64(16) if length > 16 else numba.uint64(0))))
    return _mixed(one ^ (other >> numba.uint64(7)), load64(address + length - numba.uint64(8)))


@numba.njit()
def _number(
    views: Array,
    buffers: Array,
    column: Number,
    start: Number,
    end: Number,
    known: Number,
    codes: Array,
    flags: Array,
    entries: Array,
    slots: Array,
) -> tuple[Number, Number]:
    """Number the rows of one column; (row that stands for too many values or ``end``, values known then)."""
    mask = len(slots) - 1
    head_before = tail_before = np.uint64(0)
    code: Number = 0
    for row in range(start, end):
        place = views[column] + np.uint64(16) * np.uint64(row)
        head, tail = load64(place), load64(place + np.uint64(8))
        if row > start and head == head_before and tail == tail_before:
            codes[row] = code
            continue
        head_before, tail_before = head, tail
        length = head & np.uint64(0xFFFFFFFF)
        address = address_of(views, buffers, column, row)
        mixed = _hash(head, tail, address, length)
        slot = np.int64(mixed & np.uint64(mask))
        while True:
            code = np.int64(slots[slot])
            if code < 0:
                break
            if entries[code, _HASH] == mixed and entries[code, _HEAD] == head:
                if entries[code, _TAIL] == tail or (
                    length > INLINE and _equal(address, address_of(views, buffers, column, entries[code, _ROW]), length)
                ):
                    break
            slot = (slot + 1) & mask
        if code < 0:
            if known == len(entries) or known > _AT_FIRST + row // 2:
                return row, known
            code = known
            slots[slot] = code
            entries[code, _HASH], entries[code, _HEAD], entries[code, _TAIL] = mixed, head, tail
            entries[code, _ROW] = row
            flags[code] = _like(address, length)
            known += 1
        codes[row] = code
    return end, known


@numba.njit(cache=True)
def look(
    views: Array,
    buffers: Array,
    count: Number,
    codes: Array,
    flags: Array,
    entries: Array,
    slots: Array,
    known: Array,
    longest: Array,
) -> None:
    """Fill ``codes`` and ``flags`` (columns × rows) and ``known`` (per column; −1: its values hardly repeat).

    ``entries`` (columns × most × 4): what is known of each value, the row where it stands first among it. ``flags``
    belong to values where they repeat, else to rows; ``slots`` (columns × a power of two) are −1; ``longest`` per column
    in bytes.
    """
    for start in range(0, count, _TILE):
        end = min(start + _TILE, count)
        for column in range(len(views)):
            for soon in range(end, min(end + _TILE, count)):
                fetch(views, buffers, column, soon)
            most = longest[column]
            for row in range(start, end):
                most = max(most, np.int64(length_of(views, column, row)))
            longest[column] = most
            row = start
            if known[column] != _GIVEN_UP:
                row, values = _number(
                    views,
                    buffers,
                    column,
                    start,
                    end,
                    known[column],
                    codes[column],
                    flags[column],
                    entries[column],
                    slots[column],
                )
                known[column] = values
                if row < end:
                    known[column] = _GIVEN_UP
                    for earlier in range(row - 1, -1, -1):  # a value's number is never above the row it stands in
                        flags[column, earlier] = flags[column, codes[column, earlier]]
            for place in range(row, end):
                flags[column, place] = _like(address_of(views, buffers, column, place), length_of(views, column, place))


@numba.njit(cache=True)
def like(views: Array, buffers: Array, column: Number, count: Number, flags: Array) -> Number:
    """Flags of the rows of one column; the length of the longest text."""
    longest: Number = 0
    for row in range(count):
        length = length_of(views, column, row)
        longest = max(longest, np.int64(length))
        flags[row] = _like(address_of(views, buffers, column, row), length)
    return longest


@dataclass(frozen=True)
class Survey:
    """What was seen in one column.

    ``codes``: per row the number of its value (int32), and ``first``: the row where each value stands first, both None where
    values hardly repeat; ``flags``: per value, or per row where they are None; ``longest`` text in bytes.
    """

    flags: np.ndarray
    longest: int
    codes: np.ndarray | None = None
    first: np.ndarray | None = None


def survey(texts: Texts) -> list[Survey]:
    """Look at every column."""
    width, count = len(texts.views), texts.count
    codes, flags = np.empty((width, count), dtype=np.int32), np.empty((width, count), dtype=np.uint8)
    entries, slots = np.empty((width, _MOST, 4), dtype=np.uint64), np.full((width, 2 * _MOST), -1, dtype=np.int16)
    known, longest = np.zeros(width, dtype=np.int64), np.zeros(width, dtype=np.int64)
    look(texts.views, texts.buffers, count, codes, flags, entries, slots, known, longest)
    return [
        Survey(flags[column], most)
        if values == _GIVEN_UP
        else Survey(flags[column, :values], most, codes[column], entries[column, :values, _ROW].astype(np.uint32))
        for column, (values, most) in enumerate(zip(known.tolist(), longest.tolist(), strict=True))
    ]


def of_distinct(texts: Texts) -> Survey:
    """Look at one column whose values are known to differ."""
    flags = np.empty(texts.count, dtype=np.uint8)
    longest = like(texts.views, texts.buffers, 0, texts.count, flags)
    return Survey(flags, longest)
