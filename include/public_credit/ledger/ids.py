"""Record ids and content hashes: 16 bytes each in the raw tables (type uuid), text everywhere else.

A record id is the letter r and 31 hexadecimal digits, the first 124 bits of a digest; the last four bits are stored as 0. A
content hash is 32 digits. dbt says the same by its macros ``record_id_text`` and ``content_hash_text``.
"""

from __future__ import annotations

import re

_RECORD = re.compile("r[0-9a-f]{31}")


def is_record_id(text: str) -> bool:
    """Whether a text is a record id, by its form."""
    return _RECORD.fullmatch(text) is not None


def record_id(stored: str) -> str:
    """SQL for the text of a record id; ``stored``: the raw column."""
    return f"('r' || left(replace(cast({stored} as text), '-', ''), 31))"


def content_hash(stored: str) -> str:
    """SQL for the text of a content hash; ``stored``: the raw column."""
    return f"replace(cast({stored} as text), '-', '')"


def stored(text: str) -> str:
    """SQL for the 16 bytes of a record id; ``text``: a column or parameter that holds its text."""
    return f"cast(substr({text}, 2) || '0' as uuid)"
