"""Editions of the targets' figures: a draft may be written, a frozen edition never changes."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

EDITION = """
create function ledger.keep_edition() returns trigger language plpgsql as $$
begin
    if old.state in ('frozen', 'rejected') then
        raise exception 'edition % is %, it never changes', old.id, old.state using errcode = 'check_violation';
    end if;
    if tg_op = 'DELETE' then
        raise exception 'edition % is kept', old.id using errcode = 'check_violation';
    end if;
    if old.state = 'approved' and (new.content_hash, new.year, new.kind, new.as_of) is distinct from
                                  (old.content_hash, old.year, old.kind, old.as_of) then
        raise exception 'edition % was approved as it is', old.id using errcode = 'check_violation';
    end if;
    if new.state = 'frozen' and old.state <> 'approved' then
        raise exception 'edition % is not approved', old.id using errcode = 'check_violation';
    end if;
    return new;
end $$
"""

CONTENT = """
create function ledger.keep_edition_content() returns trigger language plpgsql as $$
declare
    closed bigint;
begin
    if tg_op = 'TRUNCATE' then
        raise exception 'editions are kept' using errcode = 'check_violation';
    elsif tg_op = 'DELETE' then
        select min(e.id) into closed from gone join ledger.edition e on e.id = gone.edition_id where e.state <> 'draft';
    else
        select min(e.id) into closed from written join ledger.edition e on e.id = written.edition_id where e.state <> 'draft';
    end if;
    if closed is not null then
        raise exception 'edition % is no draft, its figures never change', closed using errcode = 'check_violation';
    end if;
    return null;
end $$
"""


def upgrade() -> None:
    op.create_table(
        "edition",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("restates", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("build_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("content_hash", sa.Text(), server_default="", nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("computed_by", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), server_default="", nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('draft', 'approved', 'frozen', 'rejected')", name=op.f("ck_edition_state")),
        sa.CheckConstraint(
            "(kind = 'original' and restates is null) or (kind = 'restatement' and restates is not null)",
            name=op.f("ck_edition_kind"),
        ),
        sa.ForeignKeyConstraint(["restates"], ["ledger.edition.id"], name=op.f("fk_edition_restates")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edition")),
        schema="ledger",
    )
    op.create_index(op.f("ix_edition_year"), "edition", ["year"], schema="ledger")
    op.create_index(
        "uq_edition_open",
        "edition",
        ["year"],
        unique=True,
        schema="ledger",
        postgresql_where=sa.text("state in ('draft', 'approved')"),
    )
    op.create_index(
        "uq_edition_original",
        "edition",
        ["year"],
        unique=True,
        schema="ledger",
        postgresql_where=sa.text("kind = 'original' and state = 'frozen'"),
    )
    op.create_table(
        "edition_figure",
        sa.Column("edition_id", sa.BigInteger(), nullable=False),
        sa.Column("target_id", sa.Text(), nullable=False),
        sa.Column("goal_no", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Text(), nullable=False),
        sa.Column("figure_id", sa.Text(), nullable=False),
        sa.Column("numerator", sa.BigInteger(), nullable=True),
        sa.Column("denominator", sa.BigInteger(), nullable=True),
        sa.Column("denominator_source", sa.Text(), nullable=True),
        sa.Column("denominator_on", sa.Date(), nullable=True),
        sa.Column("percent", sa.Numeric(9, 4), nullable=True),
        sa.Column("goal", sa.Numeric(7, 4), nullable=False),
        sa.Column("distance", sa.Numeric(9, 4), nullable=True),
        sa.Column("pace", sa.Numeric(9, 4), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("suppressed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["ledger.edition.id"], name=op.f("fk_edition_figure_edition_id")),
        sa.PrimaryKeyConstraint("edition_id", "target_id", "goal_no", "unit_id", name=op.f("pk_edition_figure")),
        schema="ledger",
    )
    op.create_table(
        "edition_item",
        sa.Column("edition_id", sa.BigInteger(), nullable=False),
        sa.Column("figure_id", sa.Text(), nullable=False),
        sa.Column("item_key", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("numerator", sa.BigInteger(), nullable=False),
        sa.Column("denominator", sa.BigInteger(), nullable=False),
        sa.Column("missing", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["ledger.edition.id"], name=op.f("fk_edition_item_edition_id")),
        sa.PrimaryKeyConstraint("edition_id", "figure_id", "item_key", name=op.f("pk_edition_item")),
        schema="ledger",
    )
    op.execute(EDITION)
    op.execute(CONTENT)
    op.execute(
        "create trigger edition_kept before update or delete on ledger.edition "
        "for each row execute function ledger.keep_edition()"
    )
    for table in ("edition_figure", "edition_item"):
        for event, transition in (
            ("insert", "new table as written"),
            ("update", "new table as written"),
            ("delete", "old table as gone"),
        ):
            op.execute(
                f"create trigger {table}_kept_{event} after {event} on ledger.{table} referencing {transition} "
                "for each statement execute function ledger.keep_edition_content()"
            )
    for table in ("edition", "edition_figure", "edition_item"):
        op.execute(
            f"create trigger {table}_kept_truncate before truncate on ledger.{table} "
            "for each statement execute function ledger.keep_edition_content()"
        )
    tables = "ledger.edition, ledger.edition_figure, ledger.edition_item"
    op.execute(f"grant select on {tables} to pcw_collector, pcw_builder, pcw_sender, pcw_reader")
    op.execute(f"grant insert on {tables} to pcw_builder")
    op.execute("grant update on ledger.edition to pcw_builder")


def downgrade() -> None:
    for table in ("edition_item", "edition_figure", "edition"):
        op.drop_table(table, schema="ledger")
    op.execute("drop function ledger.keep_edition_content()")
    op.execute("drop function ledger.keep_edition()")
