"""Texts that lost their meaning on the way: characters nobody could read, one encoding read as another, what a program shows."""

from __future__ import annotations

import re
from typing import Literal

import numpy as np
import polars as pl

from ....kernels import survey
from ....kernels.columns import Column, Marks
from ....kernels.damage import AS_GBK, AS_LATIN
from ..chunk import Rows, any_of
from ..registry import Mask, check

_WORDS = ("\ufffd", "锟斤拷", "??")
_PRIVATE = r"\p{Co}"
# What programs show in the place of a text, as the whole of a value: bytes (Python, SQL, Java, .NET), objects and lists, errors
# and columns too narrow (spreadsheets), escaped letters (JSON, HTML, URL, quoted-printable).
_SHOWN = (
    r"""^(?:b'.*'|b".*"|bytearray\(b.*\)|memoryview\(.*\)|<memory at 0x.*>|<[\w.]+ (?:object )?at 0x[0-9A-Fa-f]+>"""
    r"""|\\x[0-9A-Fa-f]{4,}|0x[0-9A-Fa-f]{8,}|[xX]'[0-9A-Fa-f]{4,}'|HEXTORAW\('.*'\)|\[B@[0-9a-f]+|java\.[\w.$]+@[0-9a-f]+"""
    r"""|System\.\w+(?:\.\w+)*(?:\[\])?|\[object \w+\]|\{['"].*\}|\[['"{].*\]|\{\}|\[\]"""
    r"""|#{2,}|#(?:N/A|REF!|NAME\?|VALUE!|DIV/0!|NUM!|NULL!|SPILL!|CALC!|GETTING_DATA)"""
    r"""|(?:(?:\\u[0-9A-Fa-f]{4}){2}|(?:&#x?[0-9A-Fa-f]{2,6};){2}|(?:%[0-9A-F]{2}){3}|(?:=[0-9A-F]{2}){3}).*)$"""
)
_MISREAD = rf"^[\x00-\x7F]*[{AS_GBK}{AS_LATIN}]"
# GB 2312 read as Latin-1: letters of its upper half in pairs alone, the first of most pairs one that characters begin with.
_GBK_AS_LATIN = re.compile(r"[\x00-\x7f]*(?:[\xb0-\xf7][\xa1-\xfe](?:[\x00-\x7f]|[\xa1-\xa9][\xa1-\xfe])*){2,}")
_CHECKED = ("text", "list", "code", "person_id")


def _utf8(text: str, encoding: str) -> str:
    """A text as it was, when it is UTF-8 that was read in another encoding; what cannot be told is U+FFFD."""
    raw = b""
    for char in text:
        if encoding == "cp1252" and ord(char) < 0x100:
            raw += bytes((ord(char),))  # bytes that cp1252 leaves open are read as Latin-1
        else:
            raw += char.encode(encoding, "replace")
    return raw.decode("utf-8", "replace")


def misread(text: str) -> bool:
    """Whether a text is UTF-8 that was read as GBK or Latin-1, or GBK that was read as Latin-1: encoded again, it is Chinese."""
    if _GBK_AS_LATIN.fullmatch(text):
        return True
    for encoding in ("gb18030", "cp1252"):
        meant = _utf8(text, encoding)
        chinese = sum("\u3000" <= char <= "\u9fff" or "\uff00" <= char <= "\uffef" for char in meant)
        if chinese >= 2 and sum(not char.isascii() for char in meant) * 3 <= chinese * 4:
            return True
    return False


def _damaged(values: pl.Series) -> Marks:
    marks: Marks = np.asarray(values.str.contains(_SHOWN))
    for word in _WORDS:
        marks = marks | np.asarray(values.str.contains(word, literal=True))
    marks = marks | np.asarray(values.str.contains(_PRIVATE))
    doubtful = np.flatnonzero(np.asarray(values.str.contains(_MISREAD)))
    if len(doubtful):
        marks[doubtful] |= [misread(value) for value in values.gather(doubtful).to_list()]
    return marks


def _marks(column: Column) -> Marks | None:
    """Rows with a damaged value."""
    places = column.flagged(survey.DOUBTFUL)
    if not len(places):
        return None
    places = places[_damaged(column.distinct[places])]
    return column.rows_at(places) if len(places) else None


@check
def damaged_text(rows: Rows, *, where: Literal["identifying", "elsewhere"]) -> Mask:
    """A name or number (``identifying``), or any other text, that is not what was written (R25, R25W)."""
    marks = []
    for field in rows.fields:
        tells = field.role == "name" or field.name in rows.kind.identifying
        if field.type in _CHECKED and tells == (where == "identifying"):
            found = _marks(rows.column(field.name))
            if found is not None:
                marks.append(found)
    return any_of(marks)
