"""What an auditor asks by: a file's hash, the receipts of a build, the record after a corrected key, a record's editions.

Readers see when an original was destroyed and why.
"""

from alembic import op

revision = "0040"
down_revision = "0038"
branch_labels = None
depends_on = None
READABLE = "uri, sha256, size_bytes, stored_at, shredded_at, shred_reason"


def upgrade() -> None:
    op.create_index(op.f("ix_batch_sha256"), "batch", ["sha256"], schema="ledger")
    op.create_index(op.f("ix_build_input_batch_seq"), "build_input", ["batch_seq"], schema="ledger")
    op.create_index(op.f("ix_record_link_new_record_id"), "record_link", ["new_record_id"], schema="ledger")
    op.create_index(op.f("ix_edition_item_record_id"), "edition_item", ["record_id"], schema="ledger")
    # Whether an original is still there, never its key.
    op.execute(f"grant select ({READABLE}) on ledger.archive_object to pcw_reader")


def downgrade() -> None:
    op.execute(f"revoke select ({READABLE}) on ledger.archive_object from pcw_reader")
    op.drop_index(op.f("ix_edition_item_record_id"), "edition_item", schema="ledger")
    op.drop_index(op.f("ix_record_link_new_record_id"), "record_link", schema="ledger")
    op.drop_index(op.f("ix_build_input_batch_seq"), "build_input", schema="ledger")
    op.drop_index(op.f("ix_batch_sha256"), "batch", schema="ledger")
