"""Texts that may begin or end with a blank, whatever Unicode calls one: few, and looked at closely by the caller."""

from __future__ import annotations

import numba
import numpy as np

from .memory import load8
from .views import address_of, length_of


@numba.njit(inline="always")
def _blank_of_two(first, second):
    """U+0085, U+00A0."""
    return first == 0xC2 and (second == 0x85 or second == 0xA0)


@numba.njit(inline="always")
def _blank_of_three(first, second, third):
    """U+1680, U+2000 … 203F and U+205F (a few more than blanks), U+3000, U+FEFF."""
    return ((first == 0xE2 and (second == 0x80 or second == 0x81)) or (first == 0xE3 and second == 0x80 and third == 0x80)
            or (first == 0xEF and second == 0xBB and third == 0xBF) or (first == 0xE1 and second == 0x9A and third == 0x80))


@numba.njit(cache=True)
def mark(views, buffers, column, count, marks):
    """Marks the rows of a column whose first or last character may be a blank; how many."""
    found = 0
    for row in range(count):
        marks[row] = False
        length = length_of(views, column, row)
        if length == 0:
            continue
        start = address_of(views, buffers, column, row)
        end = start + length
        first, last = load8(start), load8(end - np.uint64(1))
        blank = first <= 32 or last <= 32
        if not blank and length >= 2 and (first >= 0x80 or last >= 0x80):
            before = load8(end - np.uint64(2))
            blank = _blank_of_two(first, load8(start + np.uint64(1))) or _blank_of_two(before, last)
            if not blank and length >= 3:
                blank = (_blank_of_three(first, load8(start + np.uint64(1)), load8(start + np.uint64(2)))
                         or _blank_of_three(load8(end - np.uint64(3)), before, last))
        if blank:
            marks[row] = True
            found += 1
    return found
