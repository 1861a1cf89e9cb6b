"""Two persons for what is unusual or irreversible: who prepared a release, and what was asked for and agreed to."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

WATCHED = {  # what is evidence of these from now on (0036)
    "approval": (
        "id",
        "action, fingerprint, about, reason, business_date, asked_by, asked_at, state, decided_by, decided_at, alone, used_at",
    ),
    "edition": (
        "id",
        "year, kind, restates, state, as_of, business_date, build_id, reason, content_hash, computed_at, computed_by, "
        "decided_by, decided_at, decided_alone, frozen_at",
    ),
    "release": (
        "release_id",
        "build_id, receiver, business_date, state, adds, mods, dels, diff_hash, cover, unusual, prepared_at, prepared_by, "
        "decided_by, decided_at, decided_alone",
    ),
}


def upgrade() -> None:
    for table, preparer in (("release", True), ("edition", False)):
        if preparer:
            op.add_column(
                table, sa.Column("prepared_by", sa.Text(), server_default="", nullable=False), schema="ledger"
            )
        op.add_column(
            table, sa.Column("decided_alone", sa.Boolean(), server_default="false", nullable=False), schema="ledger"
        )
    op.create_table(
        "approval",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("decided_by", sa.Text(), server_default="", nullable=False),
        sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("alone", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("used_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('waiting', 'approved', 'rejected', 'used')", name=op.f("ck_approval_state")),
        sa.CheckConstraint("action in ('rekey', 'purge')", name=op.f("ck_approval_action")),
        sa.CheckConstraint("state = 'waiting' or decided_by <> ''", name=op.f("ck_approval_decided")),
        sa.CheckConstraint(
            "alone or decided_by <> asked_by or state = 'rejected'", name=op.f("ck_approval_two_persons")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
        schema="ledger",
    )
    op.create_index(
        "uq_approval_open",
        "approval",
        ["action", "fingerprint"],
        unique=True,
        schema="ledger",
        postgresql_where=sa.text("state in ('waiting', 'approved')"),
    )
    for table, (key, rest) in WATCHED.items():
        call = sa.text("select ledger.chain_watch(:relation, :key, :leaf)")
        op.get_bind().execute(call, {"relation": table, "key": key, "leaf": f"{key}, {rest}"})
    op.execute("grant select on ledger.approval to pcw_collector, pcw_builder, pcw_sender, pcw_reader")


def downgrade() -> None:
    op.drop_table("approval", schema="ledger")
    op.drop_column("edition", "decided_alone", schema="ledger")
    op.drop_column("release", "decided_alone", schema="ledger")
    op.drop_column("release", "prepared_by", schema="ledger")
