"""Numbers of persons in any text: identity, mobile and bank card numbers.

A number is told from decision numbers, USCC and registration numbers by its shape: a birth date inside, a Luhn digit,
digit boundaries.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from . import codes as identifiers

_GAP = r"[ \-]?"
_BIRTH = rf"(?:18|19|20)[0-9]{{2}}{_GAP}(?:0[1-9]|1[0-2]){_GAP}(?:0[1-9]|[12][0-9]|3[01])"
_ID18 = rf"[1-9][0-9]{{5}}{_GAP}{_BIRTH}{_GAP}[0-9]{{3}}{_GAP}[0-9Xx]"
_ID15 = r"[1-8][0-9]{5}[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}"
_MOBILE = rf"(?:\+?86{_GAP})?1[3-9][0-9]{_GAP}[0-9]{{4}}{_GAP}[0-9]{{4}}"
_CARD = (
    rf"(?:62[0-9]{{2}}|4[0-9]{{3}}|5[1-5][0-9]{{2}})(?:{_GAP}[0-9]{{4}}){{2}}{_GAP}[0-9]{{4}}(?:{_GAP}[0-9]{{1,3}})?"
)
_PATTERNS = (
    ("P", re.compile(rf"(?<![0-9A-Za-z]){_ID18}(?![0-9A-Za-z])")),
    ("C", re.compile(rf"(?<![0-9A-Za-z]){_CARD}(?![0-9A-Za-z])")),
    ("P", re.compile(rf"(?<![0-9A-Za-z]){_ID15}(?![0-9A-Za-z])")),
    ("M", re.compile(rf"(?<![0-9A-Za-z]){_MOBILE}(?![0-9A-Za-z])")),
)
PROBABLE = (
    f"{_ID18}|{_ID15}|{_MOBILE}|{_CARD}|[０-９]"  # of any text that holds a number; for libraries without look-around
)
_LABEL = {"P": "证件", "M": "手机", "C": "卡号"}

# Columns of codes: numbers in them are long anyway, so only a number that proves itself counts.
CODE_LIKE = frozenset({"decision_no", "licence_no"})


@dataclass(frozen=True)
class Hit:
    """A sensitive number inside a text."""

    start: int
    end: int
    letter: str
    number: str


def _luhn(digits: str) -> bool:
    total = 0
    for position, char in enumerate(reversed(digits)):
        value = int(char) * (2 if position % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _proves_itself(letter: str, number: str, column: str) -> bool:
    if letter == "C":
        return 16 <= len(number) <= 19 and _luhn(number) and not identifiers.check_uscc(number).ok
    if letter == "M":
        return True
    if len(number) == 18:
        if number[0] != "9" and identifiers.check_id_number(number, date(9999, 12, 31)).ok:
            return True  # some numbers of persons pass the check digit of a USCC too
        return (
            column not in CODE_LIKE
            and not identifiers.check_uscc(number).ok
            and not identifiers.birth_fault(number[6:14], date(2100, 12, 31))
        )
    if column in CODE_LIKE:
        return False
    if column == "business_reg_no" and identifiers.check_registration(number).ok:
        return False
    return not (column == "tax_reg_no" and identifiers.check_org_code(number[6:]).ok)


def hits(text: str, column: str = "") -> Iterator[Hit]:
    """Sensitive numbers in a text that was folded to half width, left to right, without overlap."""
    taken: list[tuple[int, int]] = []
    found: list[Hit] = []
    for letter, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            if any(match.start() < end and start < match.end() for start, end in taken):
                continue
            number = re.sub(r"[ \-+]", "", match.group()).upper()
            number = number[2:] if letter == "M" and len(number) == 13 else number
            if _proves_itself(letter, number, column):
                taken.append(match.span())
                found.append(Hit(match.start(), match.end(), letter, number))
    yield from sorted(found, key=lambda hit: hit.start)


def _half_width(text: str) -> str:
    """Full-width letters and digits to half width, one character for one (positions stay)."""
    return "".join(unicodedata.normalize("NFKC", char) if "\uff01" <= char <= "\uff5e" else char for char in text)


def _half_width(text: str) -> str:
    """Full-width letters and digits to half width, one character for one (positions stay)."""
    return "".join(unicodedata.normalize("NFKC", char) if "\uff01" <= char <= "\uff5e" else char for char in text)


def holds(text: str, column: str = "", letters: str = "PMC") -> bool:
    """Whether a text holds a sensitive number, of these sorts."""
    return any(hit.letter in letters for hit in hits(_half_width(text), column))


def replace_text(text: str, tokenise: Callable[[str, str], str], column: str = "") -> str:
    """The text with every sensitive number replaced by its labelled token."""
    folded, parts, last = _half_width(text), [], 0
    for hit in hits(folded, column):
        parts += [text[last : hit.start], f"〔{_LABEL[hit.letter]}{tokenise(hit.number, hit.letter)}〕"]
        last = hit.end
    return "".join([*parts, text[last:]])


def mask(text: str) -> str:
    """The text with every sensitive number blanked, for names of columns and files and for receipts."""
    return replace_text(text, lambda number, letter: "*" * 6)
