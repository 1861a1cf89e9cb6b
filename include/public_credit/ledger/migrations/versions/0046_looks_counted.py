"""Every look is counted, told to the server's log too, and good for the record it was for alone."""

import sqlalchemy as sa
from alembic import context, op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

_PINNED = "set search_path = pg_catalog, pg_temp"
_DEFINER = f"security definer {_PINNED}"
_LOOKS = "'explain', 'case', 'original', 'report_person', 'find_person'"
_ACTIONS = f"{_LOOKS}, 'slip', 'find'"
# Words of the policy alone: what a caller makes up is a look like any other.
ACTION_OF = f"""
create function desk.action_of(said text) returns text language sql immutable {_PINNED} as $$
    select case when said in ({_ACTIONS}) then said else 'explain' end
$$
"""
# A look that is rolled back takes its entry along; this line it leaves in the log of the server. No number, no purpose.
TELL_LOOK = f"""
create function desk.tell_look(account text, role text, action text) returns void language plpgsql {_DEFINER} as $$
begin
    raise log 'look at a record: account %, role %, action %, at %', account, role, action, clock_timestamp();
end $$
"""
NOTE_LOOK = f"""
create or replace function desk.note_look(action text, purpose text, subject_ref text, record_id text) returns bigint
language plpgsql {_DEFINER} as $$
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
    perform desk.tell_look(looking.account, looking.role, desk.action_of(action));
    insert into ledger.access_log (at, who, purpose, action, subject_ref, record_id, channel)
    values (clock_timestamp(), looking.account, btrim(purpose), desk.action_of(action), subject_ref, record_id, looking.channel)
    returning id into entry;
    return entry;
end $$
"""
# Whoever the numbers answer to is in the log: of one number in its spellings that is one person, or doubles of one.
PERSON_RECORDS = f"""
create or replace function desk.person_records(lookups bytea[], asked text, purpose text) returns table (entry bigint, record jsonb)
language plpgsql {_DEFINER} as $$
declare
    tokens text[]; about text; look bigint; noted bigint; missed bigint;
    said text := coalesce(nullif(current_setting('pcw.look', true), ''), 'report_person');
begin
    if cardinality(lookups) > 64 then
        raise exception 'one number at a time' using errcode = 'PC004';
    end if;
    select count(*) into missed from ledger.access_log l join desk.who() w on w.account = l.who
    where l.subject_ref like 'miss:%' and l.at > clock_timestamp() - interval '1 hour';
    if missed >= 10 then
        raise exception '%', missed using errcode = 'PC003';
    end if;
    select array_agg(s.token order by array_position(lookups, s.lookup)) into tokens
    from vault.secret s where s.lookup = any (lookups) and s.letter = 'P';
    foreach about in array coalesce(tokens, array['miss:' || coalesce(asked, '')]) loop
        look := desk.note_look(said, purpose, about, '');
        noted := coalesce(noted, look);
    end loop;
    return query select noted, null::jsonb;
    if to_regclass('marts.mart_subjects__natural_person') is not null then
        return query execute 'select $1, to_jsonb(p) from marts.mart_subjects__natural_person p where p.person_ref = any ($2) '
            'order by p.role, p.event_on, p.record_id' using noted, tokens;
    end if;
end $$
"""
# Whether a record, or a row (``row:batch/row``), is of a person.
OF_PERSON = f"""
create function desk.of_person(of_record text, subject_ref text) returns boolean language plpgsql stable {_DEFINER} as $$
declare
    kind name; found boolean; place text[] := regexp_match(subject_ref, '^row:([0-9]{{1,18}})/');
begin
    if of_record ~ '^r[0-9a-f]{{31}}$' then
        for kind in select c.relname from pg_class c where c.relnamespace = 'raw'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
                and 2 = (select count(*) from pg_attribute a where a.attrelid = c.oid and a.attname in ('record_id', 'variant')) loop
            execute format('select bool_or(r.variant = %L) from raw.%I r where r.record_id = $1', 'person', kind)
                into found using (substr(of_record, 2) || '0')::uuid;
            exit when found is not null;
        end loop;
    elsif place is not null then
        select b.variant = 'person' into found from ledger.batch b where b.seq = place[1]::bigint;
    end if;
    return coalesce(found, false);
end $$
"""
# A look at a record of an organisation, at an original or a slip; who looks and when, the database says.
NOTE_VISIT = f"""
create or replace function desk.note_visit(action text, purpose text, subject_ref text, record_id text) returns bigint
language plpgsql {_DEFINER} as $$
declare
    looking record; entry bigint;
begin
    select w.account, w.name, w.role, w.unit_id, s.channel into looking from desk.session s join desk.who() w on w.account = s.account
    where s.token_hash = sha256(convert_to(current_setting('pcw.session', true), 'UTF8'));
    if looking is null then
        raise exception 'nobody is signed in' using errcode = 'PC001';
    elsif looking.role = 'clerk' and not (action = 'slip' and exists (
            select from ledger.slip s where s.slip_id = subject_ref and s.unit_id = looking.unit_id)) then
        raise exception 'not of the unit' using errcode = 'PC001';
    elsif coalesce(btrim(purpose), '') = '' and desk.of_person(record_id, subject_ref) then
        raise exception 'a look at a record of a person has a purpose' using errcode = 'PC002';
    end if;
    perform desk.tell_look(looking.account, looking.role, desk.action_of(action));
    insert into ledger.access_log (at, who, purpose, action, subject_ref, record_id, channel)
    values (clock_timestamp(), case looking.channel when 'cli' then looking.account else looking.name || '（' || looking.account || '）' end, btrim(purpose),
            desk.action_of(action), subject_ref, record_id, looking.channel)
    returning id into entry;
    return entry;
end $$
"""
# Whether who asks has just looked at a record of a person, with a purpose.
LOOKED_AT = f"""
create function desk.looked_at(of_record text) returns boolean language sql stable {_DEFINER} as $$
    select exists (select from ledger.access_log l join desk.who() w on w.account = l.who and w.role in ('engineer', 'auditor')
        where l.record_id = of_record and l.record_id <> '' and btrim(l.purpose) <> '' and l.action in ({_LOOKS})
            and l.at > clock_timestamp() - interval '10 minutes')
$$
"""
_ANY_LOOK = """not exists (
            select from ledger.access_log l join desk.who() w on w.account = l.who
            where l.record_id = of_record and l.record_id <> '' and l.at > clock_timestamp() - interval '10 minutes')"""
