"""Raw tables from before partitions, with ids as text: set aside, then moved batch by batch into the table of this version.

Every step is a transaction, so a run that is killed goes on where it was. Until all rows of a kind have come over, its shape
is not that of the catalogue: landing, gate and build wait. The former table goes when the rows are as many in both.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, text, update

from ..base.quoting import quoted
from ..catalogue.models import Kind
from ..ledger import ids
from ..ledger.models import KindShape
from . import partitions, raw_tables, shapes

_STEP = 500_000  # rows, or one batch that has more
_WHOLE = text(
    "select relkind = 'r' from pg_class c join pg_namespace n on n.oid = c.relnamespace "
    "where n.nspname = 'raw' and c.relname = :name"
)
_COLUMNS = text(
    "select column_name from information_schema.columns where table_schema = 'raw' and table_name = :name order by ordinal_position"
)
_INDEXES = text(
    "select indexname from pg_indexes where schemaname = 'raw' and tablename = :name and indexname <> :batch"
)
_BATCHES = text("""
    select b.seq, b.business_date, coalesce(sum(a.rows_landed), 0) as rows
    from ledger.batch b join ledger.attempt a on a.batch_seq = b.seq
    where b.kind = :kind and b.seq > :last group by b.seq order by b.seq""")


class Step(NamedTuple):
    """Batches ``first`` to ``last`` of a kind, received in one month."""

    first: int
    last: int
    on: date


def _former(kind: Kind) -> str:
    return f"{kind.id}__before"


def _there(connection: Connection, name: str) -> bool:
    return bool(connection.execute(_WHOLE, {"name": name}).scalar())


def set_aside(connection: Connection, kind: Kind) -> None:
    """Rename a table of an earlier version, with the one index that finds batches, and create an empty one of its columns."""
    if not _there(connection, kind.id):
        return
    there: list[str] = list(connection.execute(_COLUMNS, {"name": kind.id}).scalars())
    names = {"name": kind.id, "batch": f"ix_{kind.id}_batch"}
    indexes: list[str] = list(connection.execute(_INDEXES, names).scalars())
    for index in indexes:
        connection.execute(text(f"drop index {quoted('raw', index)}"))
    connection.execute(text(f"alter table {kind.raw} rename to {quoted(_former(kind))}"))
    provenance = [name for name in raw_tables.PROVENANCE if name in there]
    raw_tables.create(connection, kind.id, [*provenance, *(name for name in there if name not in provenance)])


def _next(connection: Connection, kind: Kind) -> Step | None:
    """What comes over next, in the order of batches; None when nothing is left."""
    last: int = connection.execute(text(f"select coalesce(max(batch_seq), 0) from {kind.raw}")).scalar_one()
    step, rows = None, 0
    for batch in connection.execute(_BATCHES, {"kind": kind.id, "last": last}).all():
        month, rows = batch.business_date.replace(day=1), rows + batch.rows
        if step is not None and (rows > _STEP or month != step.on):
            break
        step = Step(step.first if step else batch.seq, batch.seq, month)
    return step


def move(connection: Connection, kind: Kind) -> bool:
    """Move the rows of some batches, to partitions as they would have been made; False when none are left."""
    step = _next(connection, kind) if _there(connection, _former(kind)) else None
    if step is None:
        return False
    partitions.turn(connection, kind, step.on, at=step.first)
    columns: list[str] = list(connection.execute(_COLUMNS, {"name": _former(kind)}).scalars())
    # A hash of another function, which is of another length, is computed anew before anything compares it.
    told = {
        "record_id": ids.stored("record_id"),
        "content_hash": "cast(case when length(content_hash) = 32 then content_hash else md5(content_hash) end as uuid)",
    }
    connection.execute(
        text(f"""
        insert into {kind.raw} ({", ".join(map(quoted, columns))})
        select {", ".join(told.get(name, quoted(name)) for name in columns)} from {quoted("raw", _former(kind))}
        where batch_seq between :first and :last order by batch_seq, attempt, row_no"""),
        {"first": step.first, "last": step.last},
    )
    return True


def finish(connection: Connection, kind: Kind) -> None:
    """Drop the former table and note that the kind is stored as this version stores it (idempotent).

    What dbt built on the former table goes with it and is made again by the next build. Raises RuntimeError where rows are missing.
    """
    shapes.hold(connection, kind.id, shared=False)
    shape = shapes.applied(connection)[kind.id]
    if shape.get("stored") == shapes.STORED:
        return
    if _there(connection, _former(kind)):
        former = quoted("raw", _former(kind))
        counts = text(f"select (select count(*) from {kind.raw}), (select count(*) from {former})")
        moved, known = connection.execute(counts).one()
        if moved != known:
            raise RuntimeError(f"{kind.id}: {moved} rows of {known} were moved")
        connection.execute(text(f"drop table {former} cascade"))
    connection.execute(text(f"analyze {kind.raw}"))
    connection.execute(
        update(KindShape).where(KindShape.kind == kind.id).values(shape=shape | {"stored": shapes.STORED})
    )
