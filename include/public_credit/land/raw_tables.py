"""The raw tables ``raw.<kind>``, derived from the catalogue; made here, changed by ``reshape`` only."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, inspect, text, update

from ..base.quoting import quoted
from ..catalogue import Catalogue, Kind
from ..ledger.models import KindShape
from . import shapes

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)  # when a table was made that was there before shapes were noted
PROVENANCE = {  # in the order of copy_binary.RowWriter: what all rows of a table share comes first
    "batch_seq": "bigint not null",
    "attempt": "smallint not null",
    "sheet": "text",
    "variant": "text not null",
    "row_no": "integer not null",
    "source_row": "integer",
    "record_id": "text",
    "content_hash": "text not null",
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


def ensure(connection: Connection, catalogue: Catalogue) -> list[str]:
    """Create the tables of kinds that have none, and note the shape of those whose shape was not noted yet (idempotent).

    The fields of a table that is there change by ``reshape`` only. Returns the kinds whose table differs from the catalogue.
    """
    known = shapes.applied(connection)
    for kind in catalogue.kinds.values():
        if kind.id in known:
            equip(connection, kind)
        else:
            known[kind.id] = make(connection, kind, catalogue.version, "migrate")
        if known[kind.id].get("content_hash") != shapes.CONTENT_HASH:
            known[kind.id] = _hash_again(connection, kind.id, known[kind.id])
    return [kind.id for kind in catalogue.kinds.values() if shapes.differs(kind, known[kind.id])]


def make(connection: Connection, kind: Kind, version: str, who: str) -> shapes.Shape:
    """Create the table of a kind, unless it is there, and note its shape, which is returned."""
    there = columns_there(connection, kind.id)
    if not there:
        provenance = ", ".join(f"{name} {spec}" for name, spec in PROVENANCE.items())
        fields = ", ".join(f"{quoted(name)} text not null default ''" for name in kind.columns)
        connection.execute(text(f"create table {kind.raw} ({provenance}, {fields})"))
    shape = shapes.found(kind, there) if there else shapes.of(kind)
    noted: dict[str, Any] = {"applied_at": _LONG_AGO} if there else {}
    noted |= {"kind": kind.id, "shape": shape, "catalogue_version": version, "applied_by": who}
    connection.execute(insert(KindShape).values(noted))
    equip(connection, kind)
    return shape


def _hash_again(connection: Connection, kind_id: str, shape: shapes.Shape) -> shapes.Shape:
    """Give the rows of a table the content hash of this version and note that; the shape as noted.

    A table with rows counts as applied anew: until the next build, which computes everything, the gate compares with the
    raw rows instead of what was built with the former hashes.
    """
    table = quoted("raw", kind_id)
    hashed = shape | {"content_hash": shapes.CONTENT_HASH}
    noted: dict[str, Any] = {"shape": hashed}
    shapes.hold(connection, kind_id, shared=False)
    if connection.execute(text(f"select exists (select 1 from {table})")).scalar():
        from . import content_hash

        connection.execute(text(f"lock table {table} in access exclusive mode"))
        content_hash.compute_again(connection, kind_id, shape["variants"])
        noted["applied_at"] = func.clock_timestamp()
    connection.execute(update(KindShape).where(KindShape.kind == kind_id).values(noted))
    return hashed


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
    """Indexes, triggers and rights of a raw table: collectors may insert, nobody may update or delete."""
    maintainable = connection.execute(text("select current_setting('server_version_num')::int")).scalar_one() >= 170000
    connection.execute(
        text(
            f"create index if not exists ix_{kind.id}_batch on {kind.raw} using brin (batch_seq) "
            "with (pages_per_range = 16, autosummarize = on)"
        )
    )
    connection.execute(
        text(  # what the gate asks for first: the few rows with a finding
            f"create index if not exists ix_{kind.id}_finding on {kind.raw} (batch_seq, attempt) "
            "where row_errors <> '' or row_warnings <> ''"
        )
    )
    connection.execute(
        text(  # ids come in no order: a B-tree of them costs landing three times as much
            f"create index if not exists ix_{kind.id}_record on {kind.raw} using hash (record_id)"
        )
    )
    _index_document(connection, kind)
    connection.execute(
        text(  # what was counted over the rows holds until a statement touches them
            f"create or replace trigger forget_stock before insert or update or delete or truncate on {kind.raw} "
            "for each statement execute function ledger.forget_stock()"
        )
    )
    connection.execute(text(f"grant select, insert on {kind.raw} to pcw_collector"))
    if maintainable:
        connection.execute(
            text(  # the gate itself has the columns analysed that are asked for
                f"alter table {kind.raw} set (autovacuum_analyze_threshold = 2000000000)"
            )
        )
        connection.execute(
            text(
                f"grant maintain on {kind.raw}, ledger.row_outcome, ledger.unchanged_rows, ledger.row_verdict "
                "to pcw_collector"
            )
        )
    connection.execute(text(f"grant select on {kind.raw} to pcw_builder, pcw_reader"))
