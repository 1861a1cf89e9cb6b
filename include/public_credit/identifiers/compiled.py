"""Check characters of whole columns of identifiers; the rules of each are told in ``identifiers``."""

from __future__ import annotations

import numba
import numpy as np

from ..kernels.memory import Array, Number, load8, load64
from ..kernels.views import address_of, fetch_ahead, length_of
from . import codes as one


def _table(alphabet: str) -> np.ndarray:
    """Byte value → position in the alphabet, 255 for a byte outside it."""
    table = np.full(256, 255, dtype=np.uint8)
    for position, char in enumerate(alphabet):
        table[ord(char)] = position
    return table


_USCC, _ORG = _table(one.USCC_ALPHABET), _table(one.ORG_ALPHABET)
_DEPARTMENT = np.isin(np.arange(256), [ord(char) for char in one.USCC_DEPARTMENTS])
_ORG_CHECKS, _ID_CHECKS = (np.frombuffer(text.encode(), dtype=np.uint8) for text in (one.ORG_CHECKS, one.ID_CHECKS))
_USCC_WEIGHTS, _ORG_WEIGHTS, _ID_WEIGHTS = (
    np.array(weights, dtype=np.int64) for weights in (one.USCC_WEIGHTS, one.ORG_WEIGHTS, one.ID_WEIGHTS)
)
_MONTH_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], dtype=np.int64)
_EARLIEST = one.EARLIEST_BIRTH


@numba.njit(inline="always")
def _byte(address: Number, place: Number) -> Number:
    return load8(address + numba.uint64(place))


@numba.njit(inline="always")
def _number(address: Number, first: Number, count: Number) -> Number:
    """Digits as a number, −1 where another character stands."""
    value = 0
    for place in range(first, first + count):
        digit = numba.int64(_byte(address, place)) - 48
        if digit < 0 or digit > 9:
            return -1
        value = value * 10 + digit
    return value


@numba.njit(inline="always")
def _org_code(address: Number) -> Number:
    total = 0
    for place in range(8):
        value = _ORG[_byte(address, place)]
        if value == 255:
            return False
        total += value * _ORG_WEIGHTS[place]
    return _byte(address, 8) == _ORG_CHECKS[total % 11]


@numba.njit(inline="always")
def _uscc(address: Number) -> Number:
    total = 0
    for place in range(17):
        value = _USCC[_byte(address, place)]
        if value == 255:
            return False
        total += value * _USCC_WEIGHTS[place]
    return (
        _USCC[_byte(address, 17)] == (31 - total % 31) % 31
        and _DEPARTMENT[_byte(address, 0)]
        and _number(address, 2, 6) >= 0
        and _org_code(address + numba.uint64(8))
    )


@numba.njit(inline="always")
def _registration(address: Number) -> Number:
    product = 10
    for place in range(14):
        digit = _number(address, place, 1)
        if digit < 0:
            return False
        total = (product + digit) % 10
        product = (total if total else 10) * 2 % 11
    return _number(address, 14, 1) == (11 - product) % 10


@numba.njit(inline="always")
def _born(year: Number, month: Number, day: Number, latest: Number) -> Number:
    """Whether this is a day from 1800 to ``latest`` (YYYYMMDD)."""
    if year < _EARLIEST or month < 1 or month > 12:
        return False
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 1 <= day <= _MONTH_DAYS[month] + leap and year * 10000 + month * 100 + day <= latest


@numba.njit(inline="always")
def _id_number(address: Number, latest: Number) -> Number:
    total = 0
    for place in range(17):
        digit = _number(address, place, 1)
        if digit < 0:
            return False
        total += digit * _ID_WEIGHTS[place]
    return _byte(address, 17) == _ID_CHECKS[total % 11] and _born(
        _number(address, 6, 4), _number(address, 10, 2), _number(address, 12, 2), latest
    )


@numba.njit(cache=True)
def org_codes(views: Array, buffers: Array, column: Number, count: Number, marks: Array) -> None:
    """Marks valid 组织机构代码."""
    for row in range(count):
        fetch_ahead(views, buffers, column, row, count)
        marks[row] = length_of(views, column, row) == 9 and _org_code(address_of(views, buffers, column, row))


@numba.njit(cache=True)
def usccs(views: Array, buffers: Array, column: Number, count: Number, marks: Array) -> None:
    """Marks valid 统一社会信用代码."""
    for row in range(count):
        fetch_ahead(views, buffers, column, row, count)
        marks[row] = length_of(views, column, row) == 18 and _uscc(address_of(views, buffers, column, row))


@numba.njit(cache=True)
def registrations(views: Array, buffers: Array, column: Number, count: Number, marks: Array) -> None:
    """Marks 工商注册号 of 15 digits with the right check digit."""
    for row in range(count):
        fetch_ahead(views, buffers, column, row, count)
        marks[row] = length_of(views, column, row) == 15 and _registration(address_of(views, buffers, column, row))


@numba.njit(cache=True)
def id_numbers(views: Array, buffers: Array, column: Number, count: Number, latest: Number, marks: Array) -> None:
    """Marks valid 公民身份号码, of 15 digits too, of persons born by ``latest`` (YYYYMMDD)."""
    for row in range(count):
        fetch_ahead(views, buffers, column, row, count)
        length, address = length_of(views, column, row), address_of(views, buffers, column, row)
        if length == 18:
            marks[row] = _id_number(address, latest)
        else:
            marks[row] = (
                length == 15
                and _number(address, 0, 15) >= 0
                and _born(1900 + _number(address, 6, 2), _number(address, 8, 2), _number(address, 10, 2), latest)
            )


@numba.njit(cache=True)
def embedded(views: Array, buffers: Array, count: Number, marks: Array) -> None:
    """Marks rows whose second column is characters 9 to 17 of the 18 in the first."""
    for row in range(count):
        fetch_ahead(views, buffers, 0, row, count)
        fetch_ahead(views, buffers, 1, row, count)
        same = length_of(views, 0, row) == 18 and length_of(views, 1, row) == 9
        if same:
            whole, part = address_of(views, buffers, 0, row) + np.uint64(8), address_of(views, buffers, 1, row)
            same = load64(whole) == load64(part) and _byte(whole, 8) == _byte(part, 8)
        marks[row] = same
