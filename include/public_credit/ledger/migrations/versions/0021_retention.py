"""Purges: which landed rows went when their retention had passed. The counts of an attempt know them."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

THERE = """
    if new.rows_in is distinct from landed + refused_there"""
THERE_AND_PURGED = """
    select landed + count(*) into landed from ledger.purged_row p
        where p.batch_seq = new.seq and p.attempt = new.current_attempt;
    if new.rows_in is distinct from landed + refused_there"""
READERS = "pcw_collector, pcw_builder, pcw_sender, pcw_reader"


def _check_batch_counts(old: str, new: str) -> None:
    """Replace the part of the trigger function that compares the landed rows."""
    source: str = (
        op.get_bind().execute(sa.text("select pg_get_functiondef('ledger.check_batch_counts'::regproc)")).scalar_one()
    )
    if old not in source:
        raise RuntimeError("ledger.check_batch_counts is not the one of the revision before")
    op.execute(source.replace(old, new))


def upgrade() -> None:
    op.create_table(
        "purge",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("clause", sa.Text(), nullable=False),
        sa.Column("years", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("purged_by", sa.Text(), nullable=False),
        sa.Column("purged_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purge")),
        schema="ledger",
    )
    op.create_table(
        "purged_row",
        sa.Column("batch_seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=True),
        sa.Column("purge_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["purge_id"], ["ledger.purge.id"], name=op.f("fk_purged_row_purge_id")),
        sa.PrimaryKeyConstraint("batch_seq", "attempt", "row_no", name=op.f("pk_purged_row")),
        schema="ledger",
    )
    op.create_index("ix_purged_row_record_id", "purged_row", ["record_id"], schema="ledger")
    op.create_table(
        "purged_token",
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("purge_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["purge_id"], ["ledger.purge.id"], name=op.f("fk_purged_token_purge_id")),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_purged_token")),
        schema="ledger",
    )
    _check_batch_counts(THERE, THERE_AND_PURGED)
    op.execute(f"grant select on ledger.purge, ledger.purged_row to {READERS}")


def downgrade() -> None:
    _check_batch_counts(THERE_AND_PURGED, THERE)
    for table in ("purged_token", "purged_row", "purge"):
        op.drop_table(table, schema="ledger")
