"""Working days beside the seed: what the district's calendar says, and the days nobody announced yet."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("is_workday", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("announced", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_calendar_day")),
        schema="ledger",
    )
    op.execute("grant select on ledger.calendar_day to pcw_collector, pcw_builder, pcw_sender, pcw_reader")
    op.execute("grant insert, delete on ledger.calendar_day to pcw_builder")


def downgrade() -> None:
    op.drop_table("calendar_day", schema="ledger")
