"""A build remembers what of the project and the catalogue it was made from, so that an edit makes the next one due."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("build", sa.Column("made_from", postgresql.JSONB(), nullable=True), schema="ledger")


def downgrade() -> None:
    op.drop_column("build", "made_from", schema="ledger")
