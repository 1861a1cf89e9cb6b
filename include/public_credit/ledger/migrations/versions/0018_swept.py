"""An attempt that came to nothing remembers when what it had left was swept up."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("attempt", sa.Column("swept_at", sa.DateTime(timezone=True), nullable=True), schema="ledger")


def downgrade() -> None:
    op.drop_column("attempt", "swept_at", schema="ledger")
