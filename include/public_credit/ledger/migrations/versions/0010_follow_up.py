"""Attempts remember that resubmissions were matched and slips written for them, so that a killed gate run is made up for."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("attempt", sa.Column("followed_up_at", sa.DateTime(timezone=True), nullable=True), schema="ledger")
    op.execute("update ledger.attempt set followed_up_at = checked_at where state in ('gated', 'superseded')")


def downgrade() -> None:
    op.drop_column("attempt", "followed_up_at", schema="ledger")
