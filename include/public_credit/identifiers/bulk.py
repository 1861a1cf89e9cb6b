"""Whole columns of identifiers: which of the values are valid, as NumPy arrays of Booleans; agrees with ``codes``.

The values of the length in question are taken as a matrix of bytes, one row each; no column holds NULL.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, TypeAlias

import numpy as np
import polars as pl

from . import codes

Marks: TypeAlias = "np.ndarray[Any, np.dtype[np.bool_]]"
_OUTSIDE = 255
_ONE_BUFFER = pl.CompatLevel.oldest()  # of Arrow's layouts the one that has all texts behind each other


def _table(alphabet: str) -> np.ndarray:
    """Byte value → position in the alphabet, 255 for a byte outside it."""
    table = np.full(256, _OUTSIDE, dtype=np.uint8)
    table[np.frombuffer(alphabet.encode(), dtype=np.uint8)] = np.arange(len(alphabet))
    return table


_DIGIT, _USCC, _ORG = _table("0123456789"), _table(codes.USCC_ALPHABET), _table(codes.ORG_ALPHABET)
_DEPARTMENT = np.isin(np.arange(256), [ord(char) for char in codes.USCC_DEPARTMENTS])
_ORG_CHECKS, _ID_CHECKS = (np.frombuffer(text.encode(), dtype=np.uint8) for text in (codes.ORG_CHECKS, codes.ID_CHECKS))
_MONTH_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


def _of_length(series: pl.Series, length: int, valid: Callable[[np.ndarray], Marks]) -> Marks:
    """Marks of the values of so many bytes for which ``valid`` says so of their matrix; the others have none."""
    of_length = series.str.len_bytes() == length
    marks = np.array(of_length)
    some = series.filter(of_length).to_arrow(compat_level=_ONE_BUFFER)
    if len(some):
        text = np.frombuffer(some.buffers()[2], dtype=np.uint8, count=len(some) * length)
        marks[marks] = valid(text.reshape(-1, length))
    return marks


def _sums(values: np.ndarray, weights: tuple[int, ...]) -> np.ndarray:
    """Weighted sum of each row."""
    return values.astype(np.int32) @ np.array(weights, dtype=np.int32)


def _digits(letters: np.ndarray) -> Marks:
    """Rows of digits alone."""
    return np.asarray((_DIGIT[letters] != _OUTSIDE).all(axis=1))


def _numbers(letters: np.ndarray) -> np.ndarray:
    """Rows of digits as numbers."""
    return _sums(_DIGIT[letters], tuple(10**place for place in reversed(range(letters.shape[1]))))


def _org_codes(letters: np.ndarray) -> Marks:
    values = _ORG[letters[:, :8]]
    checks = _ORG_CHECKS[_sums(values, codes.ORG_WEIGHTS) % 11]
    return np.asarray((values != _OUTSIDE).all(axis=1) & (letters[:, 8] == checks))


def _usccs(letters: np.ndarray) -> Marks:
    values = _USCC[letters]
    checks = (31 - _sums(values[:, :17], codes.USCC_WEIGHTS) % 31) % 31
    return np.asarray(
        (values != _OUTSIDE).all(axis=1)
        & (values[:, 17] == checks)
        & _DEPARTMENT[letters[:, 0]]
        & _digits(letters[:, 2:8])
        & _org_codes(letters[:, 8:])
    )


def _registrations(letters: np.ndarray) -> Marks:
    digits, product = _DIGIT[letters].astype(np.int32), np.full(len(letters), 10, dtype=np.int32)
    for place in range(14):
        total = (product + digits[:, place]) % 10
        product = np.where(total == 0, 10, total) * 2 % 11
    return np.asarray(_digits(letters) & (digits[:, 14] == (11 - product) % 10))


def _born(year: np.ndarray, month: np.ndarray, day: np.ndarray, on: date) -> Marks:
    """Which of these are days from 1800 up to one."""
    known = (month >= 1) & (month <= 12)
    leap = (month == 2) & (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    last = _MONTH_DAYS[np.where(known, month, 0)] + leap
    days, latest = year * 10000 + month * 100 + day, on.year * 10000 + on.month * 100 + on.day
    return np.asarray(known & (year >= codes.EARLIEST_BIRTH) & (day >= 1) & (day <= last) & (days <= latest))


def _id_numbers(letters: np.ndarray, on: date) -> Marks:
    checks = _ID_CHECKS[_sums(_DIGIT[letters[:, :17]], codes.ID_WEIGHTS) % 11]
    born = _born(_numbers(letters[:, 6:10]), _numbers(letters[:, 10:12]), _numbers(letters[:, 12:14]), on)
    return np.asarray(_digits(letters[:, :17]) & (letters[:, 17] == checks) & born)


def _old_id_numbers(letters: np.ndarray, on: date) -> Marks:
    born = _born(1900 + _numbers(letters[:, 6:8]), _numbers(letters[:, 8:10]), _numbers(letters[:, 10:12]), on)
    return _digits(letters) & born


def org_codes_valid(series: pl.Series) -> Marks:
    """组织机构代码, GB 11714."""
    return _of_length(series, 9, _org_codes)


def usccs_valid(series: pl.Series) -> Marks:
    """统一社会信用代码, GB 32100: alphabet, department, check character, embedded 组织机构代码."""
    return _of_length(series, 18, _usccs)


def org_codes_embedded(usccs: pl.Series, org_codes: pl.Series) -> Marks:
    """Whether each 统一社会信用代码 of 18 ASCII characters holds the 组织机构代码 beside it (characters 9 to 17)."""
    return np.asarray(
        (usccs.str.len_bytes() == 18) & (org_codes.str.len_bytes() == 9) & (usccs.str.slice(8, 9) == org_codes)
    )


def id_numbers_valid(series: pl.Series, on: date) -> Marks:
    """公民身份号码: 18 characters, check character and a birth date up to ``on``; or 15 digits (legacy)."""
    return _of_length(series, 18, lambda letters: _id_numbers(letters, on)) | _of_length(
        series, 15, lambda letters: _old_id_numbers(letters, on)
    )


def registrations_valid(series: pl.Series) -> Marks:
    """工商注册号 of 15 digits: ISO 7064 mod 11,10."""
    return _of_length(series, 15, _registrations)
