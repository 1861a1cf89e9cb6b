"""The raw tables ``raw.<kind>``, derived from the catalogue; created and extended, never changed otherwise."""

from __future__ import annotations

from sqlalchemy import Connection, text

from ..base.quoting import quoted
from ..catalogue import Catalogue, Kind

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
}


def columns(kind: Kind, variant: str) -> list[str]:
    """Columns of a kind's raw table that rows of a variant fill, in the order they are copied."""
    return [*kind.variants[variant], *PROVENANCE]


def ensure(connection: Connection, catalogue: Catalogue) -> None:
    """Create missing raw tables and columns (idempotent); collectors may insert, nobody may update or delete."""
    maintainable = connection.execute(text("select current_setting('server_version_num')::int")).scalar_one() >= 170000
    for kind in catalogue.kinds.values():
        provenance = ", ".join(f"{name} {spec}" for name, spec in PROVENANCE.items())
        fields = ", ".join(f"{quoted(name)} text not null default ''" for name in kind.columns)
        connection.execute(text(f"create table if not exists {kind.raw} ({provenance}, {fields})"))
        known: set[str] = set(
            connection.execute(
                text(
                    "select column_name from information_schema.columns where table_schema = 'raw' and table_name = :name"
                ),
                {"name": kind.id},
            ).scalars()
        )
        for name in kind.columns:
            if name not in known:
                connection.execute(text(f"alter table {kind.raw} add column {quoted(name)} text not null default ''"))
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
                text(f"grant maintain on {kind.raw}, ledger.row_outcome, ledger.row_verdict to pcw_collector")
            )
        connection.execute(text(f"grant select on {kind.raw} to pcw_builder, pcw_reader"))
