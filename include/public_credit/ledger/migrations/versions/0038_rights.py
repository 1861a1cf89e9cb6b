"""Rights are what the policy says: a table of what each relation gets, and the one function that gives it."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

# Run by the owner of the relation; what stands in the table, pcw_owner alone may write.
SETTLE = """
create function ledger.settle_rights(made regclass) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    wanted text[]; said text; grantee text; policy name; guarded boolean;
begin
    select r.statements, c.relrowsecurity into wanted, guarded
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join ledger.relation_right r on r.relation = any (case when c.relispartition then array[n.nspname || '.* partition']
        else array[n.nspname || '.' || c.relname, n.nspname || '.*'] end)
    where c.oid = made order by r.relation like '%*' limit 1;
    if wanted is null then
        raise exception 'the policy of rights has no line for %', made using errcode = 'insufficient_privilege';
    end if;
    for grantee in
        select distinct coalesce(quote_ident(pg_get_userbyid(nullif(a.grantee, 0))), 'public')
        from (select relacl as acl, relowner from pg_class where oid = made
              union all select t.attacl, c.relowner from pg_attribute t join pg_class c on c.oid = t.attrelid
              where t.attrelid = made and t.attnum > 0) had cross join lateral aclexplode(had.acl) a
        where a.grantee <> had.relowner
    loop
        execute format('revoke all on %s from %s cascade', made, grantee);
    end loop;
    for policy in select polname from pg_policy where polrelid = made loop
        execute format('drop policy %I on %s', policy, made);
    end loop;
    if guarded then
        execute format('alter table %s no force row level security', made);
        execute format('alter table %s disable row level security', made);
    end if;
    foreach said in array wanted loop
        if said not like 'grant maintain%' or current_setting('server_version_num')::int >= 170000 then
            execute format(said, made);
        end if;
    end loop;
    if (select relkind = 'v' from pg_class where oid = made) then
        execute format('alter view %s set (security_invoker = true)', made);
    end if;
end $$
"""

# Asked once a statement, and for each row by the condition of its trigger alone: landing a million rows costs no more.
ONLY_LANDING = """
create function ledger.only_landing() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    announced text := current_setting('pcw.landing', true);
begin
    if current_user = (select pg_get_userbyid(relowner) from pg_class where oid = tg_relid) then
        return null;
    end if;
    if announced ~ '^[0-9]+/[0-9]+$' then
        perform 1 from ledger.attempt where batch_seq = split_part(announced, '/', 1)::bigint
            and attempt = split_part(announced, '/', 2)::smallint and state = 'landing';
        if found then
            return null;
        end if;
    end if;
    raise exception 'rows come into %.% only while their attempt is landing', tg_table_schema, tg_table_name
        using errcode = 'insufficient_privilege';
end $$
"""
OF_ANOTHER = """
create function ledger.refuse_row() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception 'a row of %.% is of another attempt than the one that is landing', tg_table_schema, tg_table_name
        using errcode = 'insufficient_privilege';
end $$
"""
NOT_AGAIN = """
create function ledger.landing_begins_once() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception 'an attempt that has landed does not land again' using errcode = 'insufficient_privilege';
end $$
"""


def upgrade() -> None:
    op.create_table(
        "relation_right",
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("statements", sa.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("relation", name=op.f("pk_relation_right")),
        schema="ledger",
    )
    for function in (SETTLE, ONLY_LANDING, OF_ANOTHER, NOT_AGAIN):
        op.execute(function)
    op.execute(
        "create trigger landing_begins_once before update of state on ledger.attempt for each row "
        "when (new.state = 'landing' and old.state <> 'landing') execute function ledger.landing_begins_once()"
    )
    op.execute("revoke all on function ledger.settle_rights from public")
    op.execute("grant execute on function ledger.settle_rights to pcw_builder")


def downgrade() -> None:
    op.execute("drop trigger landing_begins_once on ledger.attempt")
    op.execute("drop function ledger.landing_begins_once")
    op.execute("drop function ledger.only_landing cascade")
    op.execute("drop function ledger.refuse_row cascade")
    op.execute("drop function ledger.settle_rights")
    op.drop_table("relation_right", schema="ledger")
