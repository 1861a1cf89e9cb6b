"""Identifiers of subjects, checked table-driven: one value (with a reason) or many at once (numpy).

统一社会信用代码 GB 32100-2015 · 组织机构代码 GB 11714 · 工商注册号 ISO 7064 mod 11,10 · 公民身份号码 GB 11643.
Region digits never reject a number: they are those of first registration, and tables of regions change.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

PLACEHOLDER = "00000000000000000X"
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = np.array([pow(3, i, 31) for i in range(17)], dtype=np.int64)
_ORG_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int64)
_ID_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int64)
_ID_CHECK = "10X98765432"
_DEPARTMENTS = "123456789ANY"


def _table(alphabet: str) -> np.ndarray:
    """Byte value → position in the alphabet, 255 for a byte outside it."""
    table = np.full(256, 255, dtype=np.uint8)
    for position, char in enumerate(alphabet):
        table[ord(char)] = position
    return table


_USCC_VALUES = _table(USCC_ALPHABET)
_ORG_VALUES = _table("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_DIGITS = _table("0123456789")
_ID_CHECK_BYTES = np.frombuffer(_ID_CHECK.encode(), dtype=np.uint8)
_ORG_CHECK_BYTES = np.frombuffer(b"0X987654321", dtype=np.uint8)  # index: sum mod 11


@dataclass(frozen=True)
class Check:
    """Outcome of one check: valid or not, the reason code, and the normalised value."""

    ok: bool
    reason: str
    value: str


def normalise(text: str) -> tuple[str, str]:
    """A code in half width, upper case, without blanks and hyphens; and what was changed ('' when nothing)."""
    folded = unicodedata.normalize("NFKC", text)
    reason = "FULLWIDTH" if folded != text else ""
    compact = "".join(folded.split())
    reason = reason or ("WHITESPACE" if compact != folded else "")
    plain = compact.replace("-", "")
    reason = reason or ("HYPHEN" if plain != compact else "")
    upper = plain.upper()
    return upper, reason or ("LOWERCASE" if upper != plain else "")


def _bytes(values: list[str], width: int) -> tuple[np.ndarray, np.ndarray]:
    """A byte matrix (n, width) of the values that have exactly this width in ASCII, and which those are."""
    fits = np.fromiter((len(value) == width and value.isascii() for value in values), dtype=bool, count=len(values))
    joined = "".join(value if fit else "0" * width for value, fit in zip(values, fits, strict=True))
    return np.frombuffer(joined.encode("ascii"), dtype=np.uint8).reshape(-1, width), fits


def series_bytes(series: pl.Series, width: int) -> tuple[np.ndarray, np.ndarray]:
    """``_bytes`` for a polars string column without a Python loop per row."""
    fits = (series.str.len_bytes() == width) & (series.str.len_chars() == width)
    fits = fits.fill_null(False)
    filled = pl.select(pl.when(fits).then(series).otherwise(pl.lit("0" * width))).to_series()
    joined = filled.str.join("").item() if len(filled) else ""
    return np.frombuffer(joined.encode("ascii"), dtype=np.uint8).reshape(-1, width), fits.to_numpy()


def org_codes_valid(chars: np.ndarray) -> np.ndarray:
    """Check character of 组织机构代码 (n, 9 bytes): 11 − Σ mod 11, 10 → X, 11 → 0."""
    values = _ORG_VALUES[chars[:, :8]]
    sums = values.astype(np.int64) @ _ORG_WEIGHTS
    expected = _ORG_CHECK_BYTES[sums % 11]
    return (values != 255).all(axis=1) & (chars[:, 8] == expected)


def usccs_valid(chars: np.ndarray) -> np.ndarray:
    """GB 32100 (n, 18 bytes): alphabet, registering department, check character, embedded 组织机构代码."""
    values = _USCC_VALUES[chars]
    in_alphabet = (values != 255).all(axis=1)
    sums = values[:, :17].astype(np.int64) @ _USCC_WEIGHTS
    department = np.isin(chars[:, 0], np.frombuffer(_DEPARTMENTS.encode(), dtype=np.uint8))
    region = (_DIGITS[chars[:, 2:8]] != 255).all(axis=1)
    return (in_alphabet & department & region & (values[:, 17] == (31 - sums % 31) % 31)
            & org_codes_valid(chars[:, 8:17]))


def births_plausible(chars: np.ndarray, latest: date) -> np.ndarray:
    """Whether eight digits (n, 8 bytes, YYYYMMDD) are a real date from 1800 to ``latest``."""
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
    return numeric & (year >= 1800) & (day >= 1) & (day <= in_month) & (number <= last)


def ids_checksum_valid(chars: np.ndarray) -> np.ndarray:
    """Check character of 公民身份号码 (n, 18 bytes), mod 11-2; digits elsewhere."""
    digits = _DIGITS[chars[:, :17]]
    numeric = (digits != 255).all(axis=1)
    sums = np.where(numeric[:, None], digits, 0).astype(np.int64) @ _ID_WEIGHTS
    return numeric & (chars[:, 17] == _ID_CHECK_BYTES[sums % 11])


def registrations_valid(chars: np.ndarray) -> np.ndarray:
    """15-digit 工商注册号 (n, 15 bytes): ISO 7064 mod 11,10."""
    digits = _DIGITS[chars]
    numeric = (digits != 255).all(axis=1)
    clean = np.where(numeric[:, None], digits, 0).astype(np.int64)
    product = np.full(len(chars), 10, dtype=np.int64)
    for position in range(14):
        total = (product + clean[:, position]) % 10
        product = np.where(total == 0, 10, total) * 2 % 11
    return numeric & ((11 - product) % 10 == clean[:, 14])


def check_uscc(text: str) -> Check:
    """One 统一社会信用代码; reasons LENGTH, ALPHABET, CHECKSUM, ORGCODE_CHECK, PLACEHOLDER_NO_CODE, or what was mended."""
    value, mended = normalise(text)
    if value == PLACEHOLDER:
        return Check(False, "PLACEHOLDER_NO_CODE", value)
    if len(value) != 18:
        return Check(False, "LENGTH", value)
    if any(char not in USCC_ALPHABET for char in value):
        return Check(False, "ALPHABET", value)
    chars = np.frombuffer(value.encode(), dtype=np.uint8).reshape(1, 18)
    values = _USCC_VALUES[chars].astype(np.int64)
    if values[0, 17] != (31 - int(values[0, :17] @ _USCC_WEIGHTS) % 31) % 31:
        return Check(False, "CHECKSUM", value)
    if not org_codes_valid(chars[:, 8:17])[0]:
        return Check(False, "ORGCODE_CHECK", value)
    if not usccs_valid(chars)[0]:
        return Check(False, "DEPARTMENT", value)
    return Check(True, mended or "OK", value)


def check_org_code(text: str) -> Check:
    """One 组织机构代码, with or without its hyphen."""
    value, mended = normalise(text)
    if len(value) != 9 or not value.isascii():
        return Check(False, "LENGTH", value)
    chars = np.frombuffer(value.encode(), dtype=np.uint8).reshape(1, 9)
    return Check(True, mended or "OK", value) if org_codes_valid(chars)[0] else Check(False, "CHECKSUM", value)


def check_registration(text: str) -> Check:
    """One 工商注册号: 15 digits are checked, 13 digits (before 2007) are legacy without a check digit."""
    value, mended = normalise(text)
    if len(value) == 13 and value.isdecimal():
        return Check(True, "LEGACY_13", value)
    if len(value) != 15 or not value.isascii():
        return Check(False, "LENGTH", value)
    chars = np.frombuffer(value.encode(), dtype=np.uint8).reshape(1, 15)
    return Check(True, mended or "OK", value) if registrations_valid(chars)[0] else Check(False, "CHECKSUM", value)


def upgrade_id15(value: str) -> str:
    """The 18-digit form of a 15-digit ID number: 19 after six digits, check character added (GB 11643)."""
    body = value[:6] + "19" + value[6:]
    digits = np.array([int(char) for char in body], dtype=np.int64)
    return body + _ID_CHECK[int(digits @ _ID_WEIGHTS) % 11]


def check_id_number(text: str, on: date) -> Check:
    """One 公民身份号码: check character, birth date not after ``on``; the 15-digit form is legacy."""
    value, mended = normalise(text)
    if len(value) == 15 and value.isdecimal():
        born = np.frombuffer(("19" + value[6:12]).encode(), dtype=np.uint8).reshape(1, 8)
        return Check(True, "LEGACY_15", value) if births_plausible(born, on)[0] else Check(False, "BIRTHDATE", value)
    if len(value) != 18 or not value.isascii():
        return Check(False, "LENGTH", value)
    chars = np.frombuffer(value.encode(), dtype=np.uint8).reshape(1, 18)
    if not ids_checksum_valid(chars)[0]:
        return Check(False, "CHECKSUM", value)
    if not births_plausible(chars[:, 6:14], on)[0]:
        real = births_plausible(chars[:, 6:14], date(9999, 12, 31))[0]
        return Check(False, "BIRTHDATE_FUTURE" if real else "BIRTHDATE", value)
    return Check(True, mended or "OK", value)
