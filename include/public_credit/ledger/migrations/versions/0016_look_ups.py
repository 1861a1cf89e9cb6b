"""Indexes for what auditors and clerks ask by: the record of a delivery or of a look, the slip of a returned row."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_delivery_item_receiver_record_id_item_id", table_name="delivery_item", schema="ledger")
    op.create_index(
        "ix_delivery_item_record_id_receiver_item_id",
        "delivery_item",
        ["record_id", "receiver", "item_id"],
        schema="ledger",
    )
    op.create_index(
        "ix_access_log_record_id",
        "access_log",
        ["record_id"],
        schema="ledger",
        postgresql_where=sa.text("record_id <> ''"),
    )
    op.create_index("ix_quarantine_slip_id", "quarantine", ["slip_id"], schema="ledger")


def downgrade() -> None:
    op.drop_index("ix_quarantine_slip_id", table_name="quarantine", schema="ledger")
    op.drop_index("ix_access_log_record_id", table_name="access_log", schema="ledger")
    op.drop_index("ix_delivery_item_record_id_receiver_item_id", table_name="delivery_item", schema="ledger")
    op.create_index(
        "ix_delivery_item_receiver_record_id_item_id",
        "delivery_item",
        ["receiver", "record_id", "item_id"],
        schema="ledger",
    )
