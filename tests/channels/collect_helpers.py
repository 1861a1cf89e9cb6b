"""What several channel tests share."""

from __future__ import annotations

from datetime import date
from typing import Any

import orjson

DAY = date(2026, 2, 25)


def archived(uri: str) -> bytes:
    """The plain bytes of an archived object."""
    from public_credit import archive

    with archive.open_plain(uri) as stream:
        return stream.read()


def archived_lines(uri: str) -> list[dict[str, Any]]:
    """Header and rows of an archived JSON Lines object."""
    return [orjson.loads(line) for line in archived(uri).splitlines()]
