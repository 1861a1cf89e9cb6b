"""What each figure of an edition was taken to mean, kept with the edition. Editions frozen before know nothing of it."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "edition_definition",
        sa.Column("edition_id", sa.BigInteger(), nullable=False),
        sa.Column("target_id", sa.Text(), nullable=False),
        sa.Column("goal_no", sa.Integer(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["ledger.edition.id"], name=op.f("fk_edition_definition_edition_id")),
        sa.PrimaryKeyConstraint("edition_id", "target_id", "goal_no", name=op.f("pk_edition_definition")),
        schema="ledger",
    )
    for event, transition in (
        ("insert", "new table as written"),
        ("update", "new table as written"),
        ("delete", "old table as gone"),
    ):
        op.execute(
            f"create trigger edition_definition_kept_{event} after {event} on ledger.edition_definition "
            f"referencing {transition} for each statement execute function ledger.keep_edition_content()"
        )
    op.execute(
        "create trigger edition_definition_kept_truncate before truncate on ledger.edition_definition "
        "for each statement execute function ledger.keep_edition_content()"
    )
    op.execute("grant select on ledger.edition_definition to pcw_collector, pcw_builder, pcw_sender, pcw_reader")
    op.execute("grant insert on ledger.edition_definition to pcw_builder")


def downgrade() -> None:
    op.drop_table("edition_definition", schema="ledger")