# Events of a person's decision to whom has just looked at its record, at that of this number and person.
DECISION_EVENTS_BEFORE = "desk.decision_events(text, text, text, text, text)"
DECISION_EVENTS = f"""
create function desk.decision_events(of_kind text, of_record text, document text, authority text, of_table text, scheme text, value text)
returns table (event_type text, event_date text, basis text, record_id uuid, batch_seq bigint, row_no integer)
language plpgsql stable {_DEFINER} as $$
declare
    number name; of_person boolean; its_own boolean;
begin
    select a.attname into number from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
    where i.indexrelid = to_regclass(format('raw.%I', 'ix_' || of_kind || '_document'));
    if number is null then
        return;
    end if;
    execute format('select bool_or(r.variant = %L), bool_or(r.%I = $2 and r.subject_value = $3) from raw.%I r where r.record_id = $1',
        'person', number, of_kind) into of_person, its_own using (substr(of_record, 2) || '0')::uuid, document, value;
    if (scheme = 'person' or of_person) and not (coalesce(its_own, false) and desk.looked_at(of_record)) then
        raise exception 'a look at a record of a person has a purpose' using errcode = 'PC002';
    end if;
    return query execute $found$select r.event_type, r.event_date, r.basis, r.record_id, r.batch_seq, r.row_no
    from raw.decision_event r
    join ledger.batch b on b.seq = r.batch_seq and b.current_attempt = r.attempt and b.state in ('accepted', 'accepted_with_quarantine')
    left join ledger.row_outcome o on o.batch_seq = r.batch_seq and o.attempt = r.attempt and o.row_no = r.row_no
    left join lateral ledger.unchanged(r.batch_seq, r.attempt, r.row_no) u on true
    where r.decision_no = $1 and r.authority_uscc = $2 and r.decision_table = $3
      and (r.uscc = '' or ($4 = 'uscc' and r.uscc = $5)) and (r.id_no = '' or ($4 = 'person' and r.id_no = $5))
      and o.row_no is null and u.batch_seq is null$found$ using document, authority, of_table, scheme, value;
end $$
"""
# Records of organisations by a document number; of whoever's by the id, which nobody can make up.
_ANY = "'r.%I = any ($2) and $1 is null', document)"
_ORGANISATIONS = "'r.%I = any ($2) and $1 is null and r.variant <> %L', document, 'person')"
# Records of persons that answer to a document number. Without a purpose: that there is one. With one: which, each in the log. What an
# account is told so in an hour is counted, and the count is looked at before anything else: a refusal tells nothing.
FIND_PERSONS = f"""
create function desk.find_persons(of_kinds text[], numbers text[], purpose text)
returns table (kind text, record_id uuid, batch_seq bigint, attempt smallint, row_no integer)
language plpgsql {_DEFINER} as $$
declare
    looking record; document name; landed record; booked text[] := array[]::text[]; about text; asked text;
    said text := coalesce(btrim(purpose), '');
begin
    if cardinality(numbers) > 32 then
        raise exception 'one number at a time' using errcode = 'PC004';
    end if;
    select w.account, w.role, s.channel into looking from desk.session s join desk.who() w on w.account = s.account
    where s.token_hash = sha256(convert_to(current_setting('pcw.session', true), 'UTF8'));
    if looking is null or looking.role not in ('engineer', 'auditor') then
        return;
    elsif 60 <= (select count(*) from ledger.access_log l
            where l.who = looking.account and l.action = 'find' and l.at > clock_timestamp() - interval '1 hour') then
        raise exception 'many records of persons were found' using errcode = 'PC005';
    end if;
    foreach asked in array of_kinds loop
        select a.attname into document from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
        where i.indexrelid = to_regclass(format('raw.%I', 'ix_' || asked || '_document'));
        continue when document is null;
        for landed in execute format('select r.record_id, r.batch_seq, r.attempt, r.row_no from raw.%I r where r.variant = %L and r.%I = any ($1) '
                'order by r.batch_seq, r.attempt, r.row_no limit 1000', asked, 'person', document)
                using array(select n from unnest(numbers) n where btrim(n) <> '') loop
            if said = '' then
                perform desk.tell_look(looking.account, looking.role, 'find');
                insert into ledger.access_log (at, who, purpose, action, channel)
                values (clock_timestamp(), looking.account, '', 'find', looking.channel);
                return next;
                return;
            end if;
            about := coalesce('r' || left(replace(landed.record_id::text, '-', ''), 31), 'row:' || landed.batch_seq || '/' || landed.row_no);
            if about <> all (booked) then
                booked := booked || about;
                perform desk.note_look('find', said, case when landed.record_id is null then about else '' end,
                    case when landed.record_id is null then '' else about end);
            end if;
            kind := asked; record_id := landed.record_id; batch_seq := landed.batch_seq; attempt := landed.attempt; row_no := landed.row_no;
            return next;
        end loop;
    end loop;
end $$
"""
REPLACED = {
    "note_look": ("0038", NOTE_LOOK),
    "person_records": ("0038", PERSON_RECORDS),
    "note_visit": ("0044", NOTE_VISIT),
}


