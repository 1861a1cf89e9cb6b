"""Numbers of persons in any text: identity, mobile and bank card numbers, however they are spelt.

There is one reading of a text: digits of every script are digits, letters are half width, whatever is neither separates.
Within it any grouping of digits may be a number. One with a check digit is told by it (公民身份号码 GB 11643, cards ISO/IEC
7812); one without – a mobile number, the 15-digit 身份证, a number with a wrong check digit – by its shape alone, so it may
stand in usual groups or by itself between other words, but not across commas or colons, as in amounts, times and lists.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from . import codes

Role = Literal["document", "registration", "tax", "name"]  # what a field is meant to hold

BLANKED = "******"  # what stands in the place of a number in a masked text
_LABEL = {"P": "证件", "M": "手机", "C": "卡号"}
_ORDER = "PCM"
_TOKEN = re.compile(rf"〔(?:{'|'.join(_LABEL.values())})[{_ORDER}][A-Z2-7]{{26}}〕|\b[{_ORDER}][A-Z2-7]{{26}}\b")
_LATEST = date(2100, 12, 31)  # of birth dates; who is born after today is told by a rule
_SHORTEST, _LONGEST = 11, 19
_BREAK, _LETTER = (
    ",",
    "字",
)  # in a text as it is read: what separates numbers without a check digit; letters of other scripts
_ALSO_GAPS = frozenset("/\\*'\"#·•・‧∙~")
_USCC_SHAPE = re.compile(r"[0-9A-Z]{2}[0-9]{6}[0-9A-Z]{10}")
_X = dict.fromkeys("×✕✖✗✘╳⨉⨯ХхΧχ", "X")
_RUN = re.compile(r"[0-9](?:[ .,]*[0-9])*")
_DIGITS = re.compile(r"[0-9]+")
_CHECK_X = re.compile(r"[ .,]*X")
_MOBILE = re.compile(r"((?:00?)?86|0)?(1[3-9][0-9]{9})")
_PROVINCES = r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])"
_CARD = re.compile(  # issuers of the mainland: UnionPay and the banks' own older ranges; the international schemes
    r"(?:4|5|6[02689]|8[1478]|9[04-689]|30[23]|35[2-8]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720))[0-9]{13,17}|103[0-9]{16}"
    r"|37[2-9][0-9]{12}"
)
_CUTS = {  # after which digits the usual groups of a number end
    "P18": ({6, 10, 12, 14, 17}, {4, 8, 12, 16}),
    "P15": ({6, 8, 10, 12},),
    "C": ({4, 8, 12, 16}, {6}),
    "M": ({3, 7}, {4, 7}, {3, 6}, {4, 8}),
}
_DATED = r"(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
# In every text that holds a number and in few others; for libraries without look-around.
PROBABLE = (
    rf"(?:^|[^0-9])(?:[1-9][0-9]{{5}}{_DATED}[0-9]{{3,4}}|[1-8][0-9]{{7}}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{{3}}"
    rf"|{_MOBILE.pattern}|{_CARD.pattern})(?:[^0-9]|$)"
    r"|[0-9][^0-9A-Za-z\p{Han}]+[0-9]|[^\x00-\x7F\P{Nd}]|[^\x00-\x7F\P{No}]"
)


@dataclass(frozen=True)
class Hit:
    """A sensitive number inside a text: where, of which sort, and the number itself."""

    start: int
    end: int
    letter: str
    number: str


def _read(char: str) -> str:
    """What one character counts as: digits and capital letters, blank for a gap, point, break, other letter."""
    read = ""
    own = unicodedata.digit(char, None)
    if own is not None:  # also of one that is written with a point or comma, ⒈
        return str(own)
    for part in unicodedata.normalize("NFKC", _X.get(char, char)):
        category, digit = unicodedata.category(part), unicodedata.digit(part, None)
        if digit is not None:
            read += str(digit)
        elif part.isascii() and part.isalpha():
            read += part.upper()
        elif category[0] in "LN":
            read += _LETTER
        elif part == ".":
            read += part
        elif category[0] in "ZCM" or category in ("Pd", "Pc", "Ps", "Pe", "Pi", "Pf") or part in _ALSO_GAPS:
            read += " "
        else:
            read += _BREAK
    return read


class _Reading(dict[int, str]):
    """``_read`` for ``str.translate``."""

    def __missing__(self, char: int) -> str:
        self[char] = _read(chr(char))
        return self[char]


_READING = _Reading()


def _luhn(digits: str) -> bool:
    total = 0
    for position, char in enumerate(reversed(digits)):
        value = int(char) * (2 if position % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


@dataclass(frozen=True)
class _Place:
    """Where digits stand in a text as it is read.

    ``cuts``: after which of the digits a group ends; ``whole``: no other digit stands beside them before a break;
    ``broken``: a break is between them; ``decimal``: they are two groups around a point; ``touched``: ASCII letters stand
    right beside them; ``alone``: and are words of their own, not parts of a code or a hash.
    """

    cuts: frozenset[int]
    whole: bool
    broken: bool
    decimal: bool
    touched: bool
    alone: bool

    def usual(self, sort: str) -> bool:
        """Whether a number of this sort without a check digit may stand so."""
        grouped = self.whole or any(self.cuts <= cuts for cuts in _CUTS[sort])
        return grouped and not self.broken and not self.decimal


def _identity(number: str, place: _Place, role: Role | None) -> bool:
    if number[0] != "9" and codes.check_id_number(number, _LATEST).ok:
        return True  # some numbers of persons pass the check digit of a USCC too
    return (
        role != "document"
        and place.usual("P18")
        and not place.touched
        and number[0] != "0"
        and not codes.check_uscc(number).ok
        and not codes.birth_fault(number[6:14], _LATEST)
    )


def _old_identity(number: str, place: _Place, role: Role | None) -> bool:
    if role == "document" or place.touched or not place.usual("P15") or number[0] in "09":
        return False
    if place.cuts and not re.match(_PROVINCES, number):
        return False
    if role == "registration" and codes.check_registration(number).ok:
        return False
    return not (role == "tax" and codes.check_org_code(number[6:]).ok) and codes.check_id_number(number, _LATEST).ok


def _card(number: str, place: _Place, role: Role | None) -> bool:
    return (
        role != "document"
        and place.usual("C")
        and (place.alone or not place.touched)
        and _CARD.fullmatch(number) is not None
        and _luhn(number)
        and not codes.check_uscc(number).ok
    )


def _mobile(number: str, place: _Place, role: Role | None) -> str:
    """The eleven digits of a mobile number, '' when it is none."""
    found = _MOBILE.fullmatch(number)
    if found is None or (place.touched and (role == "document" or not place.alone)):
        return ""
    before = len(found[1] or "")
    inner = frozenset(cut - before for cut in place.cuts if cut > before)
    return found[2] if _Place(inner, place.whole, place.broken, place.decimal, False, True).usual("M") else ""


def _letters(text: str, start: int, end: int) -> tuple[str, str]:
    """The rest of the word of ASCII letters and digits that a part of a text stands in: before and after it."""
    left, right = start, end
    while left and text[left - 1].isascii() and text[left - 1].isalnum():
        left -= 1
    while right < len(text) and text[right].isascii() and text[right].isalnum():
        right += 1
    return text[left:start], text[end:right]


def _place(text: str, groups: list[tuple[int, int]], first: int, last: int, end: int) -> _Place:
    start, cuts, size = groups[first][0], set[int](), 0
    for begin, stop in groups[first:last]:
        size += stop - begin
        cuts.add(size)
    between = text[start:end]
    before = _BREAK if first == 0 else text[groups[first - 1][1] : start]
    after = _BREAK if last + 1 == len(groups) else text[groups[last][1] : groups[last + 1][0]]
    before_word, after_word = _letters(text, start, end)
    return _Place(
        frozenset(cuts),
        _BREAK in before and _BREAK in after,
        _BREAK in between,
        last == first + 1 and text[groups[first][1] : groups[last][0]] == ".",
        bool(before_word or after_word),
        all(part.isalpha() for part in (before_word, after_word) if part)
        and not _USCC_SHAPE.fullmatch(f"{before_word}{between}{after_word}"),
    )


def _sort(number: str, place: _Place, role: Role | None) -> tuple[str, str] | None:
    """What digits are: the letter of the sort, and the number as it is known."""
    if len(number) == 18 and _identity(number, place, role):
        return "P", number
    if _card(number, place, role):
        return "C", number
    if len(number) == 15 and _old_identity(number, place, role):
        return "P", number
    plain = _mobile(number, place, role)
    return ("M", plain) if plain else None


def _in_run(text: str, groups: list[tuple[int, int]], role: Role | None) -> Iterator[Hit]:
    for first, (start, _) in enumerate(groups):
        number = ""
        for last in range(first, len(groups)):
            begin, end = groups[last]
            number += text[begin : min(end, begin + _LONGEST + 1)]
            if len(number) > _LONGEST:
                break
            if len(number) < _SHORTEST:
                continue
            if len(number) == 17 and (check := _CHECK_X.match(text, end)):
                if _identity(f"{number}X", _place(text, groups, first, last, check.end()), role):
                    yield Hit(start, check.end(), "P", f"{number}X")
            found = _sort(number, _place(text, groups, first, last, end), role)
            if found is not None:
                yield Hit(start, end, *found)


def hits(text: str, role: Role | None = None) -> list[Hit]:
    """Sensitive numbers in a text, left to right, without overlap.

    ``role``: what the number of its field is meant to be; a document's number is no card and no identity number unless the
    check digit of one says so.
    """
    if len(text) < _SHORTEST:
        return []
    read = text.translate(_READING)
    found = [
        hit
        for run in _RUN.finditer(read)
        if run.end() - run.start() >= _SHORTEST
        for hit in _in_run(read, [match.span() for match in _DIGITS.finditer(read, *run.span())], role)
    ]
    if not found:
        return []
    kept: list[Hit] = []
    for hit in sorted(found, key=lambda hit: (_ORDER.index(hit.letter), len(hit.number) < 18, hit.start)):
        if all(hit.end <= other.start or other.end <= hit.start for other in kept):
            kept.append(hit)
    kept.sort(key=lambda hit: hit.start)
    if len(read) == len(text):
        return kept
    origin = [place for place, char in enumerate(text) for _ in _READING[ord(char)]]
    return [Hit(origin[hit.start], origin[hit.end - 1] + 1, hit.letter, hit.number) for hit in kept]


def holds(text: str, role: Role | None = None, letters: str = _ORDER) -> bool:
    """Whether a text holds a sensitive number of one of these sorts."""
    return any(hit.letter in letters for hit in hits(text, role))


def replace_text(text: str, tokenise: Callable[[str, str], str], role: Role | None = None) -> str:
    """The text with every sensitive number replaced by its labelled token."""
    parts, last = [], 0
    for hit in hits(text, role):
        parts += [text[last : hit.start], f"〔{_LABEL[hit.letter]}{tokenise(hit.number, hit.letter)}〕"]
        last = hit.end
    return "".join([*parts, text[last:]])


def without_tokens(text: str, instead: str) -> str:
    """A text out of the warehouse as people may see it: something else in the place of every vault token."""
    return _TOKEN.sub(instead, text)


def mask(text: str) -> str:
    """The text with every sensitive number blanked: as it may be written anywhere outside the vault."""
    return replace_text(text, lambda number, letter: BLANKED)
