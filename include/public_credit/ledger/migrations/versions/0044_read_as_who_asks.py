"""What a person's role may not list is told by the database for one record, receipt, release or figure at a time."""

from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

_PINNED = "security definer set search_path = pg_catalog, pg_temp"
# A look at a record of an organisation, at an original or a slip; who looks and when, the database says.
NOTE_VISIT = f"""
create function desk.note_visit(action text, purpose text, subject_ref text, record_id text) returns bigint
language plpgsql {_PINNED} as $$
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
    end if;
    insert into ledger.access_log (at, who, purpose, action, subject_ref, record_id, channel)
    values (clock_timestamp(), case looking.channel when 'cli' then looking.account else looking.name || '（' || looking.account || '）' end, btrim(purpose), action, subject_ref, record_id,
            looking.channel)
    returning id into entry;
    return entry;
end $$
"""
# Beside the rows of one record: of an organisation's, or of one this account has just looked at, which stands in the log.
BESIDE = f"""
create function desk.beside(of_kind text, of_record text, part text) returns setof jsonb
language plpgsql stable rows 5 {_PINNED} as $$
declare
    stored uuid := (substr(of_record, 2) || '0')::uuid; of_person boolean; said text;
begin
    execute format('select bool_or(r.variant = %L) from raw.%I r where r.record_id = $1', 'person', of_kind) into of_person using stored;
    if of_person is distinct from false and not exists (
            select from ledger.access_log l join desk.who() w on w.account = l.who
            where l.record_id = of_record and l.record_id <> '' and l.at > clock_timestamp() - interval '10 minutes') then
        raise exception 'a look at a record of a person has a purpose' using errcode = 'PC002';
    end if;
    said := case part
        when 'deliveries' then 'select i.*, s.state, s.attempts, s.delivery_id, s.receipt_id, s.receipt_code, s.receipt_field,
            s.receipt_text, s.city_id, s.sent_at, s.booked_at, s.booked_on, r.build_id, r.state as release_state, r.diff_hash
            from ledger.delivery_item i join ledger.delivery_state s using (item_id) join ledger.release r using (release_id)
            where i.record_id = $1 order by i.item_id'
        when 'events' then 'select e.* from ledger.receiver_event e where e.record_id = $1 order by e.seq'
        when 'differences' then 'select c.receiver, c.business_date, d.difference from ledger.reconciliation c
            join ledger.reconciliation_difference d on d.reconciliation_id = c.id and d.record_id = $1
            where c.id in (select max(id) from ledger.reconciliation group by receiver)'
        when 'looks' then 'select l.* from ledger.access_log l where l.record_id = $1 and l.record_id <> '''' order by l.id'
        when 'built' then 'select t.* from marts.mart_subjects__timeline t where t.record_id = $1'
        when 'versions' then 'select v.batch_seq, v.row_no, v.known_from, v.known_to from marts.fct_records__version v
            where v.record_id = $1'
        when 'assessed' then 'select l.item, l.year, l.event_on, l.counted, l.out_of, l.note, l.unit_id
            from marts.mart_supervision__assessment_line l where l.record_id = $1 order by l.year, l.item'
        end;
    if said is null then
        raise exception 'there is no such part' using errcode = 'invalid_parameter_value';
    end if;
    return query execute format('select to_jsonb(f) from (%s) f', said) using of_record;
end $$
"""
# Rows of a receipt by number and place, with the rules they broke; nothing that stands in them. To a clerk of his unit's.
RECEIPT_ROWS = f"""
create function desk.receipt_rows(of_kind text, of_batch bigint, of_attempt integer, wanted integer[])
returns table (attempt smallint, row_no integer, sheet text, source_row integer, row_errors text, row_warnings text)
language plpgsql stable {_PINNED} as $$
begin
    if session_user = 'pcw_clerk' and not exists (
            select from ledger.batch b where b.seq = of_batch and b.unit_id = desk.own_unit()) then
        return;
    end if;
    return query execute format('select r.attempt, r.row_no, r.sheet, r.source_row, r.row_errors, r.row_warnings from raw.%I r
        where r.batch_seq = $1 %s and %s', of_kind,
        case when of_attempt is not null then 'and r.attempt = $2' else 'and $2 is null' end,
        case when wanted is null then '(r.row_errors <> '''' or r.row_warnings <> '''') and $3 is null' else 'r.row_no = any ($3)' end)
        using of_batch, of_attempt::smallint, wanted;
end $$
"""
# Records a release changes; those of persons without their id.
RELEASE_ITEMS = f"""
create function desk.release_items(of_release bigint, most integer)
returns table (item_id bigint, interface text, operation text, record_id text, version text, due_on date, state text, receipt_code text)
language sql stable {_PINNED} as $$
    select i.item_id, i.interface, i.operation, case when i.interface !~ 'zrr$' then i.record_id end, i.version, i.due_on, s.state,
        s.receipt_code
    from ledger.delivery_item i join ledger.delivery_state s using (item_id)
    where i.release_id = of_release order by i.item_id limit most
$$
"""
OUTBOX_DOUBTFUL = f"""
create function desk.outbox_doubtful(most integer)
returns table (item_id bigint, release_id bigint, interface text, operation text, record_id text, state text, attempts smallint,
    sent_at timestamptz)
language sql stable {_PINNED} as $$
    select i.item_id, i.release_id, i.interface, i.operation, case when i.interface !~ 'zrr$' then i.record_id end, s.state, s.attempts,
        s.sent_at
    from ledger.delivery_state s join ledger.delivery_item i using (item_id)
    where s.underway and s.state in ('unknown', 'sending') order by s.sent_at limit most
$$
"""
OUTBOX_REFUSED = f"""
create function desk.outbox_refused(most integer)
returns table (receipt_code text, interface text, said text, items bigint, last_on date)
language sql stable {_PINNED} as $$
    select s.receipt_code, i.interface, max(s.receipt_text), count(*), max(s.booked_on)
    from ledger.delivery_state s join ledger.delivery_item i using (item_id)
    where s.state = 'rejected' group by 1, 2 order by 4 desc limit most
$$
"""
# Records whose last word from a receiver is a refusal, counted by unit and code; to a clerk of his unit's.
OUTBOX_REJECTED = f"""
create function desk.outbox_rejected(known boolean)
returns table (receiver text, interface text, receipt_code text, unit_id text, said text, records bigint, since date)
language plpgsql stable {_PINNED} as $$
begin
    return query execute format('select i.receiver, i.interface, s.receipt_code, %s, min(s.receipt_text), count(*), min(s.booked_on)
        from ledger.delivery_state s join ledger.delivery_item i using (item_id) %s
        where s.state = ''rejected'' and (session_user <> ''pcw_clerk'' or %1$s = desk.own_unit()) and not exists (
            select from ledger.delivery_item n join ledger.delivery_state l using (item_id)
            where n.record_id = i.record_id and n.receiver = i.receiver and n.item_id > i.item_id and l.state <> ''superseded'')
        group by 1, 2, 3, 4',
        case when known then 'l.unit_id' else '''''' end,
        case when known then 'join published.record_links l on l.record_id = i.record_id' else '' end);
end $$
"""
OUTBOX_UNSETTLED = f"""
create function desk.outbox_unsettled(on_day date, sent_before timestamptz, released_before timestamptz)
returns table (receiver text, doubtful bigint, late bigint, unsent bigint, since date, due date)
language sql stable {_PINNED} as $$
    select i.receiver, count(*) filter (where s.state in ('unknown', 'sending') and s.sent_at < sent_before),
        count(*) filter (where i.operation = 'DEL' and i.due_on < on_day),
        count(*) filter (where s.state = 'pending' and i.released_at < released_before),
        min(r.business_date), min(i.due_on) filter (where i.operation = 'DEL' and i.due_on < on_day)
    from ledger.delivery_state s join ledger.delivery_item i using (item_id) join ledger.release r using (release_id)
    where s.underway and r.state = 'released' group by 1
$$
"""
# What a receiver took on a day, counted by unit.
DELIVERED = f"""
create function desk.delivered(on_day date) returns table (unit_id text, records bigint)
language plpgsql stable {_PINNED} as $$
begin
    return query execute 'select l.unit_id, count(*) from ledger.delivery_state s join ledger.delivery_item i using (item_id)
        join published.record_links l using (record_id) where s.booked_on = $1 and s.state = ''accepted'' group by 1' using on_day;
end $$
"""
# The lines of an assessment; those of persons, and of nobody known to be an organisation, without what they are of.
ASSESSMENT_LINES = f"""
create function desk.assessment_lines(of_item text, of_year integer, of_unit text, most integer)
returns table (item text, line_key text, record_id text, unit_id text, event_on date, counted numeric, out_of numeric, note text,
    told boolean)
language plpgsql stable {_PINNED} as $$
begin
    if session_user = 'pcw_clerk' then
        of_unit := coalesce(desk.own_unit(), '?');
    end if;
    return query execute 'select a.item, case when known.told then a.line_key end, case when known.told then a.record_id end, a.unit_id,
            a.event_on, a.counted, a.out_of, a.note, known.told
        from marts.mart_supervision__assessment_line a
        left join published.record_links l on l.record_id = a.record_id
        cross join lateral (select a.record_id is null or coalesce(l.subject_class, '''') = ''organisation'' as told) known
        where ($1 is null or a.item = $1) and a.year = $2 and ($3 is null or a.unit_id = $3)
        order by a.counted < a.out_of desc, a.event_on desc, a.line_key limit $4' using of_item, of_year, of_unit, most;
end $$
"""
# As it was, of one number in its spellings: who has a list of numbers learns nothing from it.
FIND_RECORDS = """
create or replace function desk.find_records(of_kind text, of_record text, document_numbers text[])
returns table (variant text, record_id uuid, batch_seq bigint, attempt smallint, row_no integer)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    document name; condition text := 'r.record_id = $1 and $2 is null'; stored uuid := (substr(of_record, 2) || '0')::uuid;
    numbers text[] := array(select n from unnest(document_numbers) n where btrim(n) <> '');
begin
    -- guard
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
GUARD = """if cardinality(document_numbers) > 32 then
        raise exception 'one number at a time' using errcode = 'PC004';
    end if;"""
FUNCTIONS = {
    "note_visit(text, text, text, text)": NOTE_VISIT,
    "beside(text, text, text)": BESIDE,
    "receipt_rows(text, bigint, integer, integer[])": RECEIPT_ROWS,
    "release_items(bigint, integer)": RELEASE_ITEMS,
    "outbox_doubtful(integer)": OUTBOX_DOUBTFUL,
    "outbox_refused(integer)": OUTBOX_REFUSED,
    "outbox_rejected(boolean)": OUTBOX_REJECTED,
    "outbox_unsettled(date, timestamptz, timestamptz)": OUTBOX_UNSETTLED,
    "delivered(date)": DELIVERED,
    "assessment_lines(text, integer, text, integer)": ASSESSMENT_LINES,
}


def upgrade() -> None:
    for function in FUNCTIONS.values():
        op.execute(function)
    op.execute(FIND_RECORDS.replace("-- guard", GUARD))


def downgrade() -> None:
    for signature in FUNCTIONS:
        op.execute(f"drop function desk.{signature}")
    op.execute(FIND_RECORDS)
