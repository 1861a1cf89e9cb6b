"""Corrections a person decides; what ended a 零报送; what tells whether a source still shows the rows of a receipt."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "correction_case",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("batch_seq", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("candidates", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("quarantine_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("decided_by", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "reason in ('other_row', 'ambiguous', 'no_such_place', 'old_stays')", name=op.f("ck_correction_case_reason")
        ),
        sa.CheckConstraint("state in ('open', 'correction', 'new')", name=op.f("ck_correction_case_state")),
        sa.CheckConstraint(
            "(state = 'correction') = (quarantine_id is not null)", name=op.f("ck_correction_case_decided")
        ),
        sa.ForeignKeyConstraint(["batch_seq"], ["ledger.batch.seq"], name=op.f("fk_correction_case_batch_seq")),
        sa.ForeignKeyConstraint(
            ["quarantine_id"], ["ledger.quarantine.id"], name=op.f("fk_correction_case_quarantine_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction_case")),
        sa.UniqueConstraint(
            "batch_seq", "row_no", "record_id", name=op.f("uq_correction_case_batch_seq_row_no_record_id")
        ),
        schema="ledger",
    )
    op.execute("grant select on ledger.correction_case to pcw_collector, pcw_builder, pcw_sender, pcw_reader")
    op.execute("grant insert, update, delete on ledger.correction_case to pcw_collector")
    op.add_column("attestation", sa.Column("superseded_by", sa.BigInteger(), nullable=True), schema="ledger")
    op.create_foreign_key(
        op.f("fk_attestation_superseded_by"),
        "attestation",
        "batch",
        ["superseded_by"],
        ["seq"],
        source_schema="ledger",
        referent_schema="ledger",
    )
    op.add_column("batch", sa.Column("source_rows", sa.Text(), server_default="", nullable=False), schema="ledger")


def downgrade() -> None:
    op.drop_column("batch", "source_rows", schema="ledger")
    op.drop_column("attestation", "superseded_by", schema="ledger")
    op.drop_table("correction_case", schema="ledger")
