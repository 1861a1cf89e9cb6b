"""Ledger and vault tables, as they were when the first version was installed; later changes are migrations of their own."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_ref", sa.Text(), server_default="", nullable=False),
        sa.Column("record_id", sa.Text(), server_default="", nullable=False),
        sa.Column("channel", sa.Text(), server_default="cli", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_log")),
        schema="ledger",
    )
    op.create_table(
        "alert",
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_alert")),
        schema="ledger",
    )
    op.create_table(
        "archive_object",
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("key_version", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("shredded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shred_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("uri", name=op.f("pk_archive_object")),
        schema="ledger",
    )
    op.create_table(
        "attestation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("unit_id", sa.Text(), nullable=False),
        sa.Column("dataset_id", sa.Text(), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_to", sa.Date(), nullable=False),
        sa.Column("attested_by", sa.Text(), nullable=False),
        sa.Column("attested_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("batch_seq", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attestation")),
        sa.UniqueConstraint(
            "dataset_id", "period_from", "period_to", name=op.f("uq_attestation_dataset_id_period_from_period_to")
        ),
        schema="ledger",
    )
    op.create_table(
        "build",
        sa.Column("build_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("built_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code_version", sa.Text(), server_default="", nullable=False),
        sa.Column("invocation_id", sa.Text(), server_default="", nullable=False),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("state in ('open', 'built')", name=op.f("ck_build_state")),
        sa.PrimaryKeyConstraint("build_id", name=op.f("pk_build")),
        schema="ledger",
    )
    op.create_index(
        "uq_build_one_open",
        "build",
        ["state"],
        unique=True,
        schema="ledger",
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "business_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("opened_by", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_business_day")),
        schema="ledger",
    )
    op.create_table(
        "delivery",
        sa.Column("delivery_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("interface", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), server_default="sending", nullable=False),
        sa.Column("http_status", sa.SmallInteger(), nullable=True),
        sa.Column("receipt_id", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("request_id", name=op.f("uq_delivery_request_id")),
        schema="ledger",
    )
    op.create_table(
        "receiver_event",
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=True),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("at_on", sa.Date(), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("receiver", "seq", name=op.f("pk_receiver_event")),
        schema="ledger",
    )
    op.create_index(op.f("ix_receiver_event_record_id"), "receiver_event", ["record_id"], unique=False, schema="ledger")
    op.create_table(
        "reconciliation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("ours", sa.Integer(), nullable=False),
        sa.Column("theirs", sa.Integer(), nullable=False),
        sa.Column("agreed", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("surplus", sa.Integer(), nullable=False),
        sa.Column("differing", sa.Integer(), nullable=False),
        sa.Column("unsettled", sa.Integer(), server_default="0", nullable=False),
        sa.Column("compared_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation")),
        schema="ledger",
    )
    op.create_table(
        "repeated_row",
        sa.Column("batch_seq", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("batch_seq", "attempt", "row_no", name=op.f("pk_repeated_row")),
        schema="ledger",
    )
    op.create_table(
        "row_outcome",
        sa.Column("batch_seq", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=True),
        sa.CheckConstraint("outcome in ('quarantined', 'duplicate')", name=op.f("ck_row_outcome_outcome")),
        sa.PrimaryKeyConstraint("batch_seq", "attempt", "row_no", name=op.f("pk_row_outcome")),
        schema="ledger",
    )
    op.create_table(
        "row_verdict",
        sa.Column("batch_seq", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("rules_version", sa.Text(), server_default="", nullable=False),
        sa.Column("registry_version", sa.Text(), server_default="", nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("batch_seq", "attempt", "row_no", "rule_id", name=op.f("pk_row_verdict")),
        schema="ledger",
    )
    op.create_table(
        "step",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Text(), nullable=True),
        sa.Column("dataset_id", sa.Text(), nullable=True),
        sa.Column("batch_seq", sa.BigInteger(), nullable=True),
        sa.Column("attempt", sa.SmallInteger(), nullable=True),
        sa.Column("build_id", sa.BigInteger(), nullable=True),
        sa.Column("release_id", sa.BigInteger(), nullable=True),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verdict", sa.Text(), server_default="incomplete", nullable=False),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
        sa.Column("owner", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "counts", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("dag_run", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "verdict in ('incomplete', 'ok', 'warning', 'held', 'failed', 'nothing_due')", name=op.f("ck_step_verdict")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step")),
        schema="ledger",
    )
    op.create_index(op.f("ix_step_batch_seq"), "step", ["batch_seq"], unique=False, schema="ledger")
    op.create_index(
        op.f("ix_step_business_date_name"), "step", ["business_date", "name"], unique=False, schema="ledger"
    )
    op.create_table(
        "unit",
        sa.Column("unit_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("uscc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("unit_id", name=op.f("pk_unit")),
        sa.UniqueConstraint("uscc", name=op.f("uq_unit_uscc")),
        schema="ledger",
    )
    op.create_table(
        "waiver",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("dataset_id", sa.Text(), nullable=False),
        sa.Column("expectation_id", sa.Text(), nullable=False),
        sa.Column("batch_seq", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiver")),
        schema="ledger",
    )
    op.create_table(
        "secret",
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("letter", sa.String(length=1), nullable=False),
        sa.Column("lookup", sa.LargeBinary(), nullable=False),
        sa.Column("lookup_version", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("key_version", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_secret")),
        sa.UniqueConstraint("lookup", name=op.f("uq_secret_lookup")),
        schema="vault",
    )
    op.create_table(
        "batch",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("dataset_id", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("variant", sa.Text(), nullable=False),
        sa.Column("delivery_mode", sa.Text(), nullable=False),
        sa.Column("locator", sa.Text(), nullable=False),
        sa.Column("source_version", sa.Text(), server_default="", nullable=False),
        sa.Column("file_name", sa.Text(), server_default="", nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("archive_uri", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), server_default="received", nullable=False),
        sa.Column("current_attempt", sa.SmallInteger(), nullable=True),
        sa.Column("rows_in", sa.Integer(), nullable=True),
        sa.Column("accepted", sa.Integer(), nullable=True),
        sa.Column("quarantined", sa.Integer(), nullable=True),
        sa.Column("duplicate", sa.Integer(), nullable=True),
        sa.Column("refused", sa.Integer(), nullable=True),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
        sa.Column("resubmission_of", sa.BigInteger(), nullable=True),
        sa.Column("code_version", sa.Text(), server_default="", nullable=False),
        sa.Column("catalogue_version", sa.Text(), server_default="", nullable=False),
        sa.Column("rules_version", sa.Text(), server_default="", nullable=False),
        sa.Column("dag_run", sa.Text(), server_default="", nullable=False),
        sa.Column("gated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("gated_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "not (state in ('accepted', 'accepted_with_quarantine')) or rows_in = accepted + quarantined + duplicate + refused",
            name=op.f("ck_batch_counts_balance"),
        ),
        sa.CheckConstraint(
            "state = 'received' or (rows_in is not null and accepted is not null and quarantined is not null and duplicate is not null and refused is not null)",
            name=op.f("ck_batch_counts_present"),
        ),
        sa.CheckConstraint(
            "state in ('received', 'landed', 'accepted', 'accepted_with_quarantine', 'held', 'broken')",
            name=op.f("ck_batch_state"),
        ),
        sa.ForeignKeyConstraint(["archive_uri"], ["ledger.archive_object.uri"], name=op.f("fk_batch_archive_uri")),
        sa.ForeignKeyConstraint(["resubmission_of"], ["ledger.batch.seq"], name=op.f("fk_batch_resubmission_of")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_batch")),
        sa.UniqueConstraint("batch_id", name=op.f("uq_batch_batch_id")),
        schema="ledger",
    )
    op.create_index(op.f("ix_batch_dataset_id_seq"), "batch", ["dataset_id", "seq"], unique=False, schema="ledger")
    op.create_index(op.f("ix_batch_state"), "batch", ["state"], unique=False, schema="ledger")
    op.create_table(
        "reconciliation_difference",
        sa.Column("reconciliation_id", sa.BigInteger(), nullable=False),
        sa.Column("interface", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("difference", sa.Text(), nullable=False),
        sa.Column("our_version", sa.Text(), nullable=True),
        sa.Column("their_version", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["reconciliation_id"],
            ["ledger.reconciliation.id"],
            name=op.f("fk_reconciliation_difference_reconciliation_id"),
        ),
        sa.PrimaryKeyConstraint(
            "reconciliation_id", "interface", "record_id", name=op.f("pk_reconciliation_difference")
        ),
        schema="ledger",
    )
    op.create_table(
        "release",
        sa.Column("release_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("build_id", sa.BigInteger(), nullable=False),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), server_default="released", nullable=False),
        sa.Column("adds", sa.Integer(), nullable=False),
        sa.Column("mods", sa.Integer(), nullable=False),
        sa.Column("dels", sa.Integer(), nullable=False),
        sa.Column("diff_hash", sa.Text(), nullable=False),
        sa.Column(
            "cover", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("unusual", sa.Text(), server_default="", nullable=False),
        sa.Column("prepared_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('waiting', 'released', 'rejected')", name=op.f("ck_release_state")),
        sa.ForeignKeyConstraint(["build_id"], ["ledger.build.build_id"], name=op.f("fk_release_build_id")),
        sa.PrimaryKeyConstraint("release_id", name=op.f("pk_release")),
        sa.UniqueConstraint("build_id", "receiver", name=op.f("uq_release_build_id_receiver")),
        schema="ledger",
    )
    op.create_table(
        "attempt",
        sa.Column("batch_seq", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default="landing", nullable=False),
        sa.Column("rows_in", sa.Integer(), nullable=True),
        sa.Column("rows_landed", sa.Integer(), nullable=True),
        sa.Column("refused", sa.Integer(), nullable=True),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("landed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code_version", sa.Text(), server_default="", nullable=False),
        sa.Column("catalogue_version", sa.Text(), server_default="", nullable=False),
        sa.Column("rules_version", sa.Text(), server_default="", nullable=False),
        sa.Column("registry_version", sa.Text(), server_default="", nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state in ('landing', 'landed', 'gated', 'superseded', 'failed')", name=op.f("ck_attempt_state")
        ),
        sa.ForeignKeyConstraint(["batch_seq"], ["ledger.batch.seq"], name=op.f("fk_attempt_batch_seq")),
        sa.PrimaryKeyConstraint("batch_seq", "attempt", name=op.f("pk_attempt")),
        schema="ledger",
    )
    op.create_table(
        "build_input",
        sa.Column("build_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_seq", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.CheckConstraint("operation in ('add', 'remove')", name=op.f("ck_build_input_operation")),
        sa.ForeignKeyConstraint(["batch_seq"], ["ledger.batch.seq"], name=op.f("fk_build_input_batch_seq")),
        sa.ForeignKeyConstraint(["build_id"], ["ledger.build.build_id"], name=op.f("fk_build_input_build_id")),
        sa.PrimaryKeyConstraint("build_id", "batch_seq", "attempt", "operation", name=op.f("pk_build_input")),
        schema="ledger",
    )
    op.create_table(
        "delivery_item",
        sa.Column("item_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("release_id", sa.BigInteger(), nullable=False),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("interface", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("predecessor", sa.Text(), nullable=True),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=True),
        sa.Column("receipt_id", sa.Text(), nullable=True),
        sa.Column("receipt_code", sa.Text(), nullable=True),
        sa.Column("receipt_field", sa.Text(), nullable=True),
        sa.Column("receipt_text", sa.Text(), nullable=True),
        sa.Column("city_id", sa.Text(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("booked_on", sa.Date(), nullable=True),
        sa.CheckConstraint("operation in ('ADD', 'MOD', 'DEL')", name=op.f("ck_delivery_item_operation")),
        sa.CheckConstraint(
            "state in ('pending', 'sending', 'unknown', 'accepted', 'rejected', 'withdrawn', 'superseded')",
            name=op.f("ck_delivery_item_state"),
        ),
        sa.ForeignKeyConstraint(
            ["release_id"], ["ledger.release.release_id"], name=op.f("fk_delivery_item_release_id")
        ),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_delivery_item")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_delivery_item_idempotency_key")),
        schema="ledger",
    )
    op.create_index(
        "ix_delivery_item_open",
        "delivery_item",
        ["receiver", "item_id"],
        unique=False,
        schema="ledger",
        postgresql_where=sa.text("state in ('pending', 'sending', 'unknown')"),
    )
    op.create_index(
        op.f("ix_delivery_item_receiver_record_id_item_id"),
        "delivery_item",
        ["receiver", "record_id", "item_id"],
        unique=False,
        schema="ledger",
    )
    op.create_table(
        "gate_result",
        sa.Column("batch_seq", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("expectation_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("success", sa.Boolean(), nullable=False),
        sa.Column(
            "observed", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("owner", sa.Text(), server_default="", nullable=False),
        sa.Column("remedy", sa.Text(), server_default="", nullable=False),
        sa.Column("clause", sa.Text(), server_default="", nullable=False),
        sa.Column("evaluated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["batch_seq"], ["ledger.batch.seq"], name=op.f("fk_gate_result_batch_seq")),
        sa.PrimaryKeyConstraint("batch_seq", "attempt", "expectation_id", name=op.f("pk_gate_result")),
        schema="ledger",
    )
    op.create_table(
        "quarantine",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("batch_seq", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=True),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), server_default="department", nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("slip_id", sa.Text(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("corrected_batch_seq", sa.BigInteger(), nullable=True),
        sa.Column("corrected_row_no", sa.Integer(), nullable=True),
        sa.Column("corrected_record_id", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state in ('open', 'returned', 'corrected', 'waived', 'withdrawn')", name=op.f("ck_quarantine_state")
        ),
        sa.ForeignKeyConstraint(["batch_seq"], ["ledger.batch.seq"], name=op.f("fk_quarantine_batch_seq")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
        sa.UniqueConstraint("batch_seq", "attempt", "row_no", name=op.f("uq_quarantine_batch_seq_attempt_row_no")),
        schema="ledger",
    )
    op.create_index(op.f("ix_quarantine_record_id"), "quarantine", ["record_id"], unique=False, schema="ledger")
    op.create_index(
        op.f("ix_quarantine_unit_id_state"), "quarantine", ["unit_id", "state"], unique=False, schema="ledger"
    )
    op.create_table(
        "record_link",
        sa.Column("old_record_id", sa.Text(), nullable=False),
        sa.Column("new_record_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("batch_seq", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("linked_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["batch_seq"], ["ledger.batch.seq"], name=op.f("fk_record_link_batch_seq")),
        sa.PrimaryKeyConstraint("old_record_id", "new_record_id", name=op.f("pk_record_link")),
        schema="ledger",
    )
    op.create_table(
        "refused_row",
        sa.Column("batch_seq", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=True),
        sa.Column("source_row", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["batch_seq"], ["ledger.batch.seq"], name=op.f("fk_refused_row_batch_seq")),
        sa.PrimaryKeyConstraint("batch_seq", "attempt", "row_no", name=op.f("pk_refused_row")),
        schema="ledger",
    )
    op.create_table(
        "signal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("batch_seq", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), server_default="0", nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["batch_seq"], ["ledger.batch.seq"], name=op.f("fk_signal_batch_seq")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signal")),
        schema="ledger",
    )
    op.create_index(
        op.f("ix_signal_batch_seq_attempt"), "signal", ["batch_seq", "attempt"], unique=False, schema="ledger"
    )
    op.create_table(
        "slip",
        sa.Column("slip_id", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Text(), nullable=False),
        sa.Column("batch_seq", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("written_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["batch_seq"], ["ledger.batch.seq"], name=op.f("fk_slip_batch_seq")),
        sa.PrimaryKeyConstraint("slip_id", name=op.f("pk_slip")),
        schema="ledger",
    )


def downgrade() -> None:
    op.drop_table("slip", schema="ledger")
    op.drop_index(op.f("ix_signal_batch_seq_attempt"), table_name="signal", schema="ledger")
    op.drop_table("signal", schema="ledger")
    op.drop_table("refused_row", schema="ledger")
    op.drop_table("record_link", schema="ledger")
    op.drop_index(op.f("ix_quarantine_unit_id_state"), table_name="quarantine", schema="ledger")
    op.drop_index(op.f("ix_quarantine_record_id"), table_name="quarantine", schema="ledger")
    op.drop_table("quarantine", schema="ledger")
    op.drop_table("gate_result", schema="ledger")
    op.drop_index(op.f("ix_delivery_item_receiver_record_id_item_id"), table_name="delivery_item", schema="ledger")
    op.drop_index(
        "ix_delivery_item_open",
        table_name="delivery_item",
        schema="ledger",
        postgresql_where=sa.text("state in ('pending', 'sending', 'unknown')"),
    )
    op.drop_table("delivery_item", schema="ledger")
    op.drop_table("build_input", schema="ledger")
    op.drop_table("attempt", schema="ledger")
    op.drop_table("release", schema="ledger")
    op.drop_table("reconciliation_difference", schema="ledger")
    op.drop_index(op.f("ix_batch_state"), table_name="batch", schema="ledger")
    op.drop_index(op.f("ix_batch_dataset_id_seq"), table_name="batch", schema="ledger")
    op.drop_table("batch", schema="ledger")
    op.drop_table("secret", schema="vault")
    op.drop_table("waiver", schema="ledger")
    op.drop_table("unit", schema="ledger")
    op.drop_index(op.f("ix_step_business_date_name"), table_name="step", schema="ledger")
    op.drop_index(op.f("ix_step_batch_seq"), table_name="step", schema="ledger")
    op.drop_table("step", schema="ledger")
    op.drop_table("row_verdict", schema="ledger")
    op.drop_table("row_outcome", schema="ledger")
    op.drop_table("repeated_row", schema="ledger")
    op.drop_table("reconciliation", schema="ledger")
    op.drop_index(op.f("ix_receiver_event_record_id"), table_name="receiver_event", schema="ledger")
    op.drop_table("receiver_event", schema="ledger")
    op.drop_table("delivery", schema="ledger")
    op.drop_table("business_day", schema="ledger")
    op.drop_index("uq_build_one_open", table_name="build", schema="ledger", postgresql_where=sa.text("state = 'open'"))
    op.drop_table("build", schema="ledger")
    op.drop_table("attestation", schema="ledger")
    op.drop_table("archive_object", schema="ledger")
    op.drop_table("alert", schema="ledger")
    op.drop_table("access_log", schema="ledger")
