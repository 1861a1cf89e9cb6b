"""The district's files as they were when they were good last. Collectors keep them, everybody reads them."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "district_file",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_district_file")),
        schema="ledger",
    )
    op.execute("grant select, insert, update, delete on ledger.district_file to pcw_collector")
    op.execute("grant select on ledger.district_file to pcw_builder, pcw_sender, pcw_reader")


def downgrade() -> None:
    op.drop_table("district_file", schema="ledger")
