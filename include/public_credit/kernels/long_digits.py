"""Texts that hold enough digits in a row to be an identity, mobile or card number."""

from __future__ import annotations

import numba
import numpy as np

from .memory import Number, load8

SHORTEST = 11  # characters of the shortest number looked for
_DIGIT, _GAP, _WIDE_LEAD = 1, 2, 3
_KINDS = np.zeros(256, dtype=np.uint8)
_KINDS[ord("0") : ord("9") + 1] = _DIGIT
_KINDS[[ord(" "), ord("-")]] = _GAP
_KINDS[0xEF] = _WIDE_LEAD  # full width: EF BC 90 … 99 are digits, EF BC 8D is a hyphen
_MAY_BELONG = _KINDS != 0
_MAY_BELONG[[0xBC, 0x8D, *range(0x90, 0x9A)]] = True


@numba.njit()
def _long_run(address: Number, start: Number, end: Number) -> bool:
    """Whether the bytes hold eleven digits of either width with at most one blank or hyphen between two of them."""
    digits, gap, place = 0, False, start
    while place < end:
        kind: Number = _KINDS[load8(address + np.uint64(place))]
        width = 1
        if kind == _WIDE_LEAD:
            kind = 0
            if place + 2 < end and load8(address + np.uint64(place + 1)) == 0xBC:
                last, width = load8(address + np.uint64(place + 2)), 3
                if 0x90 <= last <= 0x99:
                    kind = _DIGIT
                elif last == 0x8D:
                    kind = _GAP
        if kind == _DIGIT:
            digits, gap = digits + 1, False
            if digits == SHORTEST:
                return True
        elif kind == _GAP and digits and not gap:
            gap = True
        else:
            digits, gap = 0, False
        place += width
    return False


@numba.njit()
def held(address: Number, length: Number) -> bool:
    """Whether a text holds such a run.

    Every eleventh byte is looked at: a run of so many bytes cannot lie between two of them.
    """
    length, place, before = np.int64(length), SHORTEST - 1, 0
    while place < length:
        if not _MAY_BELONG[load8(address + np.uint64(place))]:
            place += SHORTEST
            continue
        start = place
        while start > before and _MAY_BELONG[load8(address + np.uint64(start - 1))]:
            start -= 1
        end = place + 1
        while end < length and _MAY_BELONG[load8(address + np.uint64(end))]:
            end += 1
        if end - start >= SHORTEST and _long_run(address, start, end):
            return True
        before, place = end, end + SHORTEST
    return False
