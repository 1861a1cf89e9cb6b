"""Texts that hold one of a few words (Wu and Manber's search: most of a text is skipped)."""

from __future__ import annotations

from functools import lru_cache

import numba
import numpy as np

from .memory import Array, Number, load8
from .views import address_of, fetch, length_of


@lru_cache(maxsize=32)
def prepared(words: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What ``mark`` needs to know: (shift per pair of bytes, all words' bytes, where each begins and the last ends); words of two bytes or more."""
    encoded = [word.encode() for word in words]
    shortest = min(map(len, encoded))
    if shortest < 2:
        raise ValueError("a word to search for has at least two bytes")
    shift = np.full(1 << 16, shortest - 1, dtype=np.uint8)
    for word in encoded:
        for place in range(1, shortest):
            pair = word[place - 1] | word[place] << 8
            shift[pair] = min(shift[pair], shortest - 1 - place)
    starts = np.cumsum([0, *map(len, encoded)])
    return shift, np.frombuffer(b"".join(encoded), dtype=np.uint8), starts


@numba.njit(cache=True)
def _stands_at(address: Number, left: Number, letters: Array, starts: Array) -> bool:
    """Whether a word stands at the address; ``left`` bytes are left of the text."""
    for word in range(len(starts) - 1):
        first, end = starts[word], starts[word + 1]
        if end - first > left:
            continue
        place = first
        while place < end and load8(address + np.uint64(place - first)) == letters[place]:
            place += 1
        if place == end:
            return True
    return False


@numba.njit(cache=True)
def mark(
    views: Array,
    buffers: Array,
    column: Number,
    count: Number,
    shift: Array,
    letters: Array,
    starts: Array,
    marks: Array,
) -> int:
    """Marks the rows of a column that hold a word; how many."""
    shortest, found = np.int64(1 << 62), 0
    for word in range(len(starts) - 1):
        shortest = min(shortest, starts[word + 1] - starts[word])
    for row in range(count):
        marks[row] = False
        if row + 4 < count:
            fetch(views, buffers, column, row + 4)
        length = np.int64(length_of(views, column, row))
        if length < shortest:
            continue
        address, place = address_of(views, buffers, column, row), shortest - 1
        while place < length:
            last = address + np.uint64(place)
            step = shift[np.int64(load8(last - np.uint64(1))) | np.int64(load8(last)) << 8]
            if step == 0:
                first = place - shortest + 1
                if _stands_at(address + np.uint64(first), length - first, letters, starts):
                    marks[row] = True
                    found += 1
                    break
                step = 1
            place += step
    return found
