"""Who holds a lock: told to whoever comes second, and what whoever comes next needs to end what a dead holder left."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lock_holder",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), server_default="", nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lock_holder")),
        schema="ledger",
    )
    op.execute("grant select on ledger.lock_holder to pcw_collector, pcw_builder, pcw_sender, pcw_reader")
    op.execute("grant insert, update on ledger.lock_holder to pcw_collector, pcw_builder, pcw_sender")


def downgrade() -> None:
    op.drop_table("lock_holder", schema="ledger")
