"""Facts of the district that a build is made from: they come from the district's folder and were seeds before."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TABLES = ("milestone_evidence", "key_department", "report_area", "target_unit")


def upgrade() -> None:
    op.create_table(
        "milestone_evidence",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("milestone_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_on", sa.Date(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.Column("document_no", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_milestone_evidence")),
        schema="ledger",
    )
    op.create_table(
        "key_department",
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Text(), nullable=True),
        sa.Column("connected_on", sa.Date(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("department", name=op.f("pk_key_department")),
        schema="ledger",
    )
    op.create_table(
        "report_area",
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("area", name=op.f("pk_report_area")),
        schema="ledger",
    )
    op.create_table(
        "target_unit",
        sa.Column("figure_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Text(), nullable=False),
        sa.CheckConstraint("role in ('responsible', 'contributing')", name=op.f("ck_target_unit_role")),
        sa.PrimaryKeyConstraint("figure_id", "role", "place", name=op.f("pk_target_unit")),
        schema="ledger",
    )
    op.add_column("dataset", sa.Column("live_on", sa.Date(), nullable=True), schema="ledger")
    for name in TABLES:
        op.execute(f"grant select on ledger.{name} to pcw_collector, pcw_builder, pcw_sender, pcw_reader")
        op.execute(f"grant insert, delete on ledger.{name} to pcw_builder")


def downgrade() -> None:
    op.drop_column("dataset", "live_on", schema="ledger")
    for name in reversed(TABLES):
        op.drop_table(name, schema="ledger")
