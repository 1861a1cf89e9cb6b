"""Whole columns of identifiers at once: byte matrices in, Boolean arrays out (numpy); agrees with ``identifiers``."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from . import identifiers as one


def _table(alphabet: str) -> np.ndarray:
    """Byte value → position in the alphabet, 255 for a byte outside it."""
    table = np.full(256, 255, dtype=np.uint8)
    for position, char in enumerate(alphabet):
        table[ord(char)] = position
    return table


def _bytes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("ascii"), dtype=np.uint8)


_USCC_VALUES = _table(one.USCC_ALPHABET)
_ORG_VALUES = _table(one.ORG_ALPHABET)
_DIGITS = _table("0123456789")
_USCC_WEIGHTS = np.array(one.USCC_WEIGHTS, dtype=np.int64)
_ORG_WEIGHTS = np.array(one.ORG_WEIGHTS, dtype=np.int64)
_ID_WEIGHTS = np.array(one.ID_WEIGHTS, dtype=np.int64)
_DEPARTMENTS = _bytes(one.USCC_DEPARTMENTS)
_ORG_CHECKS = _bytes(one.ORG_CHECKS)
_ID_CHECKS = _bytes(one.ID_CHECKS)


def series_bytes(series: pl.Series, width: int) -> tuple[np.ndarray, np.ndarray]:
    """The column as a byte matrix (rows × ``width``), and which rows have exactly this width in ASCII.

    Rows of another width are zeros in the matrix.
    """
    fits = ((series.str.len_bytes() == width) & (series.str.len_chars() == width)).fill_null(False)
    if not fits.all():
        series = pl.select(pl.when(fits).then(series).otherwise(pl.lit("0" * width))).to_series()
    joined = series.str.join("").item() if len(series) else ""
    return np.frombuffer(joined.encode("ascii"), dtype=np.uint8).reshape(-1, width), fits.to_numpy()


def org_codes_valid(chars: np.ndarray) -> np.ndarray:
    """组织机构代码 (n × 9 bytes), GB 11714."""
    values = _ORG_VALUES[chars[:, :8]]
    sums = values.astype(np.int64) @ _ORG_WEIGHTS
    return (values != 255).all(axis=1) & (chars[:, 8] == _ORG_CHECKS[sums % 11])


def usccs_valid(chars: np.ndarray) -> np.ndarray:
    """统一社会信用代码 (n × 18 bytes), GB 32100: alphabet, department, check character, embedded 组织机构代码."""
    values = _USCC_VALUES[chars]
    in_alphabet = (values != 255).all(axis=1)
    sums = values[:, :17].astype(np.int64) @ _USCC_WEIGHTS
    department = np.isin(chars[:, 0], _DEPARTMENTS)
    region = (_DIGITS[chars[:, 2:8]] != 255).all(axis=1)
    return (in_alphabet & department & region & (values[:, 17] == (31 - sums % 31) % 31)
            & org_codes_valid(chars[:, 8:17]))


def births_plausible(chars: np.ndarray, latest: date) -> np.ndarray:
    """Whether eight digits (n × 8 bytes, YYYYMMDD) are a real date from 1800 to ``latest``."""
    digits = _DIGITS[chars]
    numeric = (digits != 255).all(axis=1)
    clean = np.where(numeric[:, None], digits, 0).astype(np.int64)
    year = clean[:, :4] @ np.array([1000, 100, 10, 1])
    month, day = clean[:, 4:6] @ np.array([10, 1]), clean[:, 6:8] @ np.array([10, 1])
    leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
    lengths = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    in_month = lengths[np.where((month >= 1) & (month <= 12), month, 0)] + ((month == 2) & leap)
    number = year * 10000 + month * 100 + day
    last = latest.year * 10000 + latest.month * 100 + latest.day
    return numeric & (year >= one.EARLIEST_BIRTH) & (day >= 1) & (day <= in_month) & (number <= last)


def ids_checksum_valid(chars: np.ndarray) -> np.ndarray:
    """Check character of 公民身份号码 (n × 18 bytes), mod 11-2; digits elsewhere."""
    digits = _DIGITS[chars[:, :17]]
    numeric = (digits != 255).all(axis=1)
    sums = np.where(numeric[:, None], digits, 0).astype(np.int64) @ _ID_WEIGHTS
    return numeric & (chars[:, 17] == _ID_CHECKS[sums % 11])


def id_numbers_valid(series: pl.Series, on: date) -> np.ndarray:
    """公民身份号码 of a canonical column: 18 characters with check character and birth date, or 15 digits (legacy)."""
    chars, fits = series_bytes(series, 18)
    good = fits & ids_checksum_valid(chars) & births_plausible(chars[:, 6:14], on)
    chars, fits = series_bytes(series, 15)
    if fits.any():
        century = np.tile(_bytes("19"), (len(chars), 1))
        digits = (_DIGITS[chars] != 255).all(axis=1)
        good |= fits & digits & births_plausible(np.concatenate([century, chars[:, 6:12]], axis=1), on)
    return good


def registrations_valid(chars: np.ndarray) -> np.ndarray:
    """15-digit 工商注册号 (n × 15 bytes): ISO 7064 mod 11,10."""
    digits = _DIGITS[chars]
    numeric = (digits != 255).all(axis=1)
    clean = np.where(numeric[:, None], digits, 0).astype(np.int64)
    product = np.full(len(chars), 10, dtype=np.int64)
    for position in range(14):
        total = (product + clean[:, position]) % 10
        product = np.where(total == 0, 10, total) * 2 % 11
    return numeric & ((11 - product) % 10 == clean[:, 14])
