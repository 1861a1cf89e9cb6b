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

OWN_UNIT = """
create function desk.own_unit() returns text language sql stable set search_path = pg_catalog, pg_temp
as $$ select w.unit_id from desk.who() as w $$
"""
# The person comes from the session's token, the time from the database; neither from a parameter.
NOTE_LOOK = """
create function desk.note_look(action text, purpose text, subject_ref text, record_id text) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    looking record; entry bigint;
begin
    select s.account, s.role, s.channel into looking from desk.session s join desk.who() w on w.account = s.account
    where s.token_hash = sha256(convert_to(current_setting('pcw.session', true), 'UTF8'));
    if looking is null or looking.role not in ('engineer', 'auditor') then
        raise exception 'nobody is signed in who may look at records of persons' using errcode = 'PC001';
    elsif coalesce(btrim(purpose), '') = '' then
        raise exception 'a look at a record of a person has a purpose' using errcode = 'PC002';
    end if;
    insert into ledger.access_log (at, who, purpose, action, subject_ref, record_id, channel)
    values (clock_timestamp(), looking.account, btrim(purpose), action, subject_ref, record_id, looking.channel)
    returning id into entry;
    return entry;
end $$
"""
# One person's records by the keyed hashes of one number (the number itself never comes here); the first row is the entry in the
# log, whatever was found. Ten numbers that nobody here has are what one account may ask for in an hour.
PERSON_RECORDS = """
create function desk.person_records(lookups bytea[], asked text, purpose text) returns table (entry bigint, record jsonb)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    tokens text[]; noted bigint; missed bigint;
begin
    if cardinality(lookups) > 64 then
        raise exception 'one number at a time' using errcode = 'PC004';
    end if;
    select count(*) into missed from ledger.access_log l join desk.who() w on w.account = l.who
    where l.action in ('report_person', 'find_person') and l.subject_ref like 'miss:%' and l.at > clock_timestamp() - interval '1 hour';
    if missed >= 10 then
        raise exception '%', missed using errcode = 'PC003';
    end if;
    select array_agg(s.token order by array_position(lookups, s.lookup)) into tokens
    from vault.secret s where s.lookup = any (lookups) and s.letter = 'P';
    noted := desk.note_look(coalesce(nullif(current_setting('pcw.look', true), ''), 'report_person'), purpose, coalesce(tokens[1], 'miss:' || asked), '');
    return query select noted, null::jsonb;
    if to_regclass('marts.mart_subjects__natural_person') is not null then
        return query execute 'select $1, to_jsonb(p) from marts.mart_subjects__natural_person p where p.person_ref = any ($2) '
            'order by p.role, p.event_on, p.record_id' using noted, tokens;
    end if;
end $$
"""
# Rows of one record, or one row whose key nobody can read; of a person's with purpose and session only, in the log at once.
RECORD_ROWS = """
create function desk.record_rows(of_kind text, of_record text, of_batch bigint, of_attempt integer, of_row integer, purpose text)
returns setof jsonb
language plpgsql security definer rows 3 set search_path = pg_catalog, pg_temp as $$
declare
    condition text := case when of_record is null then 'batch_seq = $2 and attempt = $3 and row_no = $4 and $1 is null'
        else 'record_id = $1' end;
    stored uuid := (substr(of_record, 2) || '0')::uuid; of_person boolean;
begin
    execute format('select coalesce(bool_or(variant = %L), false) from raw.%I where %s', 'person', of_kind, condition)
        into of_person using stored, of_batch, of_attempt::smallint, of_row;
    if of_person then
        perform desk.note_look(coalesce(nullif(current_setting('pcw.look', true), ''), 'explain'), purpose,
            case when of_record is null then 'row:' || of_batch || '/' || of_row else '' end, coalesce(of_record, ''));
    end if;
    return query execute format('select to_jsonb(r) from raw.%I r where %s', of_kind, condition)
        using stored, of_batch, of_attempt::smallint, of_row;
end $$
"""
# Which records answer to a document number or an id; the column of the number is the one that is indexed for it.
FIND_RECORDS = """
create function desk.find_records(of_kind text, of_record text, document_numbers text[])
returns table (variant text, record_id uuid, batch_seq bigint, attempt smallint, row_no integer)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    document name; condition text := 'r.record_id = $1 and $2 is null'; stored uuid := (substr(of_record, 2) || '0')::uuid;
    numbers text[] := array(select n from unnest(document_numbers) n where btrim(n) <> '');
begin
    if of_record is null then
        select a.attname into document from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
        where i.indexrelid = to_regclass(format('raw.%I', 'ix_' || of_kind || '_document'));
        if document is null then
            return;
        end if;
        condition := format('r.%I = any ($2) and $1 is null', document);
    else
        numbers := null;
    end if;
    return query execute format('select r.variant, r.record_id, r.batch_seq, r.attempt, r.row_no from raw.%I r where %s '
        'order by r.batch_seq, r.attempt, r.row_no limit 1000', of_kind, condition) using stored, numbers;
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
    for function in (
        SETTLE, ONLY_LANDING, OF_ANOTHER, NOT_AGAIN, OWN_UNIT, NOTE_LOOK, PERSON_RECORDS, RECORD_ROWS, FIND_RECORDS
    ):  # fmt: skip
        op.execute(function)
    op.execute(
        "create trigger landing_begins_once before update of state on ledger.attempt for each row "
        "when (new.state = 'landing' and old.state <> 'landing') execute function ledger.landing_begins_once()"
    )
    op.execute("revoke all on function ledger.settle_rights from public")
    op.execute("grant execute on function ledger.settle_rights to pcw_builder")


def downgrade() -> None:
    for name in ("find_records", "record_rows", "person_records", "note_look", "own_unit"):
        op.execute(f"drop function desk.{name} cascade")
    op.execute("drop trigger landing_begins_once on ledger.attempt")
    op.execute("drop function ledger.landing_begins_once")
    op.execute("drop function ledger.only_landing cascade")
    op.execute("drop function ledger.refuse_row cascade")
    op.execute("drop function ledger.settle_rights")
    op.drop_table("relation_right", schema="ledger")
