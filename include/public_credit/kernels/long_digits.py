"""Texts that hold enough digits to be an identity, mobile or card number, with anything but letters between them."""

from __future__ import annotations

import numba
import numpy as np

from .memory import Number, load8

SHORTEST = 11  # characters of the shortest number looked for
_BREAK, _DIGIT, _GAP, _LEAD = 0, 1, 2, 3
_KINDS = np.full(256, _GAP, dtype=np.uint8)
_KINDS[ord("0") : ord("9") + 1] = _DIGIT
_KINDS[[*range(ord("A"), ord("Z") + 1), *range(ord("a"), ord("z") + 1)]] = _BREAK
_KINDS[0xE4:0xEA] = _BREAK  # ideographs
_KINDS[[0xC2, 0xD9, 0xDB, 0xDF, 0xE0, 0xE1, 0xE2, 0xE3, 0xEA, 0xEF, 0xF0]] = _LEAD  # of characters digits are among


@numba.njit()
def _may_be_digit(lead: Number, place: Number) -> bool:
    """Whether a character of several bytes may be a digit: full width or raised surely, of other scripts roughly."""
    second = load8(place + np.uint64(1))
    if lead == 0xEF:
        return bool(second == 0xBC and 0x90 <= load8(place + np.uint64(2)) <= 0x99)
    if lead == 0xC2:
        return bool(second == 0xB2 or second == 0xB3 or second == 0xB9)
    if lead == 0xE2:
        return bool(second > 0x80)  # below are blanks, dashes and quotes
    return bool(lead != 0xE3 or 0x88 <= second <= 0x8A)


@numba.njit()
def _many(address: Number, start: Number, end: Number) -> bool:
    """Whether there are eleven digits among bytes none of which is a letter."""
    digits = 0
    for place in range(start, end):
        byte = load8(address + np.uint64(place))
        kind = _KINDS[byte]
        if kind == _DIGIT or (kind == _LEAD and _may_be_digit(byte, address + np.uint64(place))):
            digits += 1
            if digits == SHORTEST:
                return True
    return False


@numba.njit()
def held(address: Number, length: Number) -> bool:
    """Whether a text, which is valid UTF-8, holds such a run.

    Every eleventh byte is looked at: a run of so many bytes cannot lie between two of them.
    """
    length, place, before = np.int64(length), SHORTEST - 1, 0
    while place < length:
        if _KINDS[load8(address + np.uint64(place))] == _BREAK:
            place += SHORTEST
            continue
        start = place
        while start > before and _KINDS[load8(address + np.uint64(start - 1))] != _BREAK:
            start -= 1
        end = place + 1
        while end < length and _KINDS[load8(address + np.uint64(end))] != _BREAK:
            end += 1
        if end - start >= SHORTEST and _many(address, start, end):
            return True
        before, place = end, end + SHORTEST
    return False
