"""Alerts are known by ids and no longer by their wording; what was told before is told once more. Waivers can be revoked."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("alert", sa.Column("reminded_on", sa.Date()), schema="ledger")
    op.execute("update ledger.alert set settled_at = now() where settled_at is null")
    op.add_column("waiver", sa.Column("revoked_on", sa.Date()), schema="ledger")
    op.add_column("waiver", sa.Column("revoked_by", sa.Text(), server_default="", nullable=False), schema="ledger")
    op.add_column("waiver", sa.Column("revoke_reason", sa.Text(), server_default="", nullable=False), schema="ledger")


def downgrade() -> None:
    op.drop_column("alert", "reminded_on", schema="ledger")
    for column in ("revoked_on", "revoked_by", "revoke_reason"):
        op.drop_column("waiver", column, schema="ledger")