def _was(revision: str, name: str) -> str:
    """The definition of a function as an earlier migration has it."""
    said: str = getattr(context.script.get_revision(revision).module, name)
    return said


def upgrade() -> None:
    op.execute(ACTION_OF)
    op.execute(TELL_LOOK)
    op.execute(OF_PERSON)
    op.execute(LOOKED_AT)
    op.execute(FIND_PERSONS)
    found = _was("0044", "FIND_RECORDS").replace("-- guard", _was("0044", "GUARD"))
    op.execute(found.replace(_ANY, _ORGANISATIONS))
    op.create_index(
        "ix_access_log_find", "access_log", ["who", "at"], schema="ledger", postgresql_where=sa.text("action = 'find'")
    )
    op.execute(f"drop function {DECISION_EVENTS_BEFORE}")
    op.execute(DECISION_EVENTS)
    op.execute(
        _was("0044", "BESIDE")
        .replace("create function", "create or replace function")
        .replace(_ANY_LOOK, "not desk.looked_at(of_record)")
    )
    for _, function in REPLACED.values():
        op.execute(function)


def downgrade() -> None:
    op.drop_index("ix_access_log_find", table_name="access_log", schema="ledger")
    op.execute("drop function desk.find_persons(text[], text[], text)")
    op.execute(_was("0044", "FIND_RECORDS").replace("-- guard", _was("0044", "GUARD")))
    for name, (revision_before, _) in REPLACED.items():
        op.execute(_was(revision_before, name.upper()).replace("create function", "create or replace function"))
    op.execute(_was("0044", "BESIDE").replace("create function", "create or replace function"))
    op.execute("drop function desk.decision_events(text, text, text, text, text, text, text)")
    op.execute(_was("0042", "DECISION_EVENTS"))
    for function in ("looked_at(text)", "of_person(text, text)", "tell_look(text, text, text)", "action_of(text)"):
        op.execute(f"drop function desk.{function}")
