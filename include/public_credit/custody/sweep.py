"""What a process that died has left in archive and vault: bytes that were never booked, numbers of landings that never were.

Every function may be run again, and beside collectors. Bytes are left alone for a day by the store's own clock: what is still
coming in is younger. Numbers are looked at only while nobody lands (``locks.VAULT``), so what no landed row holds by then never will.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import fsspec
from sqlalchemy import Connection, select, text

from ..base import settings
from ..base.quoting import quoted
from ..ledger import locks
from ..ledger.models import ArchiveObject, Batch
from ..ledger.session import session, written
from ..ledger.states import AttemptState, sql
from . import archive
from .vault import TOKEN

GRACE = timedelta(days=1)
_OBJECT = re.compile(r"/[0-9a-f]{32}\.pcw(\.part)?$")
_NAME = 36  # characters of an object's own name, the same under whatever address the archive was written
_READ = 5_000
_SWEPT = text(f"""
    update ledger.attempt set swept_at = clock_timestamp()
    where state in {sql((AttemptState.FAILED, AttemptState.LANDING))} and swept_at is null and started_at < :before
    returning started_at""")
_STORED = text("select token from vault.secret where stored_at >= :since")
_LANDED = text("""
    select b.kind, a.batch_seq, a.attempt from ledger.attempt a join ledger.batch b on b.seq = a.batch_seq
    where a.landed_at >= :since""")
_FORGET = text("delete from vault.secret where token = any(:tokens)")


def stray_objects(now: datetime) -> int:
    """Remove bytes that stand in the archive without being booked as an object; how many objects.

    Their keys were never written down: nobody can read them.
    """
    filesystem, base = fsspec.core.url_to_fs(settings.archive_url())
    found = [path for path in filesystem.find(base) if _OBJECT.search(path)] if filesystem.exists(base) else []
    with session("collector") as opened:
        unbooked = opened.scalars(
            text(f"""
            select path from unnest(cast(:paths as text[])) path
            where not exists (select 1 from ledger.archive_object where right(uri, {_NAME}) = right(path, {_NAME}))"""),
            {"paths": found},
        ).all()
    return sum(_removed(filesystem, path, now - GRACE) for path in unbooked)


def _removed(filesystem: Any, path: str, before: datetime) -> bool:
    """Remove an object that came to stand there before a moment; False for others, also for one that is gone by now."""
    try:
        moment: datetime = filesystem.modified(path)
    except FileNotFoundError:
        return False
    if (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) >= before:
        return False
    filesystem.rm(path)
    return True


def unreceived_objects(now: datetime) -> int:
    """Destroy objects of the archive that no receipt was booked with; how many."""
    with session("collector") as opened:
        uris = opened.scalars(
            select(ArchiveObject.uri).where(
                ArchiveObject.shredded_at.is_(None),
                ArchiveObject.stored_at < now - GRACE,
                ~select(Batch.seq).where(Batch.archive_uri == ArchiveObject.uri).exists(),
            )
        ).all()
    for uri in uris:
        archive.shred(uri, "收取中断，没有登记为回执")
    return len(uris)


def unused_numbers(now: datetime) -> int | None:
    """Remove numbers that landings which came to nothing put into the vault, unless a landed row holds them; how many.

    None while somebody lands: the next run looks again.
    """
    with locks.hold("owner", locks.VAULT) as mine:
        if not mine:
            return None
        with settings.engine("owner").begin() as connection:
            swept: Sequence[datetime] = connection.execute(_SWEPT, {"before": now - GRACE}).scalars().all()
            if not swept:
                return 0
            since = {"since": min(swept)}
            tokens: set[str] = set(connection.execute(_STORED, since).scalars())
            for row in _landed(connection, since):
                tokens.difference_update(TOKEN.findall(row))
            return written(connection.execute(_FORGET, {"tokens": list(tokens)}))


def _landed(connection: Connection, since: dict[str, datetime]) -> Iterator[str]:
    """Rows of what was landed since a moment, as text: a number stored after it can stand in these only."""
    for kind, seq, attempt in connection.execute(_LANDED, since).tuples().all():
        rows = text(
            f"select cast(r as text) from {quoted('raw', kind)} r where batch_seq = :seq and attempt = :attempt"
        )
        part = {"seq": seq, "attempt": attempt}
        yield from connection.execute(rows, part, execution_options={"yield_per": _READ}).scalars()
