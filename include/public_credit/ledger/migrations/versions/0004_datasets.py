"""Datasets of the catalogue as the models see them, and deliveries of what is never collected, counted only."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dataset",
        sa.Column("dataset_id", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("variant", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("sectors", sa.Text(), nullable=False),
        sa.Column("disclosure", sa.Text(), nullable=False),
        sa.Column("delivery_mode", sa.Text(), nullable=False),
        sa.Column("cadence_days", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("dataset_id", name=op.f("pk_dataset")),
        schema="ledger",
    )
    op.create_table(
        "refused_delivery",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("refused_id", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Text(), server_default="", nullable=False),
        sa.Column("dataset_id", sa.Text(), server_default="", nullable=False),
        sa.Column("locator", sa.Text(), nullable=False),
        sa.Column("source_version", sa.Text(), server_default="", nullable=False),
        sa.Column("file_name", sa.Text(), server_default="", nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("dag_run", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refused_delivery")),
        sa.UniqueConstraint(
            "refused_id",
            "unit_id",
            "locator",
            "source_version",
            "sha256",
            name=op.f("uq_refused_delivery_refused_id_unit_id_locator_source_version_sha256"),
        ),
        schema="ledger",
    )
    op.execute(
        "grant select on ledger.dataset, ledger.refused_delivery to pcw_collector, pcw_builder, pcw_sender, pcw_reader"
    )
    op.execute("grant insert, update on ledger.dataset to pcw_builder")
    op.execute("grant insert on ledger.refused_delivery to pcw_collector")


def downgrade() -> None:
    op.drop_table("refused_delivery", schema="ledger")
    op.drop_table("dataset", schema="ledger")
