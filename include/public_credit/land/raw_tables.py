"""The raw tables ``raw.<kind>``, derived from the catalogue; made here, changed by ``reshape`` only."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, inspect, text, update

from ..base.quoting import quoted
from ..catalogue import Catalogue, Kind
from ..ledger.models import KindShape
from ..ledger.rights import apply as rights
from ..ledger.states import DigestReason
from . import digests, partitions, shapes

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)  # when a table was made that was there before shapes were noted
FIELD = "text not null default ''"
PROVENANCE = {  # in the order of copy_binary.RowWriter: what all rows of a table share comes first
    "batch_seq": "bigint not null",
    "attempt": "smallint not null",
    "sheet": "text",
    "variant": "text not null",
    "row_no": "integer not null",
    "source_row": "integer",
    "record_id": "uuid",
    "content_hash": "uuid not null",
    "source_version": "text not null",
    "row_errors": "text not null",
    "row_warnings": "text not null",
    "received": "text",
    "subject_scheme": "text not null default ''",
    "subject_value": "text not null default ''",
}


def columns(kind: Kind, variant: str) -> list[str]:
    """Columns of a kind's raw table that rows of a variant fill, in the order they are copied."""
    return [*kind.variants[variant], *PROVENANCE]


def ensure(connection: Connection, catalogue: Catalogue) -> None:
    """Create the tables of kinds that have none, and note the shape of those whose shape was not noted yet (idempotent).

    The fields of a table that is there change by ``reshape`` only.
    """
    known = shapes.applied(connection)
    for kind in catalogue.kinds.values():
        if kind.id in known:
            equip(connection, kind)
        else:
            make(connection, kind, catalogue.version, "migrate")


def make(connection: Connection, kind: Kind, version: str, who: str) -> shapes.Shape:
    """Create the table of a kind, unless it is there, and note its shape, which is returned."""
    there = columns_there(connection, kind.id)
    if not there:
        create(connection, kind.id, [*PROVENANCE, *kind.columns])
    shape = shapes.found(kind, there) if there else shapes.of(kind)
    noted: dict[str, Any] = {"applied_at": _LONG_AGO} if there else {}
    noted |= {"kind": kind.id, "shape": shape, "catalogue_version": version, "applied_by": who}
    connection.execute(insert(KindShape).values(noted))
    equip(connection, kind)
    return shape


def create(connection: Connection, kind_id: str, names: list[str]) -> None:
    """Create the raw table of a kind with its first partition: columns of provenance and fields, by name."""
    listed = ", ".join(f"{quoted(name)} {PROVENANCE.get(name, FIELD)}" for name in names)
    key = "primary key (batch_seq, attempt, row_no)"
    connection.execute(text(f"create table {quoted('raw', kind_id)} ({listed}, {key}) partition by range (batch_seq)"))
    rights.settle(connection, quoted("raw", kind_id))
    partitions.add(connection, kind_id, 0)


def hash_again(connection: Connection, kind_id: str) -> None:
    """Give the rows of a table the content hash of this version, unless they have it, and note that.

    A table with rows counts as applied anew: until the next build, which computes everything, the gate compares with the
    raw rows instead of what was built with the former hashes.
    """
    table = quoted("raw", kind_id)
    shapes.hold(connection, kind_id, shared=False)
    shape = shapes.applied(connection)[kind_id]
    if shape.get("content_hash") == shapes.CONTENT_HASH:
        return
    noted: dict[str, Any] = {"shape": shape | {"content_hash": shapes.CONTENT_HASH}}
    if connection.execute(text(f"select exists (select 1 from {table})")).scalar():
        from . import content_hash

        connection.execute(text(f"lock table {table} in access exclusive mode"))
        with digests.retaken(connection, kind_id, DigestReason.RESHAPED):
            content_hash.compute_again(connection, kind_id, shape["variants"])
        noted["applied_at"] = func.clock_timestamp()
    connection.execute(update(KindShape).where(KindShape.kind == kind_id).values(noted))


def columns_there(connection: Connection, kind_id: str) -> set[str]:
    """The field columns of a raw table; none when there is no table."""
    statement = text(
        "select column_name from information_schema.columns where table_schema = 'raw' and table_name = :name"
    )
    names: set[str] = set(connection.execute(statement, {"name": kind_id}).scalars())
    return names.difference(PROVENANCE)


def _index_document(connection: Connection, kind: Kind) -> None:
    """Index what a kind's records are asked for by, beside their id; the catalogue may name another field than before.

    Nothing while the named field waits for ``catalogue apply``.
    """
    name = f"ix_{kind.id}_document"
    there = inspect(connection).get_indexes(kind.id, schema="raw")
    indexed = next((index["column_names"][0] for index in there if index["name"] == name), None)
    if kind.document == indexed or kind.document not in {None, *columns_there(connection, kind.id)}:
        return
    connection.execute(text(f"drop index if exists {quoted('raw', name)}"))
    if kind.document is not None:
        connection.execute(text(f"create index {name} on {kind.raw} ({quoted(kind.document)})"))


def equip(connection: Connection, kind: Kind) -> None:
    """Indexes and triggers of a raw table."""
    connection.execute(
        text(  # what the gate asks for first: the few rows with a finding
            f"create index if not exists ix_{kind.id}_finding on {kind.raw} (batch_seq, attempt) "
            "where row_errors <> '' or row_warnings <> ''"
        )
    )
    connection.execute(
        text(  # ids come in no order: a B-tree of them costs landing half as much again
            f"create index if not exists ix_{kind.id}_record on {kind.raw} using hash (record_id)"
        )
    )
    _index_document(connection, kind)
    connection.execute(
        text(  # what was counted over the rows holds until a statement touches them
            f"create or replace trigger forget_stock before insert or update or delete or truncate on {kind.raw} "
            f"for each statement execute function ledger.forget_stock('{kind.id}')"
        )
    )
    connection.execute(
        text(  # whoever is not the owner brings rows in only while their attempt is landing
            f"create or replace trigger only_landing before insert on {kind.raw} "
            "for each statement execute function ledger.only_landing()"
        )
    )
    connection.execute(
        text(
            f"create or replace trigger only_landing_row after insert on {kind.raw} for each row when ("
            "current_user <> 'pcw_owner' and concat_ws('/', new.batch_seq, new.attempt) "
            "is distinct from current_setting('pcw.landing', true)) execute function ledger.refuse_row()"
        )
    )
