"""Partitions of the raw tables: a range of batch numbers each, closed at a month's turn; the last one takes all that comes.

``raw.<kind>__<first>`` holds the batches from number ``first`` on. Where a partition ends is told by the database alone. A
kind of which little comes stays in one partition for up to a year: partitions that hold next to nothing cost every plan.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ..base import settings
from ..base.quoting import quoted
from ..catalogue.models import Kind
from ..ledger.rights import apply as rights
from . import shapes

SMALL = 16 << 20  # bytes of rows below which a partition is kept open for a year
PATIENCE = "10s"  # with those who land or read; the next night tries again
_BOUNDS = re.compile(r"FROM \('(\d+)'\) TO \((?:'(\d+)'|MAXVALUE)\)")


@dataclass(frozen=True)
class Partition:
    """Batches ``first`` ≤ seq < ``beyond`` of a kind; ``beyond`` is None for the open one."""

    name: str
    first: int
    beyond: int | None

    @property
    def table(self) -> str:
        """Its name as SQL writes it."""
        return quoted("raw", self.name)


def of(opened: Connection | Session, kind_id: str) -> list[Partition]:
    """The partitions of a kind in the order of their batches; the open one is the last."""
    statement = text("""
        select c.relname, pg_get_expr(c.relpartbound, c.oid) from pg_inherits i
        join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent
        join pg_namespace n on n.oid = p.relnamespace where n.nspname = 'raw' and p.relname = :name""")
    found = []
    for name, bounds in opened.execute(statement, {"name": kind_id}).tuples():
        told = _BOUNDS.search(bounds)
        assert told is not None, bounds  # made below
        found.append(Partition(name, int(told[1]), int(told[2]) if told[2] else None))
    return sorted(found, key=lambda partition: partition.first)


def add(connection: Connection, kind_id: str, first: int) -> Partition:
    """Make the open partition of a kind, for the batches from a number on."""
    made = Partition(f"{kind_id}__{first}", first, None)
    connection.execute(
        text(  # the gate itself has the columns analysed that are asked for
            f"create table {made.table} partition of {quoted('raw', kind_id)} for values from ({first}) to (maxvalue) "
            "with (autovacuum_analyze_threshold = 2000000000)"
        )
    )
    connection.execute(
        text(  # for a statement that names the partition; one that names the kind's table fires the trigger there
            f"create trigger forget_stock before insert or update or delete or truncate on {made.table} "
            f"for each statement execute function ledger.forget_stock('{kind_id}')"
        )
    )
    rights.settle(connection, made.table)
    return made


def version(opened: Connection | Session) -> int:
    """The server's version, as 180006."""
    number: int = opened.execute(text("select current_setting('server_version_num')::int")).scalar_one()
    return number


def _due(connection: Connection, kind: Kind, on: date) -> Partition | None:
    """The open partition of a kind when its first batch came in a month that is over, and there is enough in it."""
    last = of(connection, kind.id)[-1]
    begun: date | None = connection.execute(
        text(f"select business_date from ledger.batch where seq = (select min(batch_seq) from {last.table})")
    ).scalar()
    if begun is None:
        return None
    months = (on.year - begun.year) * 12 + on.month - begun.month
    sized = text("""
        select pg_relation_size(c.oid) from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'raw' and c.relname = :name""")
    size: int = connection.execute(sized, {"name": last.name}).scalar_one()
    return last if months >= (1 if size >= SMALL else 12) else None


def turn(connection: Connection, kind: Kind, on: date, *, at: int | None = None) -> bool:
    """Close the open partition where a month has begun since its first batch came, and open the next; whether it was done.

    The next begins at batch number ``at``, else behind all batches there are. Landings of the kind wait meanwhile; one of
    an older batch goes to the partition its number belongs to. The rows of the closed partition are read once, to see
    that they are within its bounds. Raises DBAPIError (lock not available) where others hold the table for long.
    """
    if _due(connection, kind, on) is None:
        return False
    connection.execute(text(f"set local lock_timeout = '{PATIENCE}'"))
    shapes.hold(connection, kind.id, shared=False)
    if (last := _due(connection, kind, on)) is None:
        return False
    beyond = at or connection.execute(text("select max(seq) + 1 from ledger.batch")).scalar_one()
    connection.execute(text(f"alter table {kind.raw} detach partition {last.table}"))
    bounds = f"from ({last.first}) to ({beyond})"
    connection.execute(text(f"alter table {kind.raw} attach partition {last.table} for values {bounds}"))
    add(connection, kind.id, beyond)
    return True


def turn_all(kinds: Iterable[Kind], on: date) -> list[str]:
    """Turn the kinds that are due, a transaction each; which were. One whose table is in use is left for the next time."""
    done = []
    for kind in kinds:
        try:
            with settings.engine("owner").begin() as connection:
                if turn(connection, kind, on):
                    done.append(kind.id)
        except DBAPIError as error:
            if not isinstance(error.orig, LockNotAvailable):
                raise
    return done


def analyze(session: Session, kind_id: str) -> None:
    """Statistics of the partition in which rows arrive, and of all together (PostgreSQL 18 on, without going through each)."""
    columns = "(batch_seq, attempt, row_no, record_id)"
    session.execute(text(f"analyze {of(session, kind_id)[-1].table} {columns}"))
    if version(session) >= 180000:
        session.execute(text(f"analyze only {quoted('raw', kind_id)} {columns}"))
