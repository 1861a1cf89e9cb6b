"""Whole columns of identifiers: byte matrices in, Boolean arrays out (numpy); agrees with ``identifiers``."""

from __future__ import annotations

from collections.abc import Sequence
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
_DEPARTMENTS = _bytes(one.USCC_DEPARTMENTS)
_ORG_CHECKS = _bytes(one.ORG_CHECKS)
_ID_CHECKS = _bytes(one.ID_CHECKS)
_MONTH_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


def _places(chars: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Alphabet positions, one contiguous line per place (width × n): several times faster in numpy."""
    return table.take(np.ascontiguousarray(chars.T))


def _known(places: np.ndarray) -> np.ndarray:
    """Whether every character is in the alphabet."""
    return places.max(axis=0, initial=0) != 255


def _weighted(places: np.ndarray, weights: Sequence[int]) -> np.ndarray:
    """Sum of place × weight; of no meaning where a character is not in the alphabet."""
    total = np.zeros(places.shape[1], dtype=np.uint16)
    for place, weight in zip(places, weights, strict=True):
        total += place * np.uint16(weight)
    return total


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
    places = _places(chars[:, :8], _ORG_VALUES)
    return _known(places) & (chars[:, 8] == _ORG_CHECKS.take(_weighted(places, one.ORG_WEIGHTS) % 11))


def usccs_valid(chars: np.ndarray) -> np.ndarray:
    """统一社会信用代码 (n × 18 bytes), GB 32100: alphabet, department, check character, embedded 组织机构代码."""
    places = _places(chars, _USCC_VALUES)
    check = (31 - _weighted(places[:17], one.USCC_WEIGHTS) % 31) % 31
    region = places[2:8].max(axis=0, initial=0) < 10
    return (
        _known(places)
        & np.isin(chars[:, 0], _DEPARTMENTS)
        & region
        & (places[17] == check)
        & org_codes_valid(chars[:, 8:17])
    )


def births_plausible(chars: np.ndarray, latest: date) -> np.ndarray:
    """Whether eight digits (n × 8 bytes, YYYYMMDD) are a real date from 1800 to ``latest``."""
    places = _places(chars, _DIGITS)
    numeric = _known(places)
    places = np.where(numeric, places, 0).astype(np.uint8)
    year = _weighted(places[:4], (1000, 100, 10, 1)).astype(np.int64)
    month, day = _weighted(places[4:6], (10, 1)), _weighted(places[6:], (10, 1))
    leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
    days = _MONTH_DAYS.take(np.where(month <= 12, month, 0)) + ((month == 2) & leap)
    last = latest.year * 10000 + latest.month * 100 + latest.day
    return (
        numeric
        & (year >= one.EARLIEST_BIRTH)
        & (day >= 1)
        & (day <= days)
        & (year * 10000 + month * 100 + day <= last)
    )


def ids_checksum_valid(chars: np.ndarray) -> np.ndarray:
    """Check character of 公民身份号码 (n × 18 bytes), mod 11-2; digits elsewhere."""
    places = _places(chars[:, :17], _DIGITS)
    return _known(places) & (chars[:, 17] == _ID_CHECKS.take(_weighted(places, one.ID_WEIGHTS) % 11))


def id_numbers_valid(series: pl.Series, on: date) -> np.ndarray:
    """公民身份号码 of a canonical column: 18 characters, check character and birth date; or 15 digits (legacy)."""
    chars, fits = series_bytes(series, 18)
    good = fits & ids_checksum_valid(chars) & births_plausible(chars[:, 6:14], on)
    if not (series.str.len_bytes() == 15).any():
        return good
    chars, fits = series_bytes(series, 15)
    century = np.tile(_bytes("19"), (len(chars), 1))
    born = births_plausible(np.concatenate([century, chars[:, 6:12]], axis=1), on)
    return good | (fits & _known(_places(chars, _DIGITS)) & born)


def registrations_valid(chars: np.ndarray) -> np.ndarray:
    """15-digit 工商注册号 (n × 15 bytes): ISO 7064 mod 11,10."""
    places = _places(chars, _DIGITS)
    product = np.full(len(chars), 10, dtype=np.uint16)
    for place in places[:14]:
        total = (product + place) % 10
        product = np.where(total == 0, 10, total) * 2 % 11
    return _known(places) & ((11 - product) % 10 == places[14])
