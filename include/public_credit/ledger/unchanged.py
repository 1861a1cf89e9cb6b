"""Landed rows that came again as they were: a bit each in ``ledger.unchanged_rows``, decoded by ``ledger.unchanged`` alone.

A reader of landed rows ``r`` says ``{JOINS} where {ACCEPTED}``, or asks for the ``OUTCOME``.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, text

from .session import written
from .states import Outcome, sql

BLOCK = 2048  # rows; 256 bytes, which PostgreSQL keeps in the row itself
_PAGES = 4_000  # of row_outcome in a step: some 400,000 rows

JOINS = """left join ledger.row_outcome o on o.batch_seq = r.batch_seq and o.attempt = r.attempt and o.row_no = r.row_no
    left join lateral ledger.unchanged(r.batch_seq, r.attempt, r.row_no) u on true"""
ACCEPTED = "o.row_no is null and u.batch_seq is null"
OUTCOME = f"coalesce(o.outcome, case when u.batch_seq is not null then {sql(Outcome.DUPLICATE)} end)"


def booking(rows: str) -> str:
    """Statement that books the rows of a query (batch_seq, attempt, row_no) as unchanged."""
    return f"""
        insert into ledger.unchanged_rows (batch_seq, attempt, block, rows)
        select batch_seq, attempt, (row_no - 1) / {BLOCK},
               bit_or(set_bit(cast(0 as bit({BLOCK})), (row_no - 1) % {BLOCK}, 1))
        from ({rows}) found group by 1, 2, 3
        on conflict (batch_seq, attempt, block) do update set rows = unchanged_rows.rows | excluded.rows"""


_MOVE = f"""
    with taken as (
        delete from ledger.row_outcome
        where ctid >= cast(:first as tid) and ctid < cast(:beyond as tid) and outcome = {sql(Outcome.DUPLICATE)}
        returning batch_seq, attempt, row_no)
    {booking("select * from taken")}"""


def parts(connection: Connection) -> Iterator[int]:
    """First pages of the parts of ``row_outcome`` that are moved one by one."""
    size: int = connection.execute(text("select pg_relation_size('ledger.row_outcome') / 8192")).scalar_one()
    yield from range(0, size, _PAGES)


def move(connection: Connection, first: int) -> bool:
    """Turn what an earlier version booked row by row in a part of ``row_outcome`` into bits; whether there was any."""
    places = {"first": f"({first},0)", "beyond": f"({first + _PAGES},0)"}
    return bool(written(connection.execute(text(_MOVE), places)))
