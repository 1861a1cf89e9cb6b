"""Identifiers of subjects, checked one by one with a reason; columns of them in ``bulk``.

统一社会信用代码 GB 32100-2015 · 组织机构代码 GB 11714 · 工商注册号 ISO 7064 mod 11,10 · 公民身份号码 GB 11643 ·
行政区划 GB/T 2260. Region digits never reject a code or a person's number: they are those of first
registration, and the tables change. Neither numpy nor polars is imported here: DAG files read the catalogue.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

PLACEHOLDER = "00000000000000000X"
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
ORG_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
USCC_DEPARTMENTS = "123456789ANY"
USCC_WEIGHTS = tuple(pow(3, position, 31) for position in range(17))
ORG_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
ORG_CHECKS = "0X987654321"  # by sum mod 11
ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_CHECKS = "10X98765432"  # by sum mod 11
EARLIEST_BIRTH = 1800
# Letters without a shape that come along when a text is copied: joiners, marks of direction, soft hyphen, byte order mark.
INVISIBLE = "".join(map(chr, [0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF]))
DASHES = "-‐‑‒–—―−"
_BLANK = re.compile(rf"[\s{INVISIBLE}]+")
_DASH = re.compile(f"[{DASHES}]+")


@dataclass(frozen=True)
class Check:
    """Outcome of one check: valid or not, the reason code, and the normalised value."""

    ok: bool
    reason: str
    value: str


def normalise(text: str) -> tuple[str, str]:
    """A code in half width, upper case, without blanks and hyphens; and what was changed first, or ''."""
    if text.isascii() and text.isalnum():
        upper = text.upper()
        return upper, "" if upper == text else "LOWERCASE"
    folded = unicodedata.normalize("NFKC", text)
    reason = "FULLWIDTH" if folded != text else ""
    compact = _BLANK.sub("", folded)
    reason = reason or ("WHITESPACE" if compact != folded else "")
    plain = _DASH.sub("", compact)
    reason = reason or ("HYPHEN" if plain != compact else "")
    upper = plain.upper()
    return upper, reason or ("LOWERCASE" if upper != plain else "")


def _total(values: str, alphabet: str, weights: tuple[int, ...]) -> int:
    return sum(alphabet.index(char) * weight for char, weight in zip(values, weights, strict=True))


def _digits(text: str, count: int) -> bool:
    return len(text) == count and text.isascii() and text.isdigit()


def make_org_code(body: str) -> str:
    """The 组织机构代码 with this body of eight characters: 11 − Σ mod 11, 10 → X, 11 → 0."""
    return body + ORG_CHECKS[_total(body, ORG_ALPHABET, ORG_WEIGHTS) % 11]


def uscc_check_character(first: str) -> str:
    """The eighteenth character of a 统一社会信用代码 with these seventeen."""
    return USCC_ALPHABET[(31 - _total(first, USCC_ALPHABET, USCC_WEIGHTS) % 31) % 31]


def make_uscc(kind: str, body: str, region: str = "370399") -> str:
    """The 统一社会信用代码 of a registering kind ('91'), region and 组织机构代码 body of eight characters."""
    first = kind + region + make_org_code(body)
    return first + uscc_check_character(first)


def make_id_number(first: str) -> str:
    """The 公民身份号码 that begins with these 17 digits (mod 11-2)."""
    return first + ID_CHECKS[_total(first, "0123456789", ID_WEIGHTS) % 11]


def make_registration(first: str) -> str:
    """The 15-digit 工商注册号 that begins with these 14 digits."""
    product = 10
    for digit in first:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return f"{first}{(11 - product) % 10}"


def check_uscc(text: str) -> Check:
    """One 统一社会信用代码. Reasons: LENGTH, ALPHABET, CHECKSUM, ORGCODE_CHECK, DEPARTMENT, PLACEHOLDER_NO_CODE;
    of a valid one OK or what was mended."""
    value, mended = normalise(text)
    if value == PLACEHOLDER:
        return Check(False, "PLACEHOLDER_NO_CODE", value)
    if len(value) != 18:
        return Check(False, "LENGTH", value)
    if any(char not in USCC_ALPHABET for char in value):
        return Check(False, "ALPHABET", value)
    if value[17] != uscc_check_character(value[:17]):
        return Check(False, "CHECKSUM", value)
    if value[8:17] != make_org_code(value[8:16]):
        return Check(False, "ORGCODE_CHECK", value)
    if value[0] not in USCC_DEPARTMENTS or not value[2:8].isdigit():
        return Check(False, "DEPARTMENT", value)
    return Check(True, mended or "OK", value)


def check_org_code(text: str) -> Check:
    """One 组织机构代码, with or without its hyphen."""
    value, mended = normalise(text)
    if len(value) != 9:
        return Check(False, "LENGTH", value)
    if any(char not in ORG_ALPHABET for char in value):
        return Check(False, "ALPHABET", value)
    return Check(True, mended or "OK", value) if value == make_org_code(value[:8]) else Check(False, "CHECKSUM", value)


def check_registration(text: str) -> Check:
    """One 工商注册号: 15 digits are checked, 13 digits (before 2007) are legacy without a check digit."""
    value, mended = normalise(text)
    if _digits(value, 13):
        return Check(True, "LEGACY_13", value)
    if not _digits(value, 15):
        return Check(False, "LENGTH", value)
    return (
        Check(True, mended or "OK", value)
        if value == make_registration(value[:14])
        else Check(False, "CHECKSUM", value)
    )


def check_tax_number(text: str) -> Check:
    """One 15-character 税务登记号 of before 三证合一: region and 组织机构代码; afterwards it equals the USCC."""
    value, mended = normalise(text)
    if len(value) == 18:
        return check_uscc(value)
    if len(value) != 15 or not _digits(value[:6], 6):
        return Check(False, "LENGTH", value)
    inner = check_org_code(value[6:])
    return Check(inner.ok, (mended or "OK") if inner.ok else "ORGCODE_CHECK", value)


def check_region(text: str) -> Check:
    """One 行政区划代码 (GB/T 2260, table of python-stdnum). Tells; rejects no record by itself."""
    from stdnum import numdb

    value, mended = normalise(text)
    if not _digits(value, 6):
        return Check(False, "LENGTH", value)
    known = any("county" in properties for _, properties in numdb.get("cn/loc").info(value))
    return Check(True, mended or "OK", value) if known else Check(False, "UNKNOWN_REGION", value)


def birth_fault(text: str, on: date) -> str:
    """'' when eight digits are a real birth date from 1800 to ``on``, else the reason."""
    try:
        born = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return "BIRTHDATE"
    if born.year < EARLIEST_BIRTH:
        return "BIRTHDATE"
    return "BIRTHDATE_FUTURE" if born > on else ""


def check_id_number(text: str, on: date) -> Check:
    """One 公民身份号码: check character, birth date not after ``on``; the 15-digit form is legacy."""
    value, mended = normalise(text)
    if _digits(value, 15):
        wrong = birth_fault("19" + value[6:12], on)
        return Check(not wrong, wrong or "LEGACY_15", value)
    if len(value) != 18 or not _digits(value[:17], 17):
        return Check(False, "LENGTH", value)
    if value != make_id_number(value[:17]):
        return Check(False, "CHECKSUM", value)
    wrong = birth_fault(value[6:14], on)
    return Check(not wrong, wrong or mended or "OK", value)
