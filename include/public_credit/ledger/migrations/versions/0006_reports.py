"""Reports made: who had them made, for what, as of which data. Readers add rows and never change one."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "report",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), server_default="", nullable=False),
        sa.Column("subject_id", sa.Text(), server_default="", nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("data_on", sa.Date(), nullable=False),
        sa.Column("channel", sa.Text(), server_default="cli", nullable=False),
        sa.CheckConstraint("kind in ('subject', 'review')", name=op.f("ck_report_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        schema="ledger",
    )
    op.execute("grant select on ledger.report to pcw_collector, pcw_builder, pcw_sender, pcw_reader")
    op.execute("grant insert on ledger.report to pcw_reader")


def downgrade() -> None:
    op.drop_table("report", schema="ledger")
