"""Codes that are not in their plain form: anything but digits and capital letters."""

from __future__ import annotations

import numba
import numpy as np

from .memory import load8
from .views import address_of, length_of


@numba.njit(cache=True)
def mark(views, buffers, column, count, marks):
    """Marks the rows of a column whose text holds another byte than 0–9 and A–Z; how many."""
    found = 0
    for row in range(count):
        address, length = address_of(views, buffers, column, row), length_of(views, column, row)
        marks[row] = False
        for place in range(length):
            byte = load8(address + np.uint64(place))
            if not (48 <= byte <= 57 or 65 <= byte <= 90):
                marks[row] = True
                found += 1
                break
    return found
