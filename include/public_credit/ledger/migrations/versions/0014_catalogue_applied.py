"""The shape the raw table of a kind has, as the catalogue that was applied last says it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kind_shape",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("shape", postgresql.JSONB(), nullable=False),
        sa.Column("catalogue_version", sa.Text(), server_default="", nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("applied_by", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_kind_shape")),
        schema="ledger",
    )
    op.execute("grant select on ledger.kind_shape to pcw_collector, pcw_builder, pcw_sender, pcw_reader")


def downgrade() -> None:
    op.drop_table("kind_shape", schema="ledger")
