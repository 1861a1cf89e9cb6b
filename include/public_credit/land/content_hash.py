"""The content hash of rows that are there already: computed anew when fields change, or with another function than before."""

from __future__ import annotations

import polars as pl
from sqlalchemy import Connection, text

from ..base.copying import copying
from ..base.quoting import quoted
from ..ledger.session import driver
from . import copy_binary

_CHUNK = 50_000


def compute_again(connection: Connection, kind_id: str, variants: dict[str, list[str]]) -> None:
    """Compute the content hash of every row of a raw table over the fields its variant has."""
    plain, table = driver(connection), quoted("raw", kind_id)
    with plain.cursor() as cursor:
        cursor.execute(
            "create temp table hashed (batch_seq bigint, attempt smallint, row_no integer, content_hash uuid) on commit drop"
        )
    for variant, fields in variants.items():
        listed = ", ".join(quoted(name) for name in fields)
        with plain.cursor("rows_of_variant") as rows:
            rows.execute(f"select batch_seq, attempt, row_no, {listed} from {table} where variant = %s", [variant])
            while chunk := rows.fetchmany(_CHUNK):
                batches, attempts, numbers, *columns = zip(*chunk, strict=True)
                hashes = copy_binary.content_hashes([pl.Series(values, dtype=pl.String) for values in columns])
                with copying(plain, "copy hashed from stdin") as copy:
                    for row in zip(batches, attempts, numbers, hashes, strict=True):
                        copy.write_row(row)
    connection.execute(text("analyze hashed"))
    connection.execute(
        text(f"""
        update {table} r set content_hash = h.content_hash from hashed h
        where (r.batch_seq, r.attempt, r.row_no) = (h.batch_seq, h.attempt, h.row_no)
          and r.content_hash <> h.content_hash""")
    )
    connection.execute(text("drop table hashed"))
