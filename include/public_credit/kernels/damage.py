"""Texts that may have been damaged on the way: few are flagged that were not, none is missed that ``land.rules.checks.damage`` finds."""

from __future__ import annotations

import numba
import numpy as np

from .memory import Number, load8, load64

# First bytes of Chinese characters in UTF-8, and what follows them, as other encodings show them.
# First letters of Chinese in GB 18030 that was read as Latin-1 are any of its upper half, those of UTF-8 among them.
LEADS, FOLLOWERS = (0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEF), range(0x80, 0xC0)
AS_GBK = "".join(bytes((lead, after)).decode("gb18030") for lead in LEADS for after in FOLLOWERS)
AS_LATIN = "".join(map(chr, range(0xA1, 0xFF)))
_FIRST = np.zeros(1 << 16, dtype=np.bool_)
_FIRST[[ord(char) for char in AS_GBK + AS_LATIN]] = True
_SHOWN = np.zeros(256, dtype=np.bool_)  # first letters of what programs show in the place of a text
_SHOWN[[ord(letter) for letter in "bm<\\0xX#[{%&=SHj"]] = True
_ONES, _HIGHS = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
_QUESTION, _PRIVATE, _SPECIAL, _KUN, _LONG, _KIND = (
    np.uint64(byte) * _ONES for byte in (0x3F, 0xEE, 0xEF, 0x9F, 0xF0, 0xF8)
)


@numba.njit(inline="always")
def _has_zero(word: Number) -> Number:
    return (word - _ONES) & ~word & _HIGHS


@numba.njit()
def _odd_at(address: Number, place: Number, length: Number) -> bool:
    """Whether U+FFFD, 锟斤, a private-use character or the first of two ? stands at (锟斤: ends at) this byte."""
    byte, left = load8(address + np.uint64(place)), length - place
    if byte == 0x3F:
        return bool(left > 1 and load8(address + np.uint64(place + 1)) == 0x3F)
    if byte == 0xEF and left > 2:
        second = load8(address + np.uint64(place + 1))
        if second == 0xBF:
            return bool(load8(address + np.uint64(place + 2)) == 0xBD)
        return bool(second <= 0xA3)
    if byte == 0xF3:
        return bool(left > 1 and load8(address + np.uint64(place + 1)) >= 0xB0)
    if byte == 0x9F and place > 1:
        return bool(load8(address + np.uint64(place - 1)) == 0x94 and load8(address + np.uint64(place - 2)) == 0xE9)
    return bool(byte == 0xEE or byte == 0xF4)


@numba.njit()
def _foreign_start(address: Number, length: Number) -> bool:
    """Whether the first character that is not ASCII is one that UTF-8 begins with when it is read in another encoding."""
    place = 0
    while place < length and load8(address + np.uint64(place)) < 0x80:
        place += 1
    if place + 1 >= length:
        return False
    lead, second = np.int64(load8(address + np.uint64(place))), np.int64(load8(address + np.uint64(place + 1)))
    if lead < 0xE0:
        return bool(_FIRST[(lead & 0x1F) << 6 | second & 0x3F])
    if lead < 0xF0 and place + 2 < length:
        third = np.int64(load8(address + np.uint64(place + 2)))
        return bool(_FIRST[(lead & 0x0F) << 12 | (second & 0x3F) << 6 | third & 0x3F])
    return False


@numba.njit()
def doubtful(address: Number, length: Number) -> bool:
    """Whether a text, which is valid UTF-8, may be damaged."""
    length, place = np.int64(length), 0
    if length and _SHOWN[load8(address)]:
        return True
    while place + 8 <= length:
        word = load64(address + np.uint64(place))
        if (
            _has_zero(word ^ _QUESTION)
            | _has_zero(word ^ _PRIVATE)
            | _has_zero(word ^ _SPECIAL)
            | _has_zero(word ^ _KUN)
            | _has_zero((word & _KIND) ^ _LONG)
        ):
            for one in range(place, place + 8):
                if _odd_at(address, one, length):
                    return True
        place += 8
    for one in range(place, length):
        if _odd_at(address, one, length):
            return True
    return _foreign_start(address, length)
