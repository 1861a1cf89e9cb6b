"""Names that came from elsewhere – of files, members of archives, sheets: read from bytes, shown so that they cannot act."""

from __future__ import annotations

import unicodedata

# Control, format (bidi, zero width), lone surrogates; separators of lines and paragraphs.
_ESCAPED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def readable(raw: bytes) -> str:
    """A name as text: UTF-8, else GB18030, which Chinese systems write; bytes that are neither are written \\xHH."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("ascii", "backslashreplace")


def raw(name: str) -> bytes:
    """The bytes of a name as the system gave it (PEP 383: what is no UTF-8 stands as surrogates)."""
    return name.encode("utf-8", "surrogateescape")


def from_raw(name: bytes) -> str:
    """The reverse of ``raw``."""
    return name.decode("utf-8", "surrogateescape")


def shown(name: str) -> str:
    """A name of the system as people may see it, in one line: what controls a terminal or the order of letters is escaped."""
    text = readable(raw(name))
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        letter.encode("unicode_escape").decode("ascii") if unicodedata.category(letter) in _ESCAPED else letter
        for letter in text
    )
