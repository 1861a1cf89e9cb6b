"""Digests of landed rows: what an attempt brought, as one SHA-256 that any later reading of raw can be compared with.

It is taken over the rows as PostgreSQL's binary COPY writes them, so the landing has it for the bytes it sends. Whoever
rewrites or purges rows does it inside ``retaken``: the rows are compared before and their digest taken anew after.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy import Connection, insert, text

from ..base.quoting import quoted
from ..ledger.models import RawDigest
from ..ledger.session import driver
from ..ledger.states import DigestReason

_COLUMNS = text("""
    select attname from pg_attribute where attrelid = cast(:raw as regclass) and attnum > 0 and not attisdropped
    order by attnum""")
_HELD = text("""
    select distinct on (batch_seq, attempt) batch_seq, attempt, rows, columns, digest from ledger.raw_digest
    where batch_seq in (select seq from ledger.batch where kind = :kind) order by batch_seq, attempt, id desc""")
_BARE = text("""
    select a.batch_seq, a.attempt from ledger.attempt a join ledger.batch b on b.seq = a.batch_seq
    where b.kind = :kind and a.rows_landed > 0 and not exists (
        select 1 from ledger.raw_digest d where d.batch_seq = a.batch_seq and d.attempt = a.attempt)
    order by a.batch_seq, a.attempt""")


class Attempt(NamedTuple):
    """A landing of a receipt."""

    batch_seq: int
    number: int


class Digest(NamedTuple):
    """How many rows, over which columns, and their SHA-256 in hexadecimal."""

    rows: int
    columns: list[str]
    sha256: str


def of_rows(connection: Connection, kind_id: str, attempt: Attempt, columns: list[str]) -> Digest | None:
    """The digest of an attempt's rows as they stand; None where one of the columns is not there any more."""
    raw = quoted("raw", kind_id)
    if not set(columns) <= set(connection.execute(_COLUMNS, {"raw": raw}).scalars()):
        return None
    listed = ", ".join(map(quoted, columns))
    statement = (
        f"copy (select {listed} from {raw} where batch_seq = {attempt.batch_seq} and attempt = {attempt.number} "
        "order by row_no) to stdout (format binary)"
    )
    found = hashlib.sha256()
    with driver(connection).cursor() as cursor:
        with cursor.copy(statement) as copy:
            for data in copy:
                found.update(data)
        return Digest(cursor.rowcount, columns, found.hexdigest())


def book(connection: Connection, attempt: Attempt, digest: Digest, reason: DigestReason, agreed: bool = True) -> None:
    """Note the digest of an attempt."""
    told = {"rows": digest.rows, "columns": digest.columns, "digest": digest.sha256, "agreed": agreed}
    connection.execute(
        insert(RawDigest).values(batch_seq=attempt.batch_seq, attempt=attempt.number, reason=reason, **told)
    )


def land(connection: Connection, kind_id: str, attempt: Attempt, sent: Digest) -> None:
    """Note the digest of what a landing sent. Raises RuntimeError where the rows that are there now are others."""
    if of_rows(connection, kind_id, attempt, sent.columns) != sent:
        raise RuntimeError(f"batch {attempt.batch_seq}: the rows that are there are not those that were sent")
    book(connection, attempt, sent, DigestReason.LANDED)


def held(connection: Connection, kind_id: str) -> dict[Attempt, Digest]:
    """The digests that hold now of the attempts of a kind."""
    found = connection.execute(_HELD, {"kind": kind_id}).all()
    return {Attempt(row.batch_seq, row.attempt): Digest(row.rows, row.columns, row.digest) for row in found}


def _all_columns(connection: Connection, kind_id: str) -> list[str]:
    return list(connection.execute(_COLUMNS, {"raw": quoted("raw", kind_id)}).scalars())


@contextmanager
def retaken(
    connection: Connection, kind_id: str, reason: DigestReason, only: Iterable[Attempt] | None = None
) -> Iterator[None]:
    """Rewrite rows of a kind in the block (``only``: of these attempts), in the transaction of ``connection``."""
    known, chosen = held(connection, kind_id), None if only is None else set(only)
    before = {
        attempt: of_rows(connection, kind_id, attempt, digest.columns) == digest
        for attempt, digest in known.items()
        if chosen is None or attempt in chosen
    }
    yield
    columns = _all_columns(connection, kind_id)
    for attempt, agreed in before.items():
        if now := of_rows(connection, kind_id, attempt, columns):
            book(connection, attempt, now, reason, agreed)


def take_missing(connection: Connection, kind_id: str) -> int:
    """Take the digest of attempts that have rows and none yet: they were landed before digests were; how many."""
    columns, taken = _all_columns(connection, kind_id), 0
    for row in connection.execute(_BARE, {"kind": kind_id}).all():
        attempt = Attempt(row.batch_seq, row.attempt)
        if now := of_rows(connection, kind_id, attempt, columns):
            book(connection, attempt, now, DigestReason.FOUND)
            taken += 1
    return taken
