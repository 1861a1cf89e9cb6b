"""Decided corrections can be undone: what a link did to a record is told to the next build, what was taken back is remembered."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "link_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("build_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["build_id"], ["ledger.build.build_id"], name=op.f("fk_link_change_build_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_change")),
        schema="ledger",
    )
    op.create_index(op.f("ix_link_change_build_id"), "link_change", ["build_id"], schema="ledger")
    op.execute(
        """
        create function ledger.note_link_change() returns trigger language plpgsql as $$
        begin
            if tg_op = 'DELETE' then
                insert into ledger.link_change (record_id) values (old.old_record_id);
            else
                insert into ledger.link_change (record_id) values (new.old_record_id);
            end if;
            return null;
        end $$"""
    )
    op.execute(
        "create trigger link_changed after insert or delete on ledger.record_link "
        "for each row execute function ledger.note_link_change()"
    )
    op.execute("grant select on ledger.link_change to pcw_collector, pcw_builder, pcw_sender, pcw_reader")
    op.execute("grant insert on ledger.link_change to pcw_collector")
    op.execute("grant update on ledger.link_change to pcw_builder")
    op.execute("grant delete on ledger.record_link to pcw_collector")
    op.add_column(
        "correction_case",
        sa.Column("taken_back", sa.ARRAY(sa.BigInteger()), server_default=sa.text("'{}'"), nullable=False),
        schema="ledger",
    )


def downgrade() -> None:
    op.drop_column("correction_case", "taken_back", schema="ledger")
    op.execute("revoke delete on ledger.record_link from pcw_collector")
    op.execute("drop trigger link_changed on ledger.record_link")
    op.execute("drop function ledger.note_link_change()")
    op.drop_table("link_change", schema="ledger")
