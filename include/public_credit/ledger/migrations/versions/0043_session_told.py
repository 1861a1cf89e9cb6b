"""What a session token stands for and until when, and the end of a session, for the command line: by functions, from the token alone."""

from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

SESSION_TOLD = """
create function desk.session_told(out account text, out name text, out role text, out unit_id text, out channel text,
    out opened_at timestamptz, out ends_at timestamptz)
returns setof record
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select s.account, s.name, s.role, s.unit_id, s.channel, s.opened_at, s.ends_at
    from desk.session as s
    where s.token_hash = sha256(convert_to(current_setting('pcw.session', true), 'UTF8'))
        and s.closed_at is null and s.ends_at > clock_timestamp()
$$
"""
END_SESSION = """
create function desk.end_session() returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    update desk.session as s set closed_at = clock_timestamp()
    where s.token_hash = sha256(convert_to(current_setting('pcw.session', true), 'UTF8'))
        and s.closed_at is null and s.ends_at > clock_timestamp();
    return found;
end $$
"""


def upgrade() -> None:
    for function in (SESSION_TOLD, END_SESSION):
        op.execute(function)


def downgrade() -> None:
    for name in ("session_told", "end_session"):
        op.execute(f"drop function desk.{name}")
