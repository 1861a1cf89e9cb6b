"""Texts that lost their meaning on the way: characters nobody could read, one encoding read as another, bytes as a program shows them."""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl

from ....kernels import survey
from ....kernels.columns import Column, Marks
from ....kernels.damage import AS_GBK, AS_LATIN
from ..chunk import Rows, any_of
from ..registry import Mask, check

_WORDS = ("\ufffd", "锟斤拷", "??")
# First bytes of private-use characters: U+E000–EFFF; U+F000–F0FF, symbols of Word's fonts; U+F8C0–F8FF.
_PRIVATE = (b"\xee", b"\xef\x80", b"\xef\x81", b"\xef\x82", b"\xef\x83", b"\xef\xa3")
_SHOWN = r"""^(?:b'.*'|b".*"|bytearray\(b.*\)|<memory at 0x.*>|\\x[0-9A-Fa-f]{4,}|0x[0-9A-Fa-f]{8,}|[xX]'[0-9A-Fa-f]{4,}')$"""
_MISREAD = rf"^[\x00-\x7F]*[{AS_GBK}{AS_LATIN}]"
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
    """Whether a text is UTF-8 that was read as GBK or Latin-1: encoded again, nearly all of it is Chinese in UTF-8."""
    for encoding in ("gb18030", "cp1252"):
        meant = _utf8(text, encoding)
        chinese = sum("\u3000" <= char <= "\u9fff" or "\uff00" <= char <= "\uffef" for char in meant)
        if chinese >= 2 and sum(not char.isascii() for char in meant) * 3 <= chinese * 4:
            return True
    return False


def _damaged(values: pl.Series) -> Marks:
    marks = np.asarray(values.str.contains(_SHOWN))
    for word in _WORDS:
        marks = marks | np.asarray(values.str.contains(word, literal=True))
    raw = values.cast(pl.Binary)
    for beginning in _PRIVATE:
        marks = marks | np.asarray(raw.bin.contains(beginning))
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
