"""Reports made: the area of the plan each was used in (T20), and the business date it was made on."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("report", sa.Column("area", sa.Text(), server_default="", nullable=False), schema="ledger")
    op.add_column("report", sa.Column("used_on", sa.Date(), nullable=True), schema="ledger")
    op.execute("update ledger.report set used_on = data_on")
    op.alter_column("report", "used_on", nullable=False, schema="ledger")


def downgrade() -> None:
    op.drop_column("report", "used_on", schema="ledger")
    op.drop_column("report", "area", schema="ledger")
