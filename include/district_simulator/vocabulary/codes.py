"""Identifier arithmetic of the simulated world (domain.md 3.1), written apart from the product's."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

REGION = "370399"  # unassigned: the reserved region of every invented code
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
PLACEHOLDER = "0" * 17 + "X"
_USCC_WEIGHTS = [3**i % 31 for i in range(17)]
_ORG_WEIGHTS = [3, 7, 9, 10, 5, 8, 4, 2]
_ID_WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]


def base31(number: int) -> str:
    """A positive number in the characters of a USCC."""
    out = ""
    while number:
        number, rest = divmod(number, 31)
        out = USCC_ALPHABET[rest] + out
    return out


def org_code(body: str) -> str:
    """Eight characters plus the GB 11714 check character."""
    total = sum(int(c, 36) * w for c, w in zip(body, _ORG_WEIGHTS, strict=True))
    check = 11 - total % 11
    return body + {10: "X", 11: "0"}.get(check, str(check))


def uscc_check(first17: str) -> str:
    """GB 32100 check character."""
    total = sum(USCC_ALPHABET.index(c) * w for c, w in zip(first17, _USCC_WEIGHTS, strict=True))
    return USCC_ALPHABET[(31 - total % 31) % 31]


def uscc(prefix: str, org: str, region: str = REGION) -> str:
    """A USCC from department + kind, region and a nine-character 组织机构代码."""
    first17 = prefix + region + org
    return first17 + uscc_check(first17)


@lru_cache(maxsize=1 << 16)
def uscc_valid(value: str) -> bool:
    """True for 18 characters with both check characters right."""
    if len(value) != 18 or any(c not in USCC_ALPHABET for c in value):
        return False
    return uscc_check(value[:17]) == value[17] and org_code(value[8:16]) == value[8:17]


def family(code: str) -> str:
    """Family of a USCC: what may re-issue what (91, 92, 93 apart; 11, 12, 5x each); '' for no valid code."""
    return code[:2] if uscc_valid(code) else ""


def reg_no(body14: str) -> str:
    """Fourteen digits plus the ISO 7064 mod 11,10 digit (工商注册号)."""
    p = 10
    for digit in body14:
        s = (p + int(digit)) % 10 or 10
        p = 2 * s % 11
    return body14 + str((11 - p) % 10)


def id_check(first17: str) -> str:
    """GB 11643 check character."""
    total = sum(int(c) * w for c, w in zip(first17, _ID_WEIGHTS, strict=True))
    return "10X98765432"[total % 11]


def id_number(birth: date, sequence: int, region: str = REGION) -> str:
    """An 18-digit number of the reserved region: nobody's."""
    first17 = f"{region}{birth:%Y%m%d}{sequence:03d}"
    return first17 + id_check(first17)


def id_number_15(birth: date, sequence: int) -> str:
    """The 15-digit legacy form."""
    return f"{REGION}{birth:%y%m%d}{sequence:03d}"


def luhn(body: str) -> str:
    """A number with its Luhn digit (bank cards)."""
    total = 0
    for i, digit in enumerate(reversed(body)):
        d = int(digit) * (2 if i % 2 == 0 else 1)
        total += d - 9 if d > 9 else d
    return body + str(-total % 10)


def luhn_valid(number: str) -> bool:
    return luhn(number[:-1]) == number
