"""Raw tables from before subjects were stored: the columns are added and filled, and record ids follow the one rule.

One transaction a kind, so a run that is killed leaves every kind as it was or done, and a kind that has the columns is
passed over. Whatever holds a record id follows, except what was: items sent, receipts and access logs speak of the record as
it was known then. The next build sees the old ids gone and the new ones come, and sends the city DEL and ADD for these alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import polars as pl
from sqlalchemy import Connection, text

from ..base.copying import copying
from ..base.quoting import quoted
from ..catalogue.models import Kind
from ..identifiers.identity_bulk import CODES
from ..ledger import ids
from ..ledger.session import driver
from . import copy_binary, raw_tables, shapes, subjects

_CHUNK = 50_000
_COLUMNS = ("subject_scheme", "subject_value")

# Rows whose record has another id now. A row whose key cannot be read any more keeps the id it has: it was accepted once.
_MOVED = """
    create temp table moved on commit drop as
    select batch_seq, attempt, row_no, {before} as old, {after} as new
    from {raw} r join pg_temp.told t using (batch_seq, attempt, row_no) where r.record_id <> t.record_id"""
_FILL = """
    update {raw} r set subject_scheme = t.scheme, subject_value = t.value,
        record_id = case when r.record_id is null then null else coalesce(t.record_id, r.record_id) end
    from pg_temp.told t where (t.batch_seq, t.attempt, t.row_no) = (r.batch_seq, r.attempt, r.row_no)"""
_ROW = "(m.batch_seq, m.attempt, m.row_no)"
_FOLLOW = (
    f"""update ledger.row_outcome o set record_id = m.new from moved m
    where (o.batch_seq, o.attempt, o.row_no) = {_ROW}""",
    # A corrected key: where both ids have become one there is nothing left to link.
    f"""create temp table link on commit drop as
    select l.*, coalesce(before.new, l.old_record_id) as old, coalesce(m.new, l.new_record_id) as new
    from ledger.record_link l join ledger.batch b on b.seq = l.batch_seq
    left join moved m on {_ROW} = (l.batch_seq, b.current_attempt, l.row_no)
    left join lateral (
        select m.new from ledger.quarantine q join moved m on {_ROW} = (q.batch_seq, q.attempt, q.row_no)
        where q.corrected_batch_seq = l.batch_seq and q.corrected_row_no = l.row_no and m.old = l.old_record_id
        limit 1) before on true
    where m.new is not null or before.new is not null""",
    """delete from ledger.record_link l using link
    where (l.old_record_id, l.new_record_id) = (link.old_record_id, link.new_record_id)""",
    """insert into ledger.record_link (old_record_id, new_record_id, kind, batch_seq, row_no, reason, linked_on)
    select old, new, kind, batch_seq, row_no, reason, linked_on from link where old <> new on conflict do nothing""",
    f"""update ledger.quarantine q set record_id = m.new from moved m
    where (q.batch_seq, q.attempt, q.row_no) = {_ROW}""",
    f"""update ledger.quarantine q set corrected_record_id = m.new from moved m, ledger.batch b
    where b.seq = q.corrected_batch_seq and (b.seq, b.current_attempt, q.corrected_row_no) = {_ROW}""",
    f"""insert into ledger.repeated_row (batch_seq, attempt, row_no)
    select r.batch_seq, r.attempt, r.row_no from (
        select x.batch_seq, x.attempt, x.row_no, count(*) over (partition by x.batch_seq, x.attempt, x.record_id) as rows
        from {{raw}} x where x.record_id in (select {ids.stored("new")} from moved)) r
    where r.rows > 1 on conflict do nothing""",
    # Until the next build the gate compares with the rows themselves, not with what was built under the old ids.
    "update ledger.kind_shape set applied_at = clock_timestamp() where kind = :kind",
    # Resolution takes all registers in once more: records that came under another id are changed records to it.
    "delete from subjects.progress where :kind in ('enterprise_registration', 'organisation_registration')",
)


def tell(connection: Connection, kind: Kind) -> None:
    """Bring a kind's raw table to what landing writes now; nothing is done where it has the columns."""
    shapes.hold(connection, kind.id, shared=False)
    statement = "select column_name from information_schema.columns where table_schema = 'raw' and table_name = :name"
    there: set[str] = set(connection.execute(text(statement), {"name": kind.id}).scalars())
    if set(_COLUMNS) <= there:
        return
    connection.execute(text(f"lock table {kind.raw} in access exclusive mode"))
    for name in _COLUMNS:
        connection.execute(text(f"alter table {kind.raw} add column {name} {raw_tables.PROVENANCE[name]}"))
    if "uscc" not in kind.fields and "id_no" not in kind.fields:  # about nobody
        return
    connection.execute(text("drop table if exists pg_temp.told, pg_temp.moved, pg_temp.link"))
    connection.execute(
        text(
            "create temp table told (batch_seq bigint, attempt smallint, row_no integer, scheme text, value text, "
            "record_id uuid) on commit drop"
        )
    )
    for rows in _told(connection, kind, there):
        with copying(driver(connection), "copy told from stdin") as copy:
            for row in rows:
                copy.write_row(row)
    connection.execute(text("analyze told"))
    before, after = ids.record_id("r.record_id"), ids.record_id("t.record_id")
    connection.execute(text(_MOVED.format(raw=kind.raw, before=before, after=after)))
    connection.execute(text(_FILL.format(raw=kind.raw)))
    if connection.execute(text("select exists (select 1 from moved)")).scalar_one():
        connection.execute(text("analyze moved"))
        for statement in _FOLLOW:
            parameters = {"kind": kind.id} if ":kind" in statement else {}
            connection.execute(text(statement.format(raw=kind.raw)), parameters)


def _told(connection: Connection, kind: Kind, there: set[str]) -> Iterator[list[tuple[Any, ...]]]:
    """Batch, attempt, number, scheme, value and record id (None where the key cannot be read) of the rows that are about somebody."""
    fields = {*CODES, "id_no", "subject_name", "name", *subjects.told_apart_by(kind), *kind.key} & set(kind.fields)
    columns = {name: name if name in there else kind.fields[name].renamed_from for name in sorted(fields)}
    listed = ", ".join(quoted(column) if column else "''" for column in columns.values())
    for variant in kind.variants:
        with driver(connection).cursor(f"rows_of_{variant}") as rows:
            rows.execute(f"select batch_seq, attempt, row_no, {listed} from {kind.raw} where variant = %s", [variant])
            while chunk := rows.fetchmany(_CHUNK):
                batches, attempts, numbers, *values = zip(*chunk, strict=True)
                named = zip(columns, values, strict=True)
                frame = pl.DataFrame([pl.Series(name, column, dtype=pl.String) for name, column in named])
                about = subjects.decide(kind, variant, frame)
                made = copy_binary.record_ids(kind.id, variant, subjects.key_parts(kind, frame, about))
                records = [
                    UUID(bytes=digest.tobytes()) if whole else None
                    for digest, whole in zip(made.digests, made.complete, strict=True)
                ]
                yield list(zip(batches, attempts, numbers, about.scheme, about.value, records, strict=True))
