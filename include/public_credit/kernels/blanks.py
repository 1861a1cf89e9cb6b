"""Texts that may begin or end with a blank, whatever Unicode calls one: few, and looked at closely by the caller."""

from __future__ import annotations

import numba
import numpy as np

from .memory import Number, load8


@numba.njit(inline="always")
def _blank_of_two(first: Number, second: Number) -> Number:
    """U+0085, U+00A0, U+00AD."""
    return first == 0xC2 and (second == 0x85 or second == 0xA0 or second == 0xAD)


@numba.njit(inline="always")
def _blank_of_three(first: Number, second: Number, third: Number) -> Number:
    """U+1680, U+2000 … 203F and U+205F (a few more than blanks), U+3000, U+FEFF."""
    return (
        (first == 0xE2 and (second == 0x80 or second == 0x81))
        or (first == 0xE3 and second == 0x80 and third == 0x80)
        or (first == 0xEF and second == 0xBB and third == 0xBF)
        or (first == 0xE1 and second == 0x9A and third == 0x80)
    )


@numba.njit()
def at_an_end(address: Number, length: Number) -> Number:
    """Whether the first or the last character may be a blank."""
    if length == 0:
        return False
    end = address + length
    first, last = load8(address), load8(end - np.uint64(1))
    if first <= 32 or last <= 32:
        return True
    if length < 2 or (first < 0x80 and last < 0x80):
        return False
    second, before = load8(address + np.uint64(1)), load8(end - np.uint64(2))
    if _blank_of_two(first, second) or _blank_of_two(before, last):
        return True
    return length >= 3 and (
        _blank_of_three(first, second, load8(address + np.uint64(2)))
        or _blank_of_three(load8(end - np.uint64(3)), before, last)
    )
