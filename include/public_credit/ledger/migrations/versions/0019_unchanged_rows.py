"""Unchanged rows: a bit per landed row that came again as it was, in blocks of 2,048 rows, instead of a row each.

Rows that earlier versions booked in ``row_outcome`` count as before until ``migrate`` has moved them (ledger/unchanged.py).
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import BIT

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

# A plain SELECT: the planner takes it in where it is called, as a join on the primary key.
UNCHANGED = """
create function ledger.unchanged(of_batch bigint, of_attempt smallint, of_row integer) returns table (batch_seq bigint)
language sql stable parallel safe as $$
    select u.batch_seq from ledger.unchanged_rows u
    where u.batch_seq = of_batch and u.attempt = of_attempt and u.block = (of_row - 1) / 2048
      and get_bit(u.rows, (of_row - 1) % 2048) = 1
$$
"""

ROWS_ALONE = """
            where batch_seq = new.seq and attempt = new.current_attempt;
        if new.quarantined is distinct"""
ROWS_AND_BITS = """
            where batch_seq = new.seq and attempt = new.current_attempt;
        select duplicate_there + coalesce(sum(bit_count(u.rows)), 0) into duplicate_there from ledger.unchanged_rows u
            where u.batch_seq = new.seq and u.attempt = new.current_attempt;
        if exists (select 1 from ledger.row_outcome o, ledger.unchanged(o.batch_seq, o.attempt, o.row_no)
                   where o.batch_seq = new.seq and o.attempt = new.current_attempt) then
            raise exception 'batch %: a row has two outcomes', new.seq using errcode = 'check_violation';
        end if;
        if new.quarantined is distinct"""


def _check_batch_counts(old: str, new: str) -> None:
    """Replace the part of the trigger function that counts what was not accepted."""
    source: str = (
        op.get_bind().execute(sa.text("select pg_get_functiondef('ledger.check_batch_counts'::regproc)")).scalar_one()
    )
    if old not in source:
        raise RuntimeError("ledger.check_batch_counts is not the one of the revision before")
    op.execute(source.replace(old, new))


def upgrade() -> None:
    op.create_table(
        "unchanged_rows",
        sa.Column("batch_seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("block", sa.Integer(), nullable=False),
        sa.Column("rows", BIT(2048), nullable=False),
        sa.PrimaryKeyConstraint("batch_seq", "attempt", "block", name=op.f("pk_unchanged_rows")),
        schema="ledger",
    )
    op.execute(UNCHANGED)
    _check_batch_counts(ROWS_ALONE, ROWS_AND_BITS)
    op.execute("grant select on ledger.unchanged_rows to pcw_collector, pcw_builder, pcw_sender, pcw_reader")
    op.execute("grant insert, update, delete on ledger.unchanged_rows to pcw_collector")


def downgrade() -> None:
    op.execute(
        "insert into ledger.row_outcome (batch_seq, attempt, row_no, outcome) "
        "select batch_seq, attempt, block * 2048 + n + 1, 'duplicate' from ledger.unchanged_rows, generate_series(0, 2047) n "
        "where get_bit(rows, n) = 1"
    )
    _check_batch_counts(ROWS_AND_BITS, ROWS_ALONE)
    op.execute("drop function ledger.unchanged")
    op.drop_table("unchanged_rows", schema="ledger")
