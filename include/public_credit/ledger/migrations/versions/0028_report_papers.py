"""The files a report was handed out as, with their check codes. Readers add rows and never change one."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "report_paper",
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("check_code", sa.Text(), nullable=False),
        sa.CheckConstraint("form in ('page', 'workbook')", name=op.f("ck_report_paper_form")),
        sa.ForeignKeyConstraint(["report_id"], ["ledger.report.id"], name=op.f("fk_report_paper_report_id")),
        sa.PrimaryKeyConstraint("report_id", "form", name=op.f("pk_report_paper")),
        schema="ledger",
    )
    op.execute("grant select, insert on ledger.report_paper to pcw_reader")


def downgrade() -> None:
    op.drop_table("report_paper", schema="ledger")
