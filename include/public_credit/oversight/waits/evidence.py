"""What waits because evidence is not as it was booked. Told to leadership: who alters evidence may be who runs the machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from sqlalchemy import Connection

from ...base import settings
from ..audit.standing import standing
from .item import LEADERSHIP, Item, Rank

_NAMED = 3  # places that are named in the line


def altered(connection: Connection) -> Iterator[Item]:
    """One line for all findings that stand; another finding asks anew."""
    found = standing(connection)
    if not found.count or found.since is None:
        return
    places = [one.where for one in found.findings.values()]
    more = f" 等 {found.count:,} 处" if found.count > _NAMED else ""
    yield Item(
        "audit", f"altered/{hashlib.sha256(' '.join(sorted(found.findings)).encode()).hexdigest()[:12]}", Rank.OUR_FAULT,
        LEADERSHIP, f"留痕复核发现改动：{'；'.join(places[:_NAMED])}{more}",
        "public-credit audit verify 查看，查明后恢复原样并再次复核，或由两人用 public-credit audit explain 说明",
        found.since.astimezone(settings.TIMEZONE).date(),
    )  # fmt: skip
