"""Who is signed in at the desk, and ``desk.who()``: the person a session token stands for, as only the database says it."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

WHO = """
    create function desk.who(out account text, out name text, out role text, out unit_id text)
    returns setof record
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
        select s.account, s.name, s.role, s.unit_id
        from desk.session as s
        where s.token_hash = sha256(convert_to(current_setting('pcw.session', true), 'UTF8'))
            and s.closed_at is null and s.ends_at > clock_timestamp()
    $$"""


def upgrade() -> None:
    op.execute("create schema if not exists desk")
    op.create_table(
        "session",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role in ('engineer', 'leadership', 'auditor', 'clerk')", name=op.f("ck_session_role")),
        sa.CheckConstraint("channel in ('desk', 'cli')", name=op.f("ck_session_channel")),
        sa.CheckConstraint("(role = 'clerk') = (unit_id is not null)", name=op.f("ck_session_unit_of_clerk")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_session_token_hash")),
        schema="desk",
    )
    op.create_index("ix_session_account", "session", ["account"], schema="desk")
    op.create_table(
        "login_attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.CheckConstraint("outcome in ('admitted', 'refused', 'throttled')", name=op.f("ck_login_attempt_outcome")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_attempt")),
        schema="desk",
    )
    op.create_index("ix_login_attempt_account", "login_attempt", ["account", "at"], schema="desk")
    op.create_index("ix_login_attempt_address", "login_attempt", ["address", "at"], schema="desk")
    op.execute(WHO)
    for statement in (
        "revoke all on function desk.who() from public",
        "grant usage on schema desk to pcw_collector, pcw_builder, pcw_sender, pcw_reader, pcw_desk",
        "grant execute on function desk.who() to pcw_collector, pcw_builder, pcw_sender, pcw_reader, pcw_desk",
        "grant select, insert on desk.session, desk.login_attempt to pcw_desk",
        "grant update (seen_at, ends_at, closed_at) on desk.session to pcw_desk",
    ):
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop schema desk cascade")
