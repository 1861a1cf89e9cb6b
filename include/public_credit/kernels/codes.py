"""Codes that are not in their plain form: anything but digits and capital letters."""

from __future__ import annotations

import numba
import numpy as np

from .memory import Number, load8


@numba.njit()
def odd(address: Number, length: Number) -> bool:
    """Whether a text holds another byte than 0–9 and A–Z."""
    for place in range(length):
        byte = load8(address + np.uint64(place))
        if not (48 <= byte <= 57 or 65 <= byte <= 90):
            return True
    return False
