"""What a trace tells beside the rows of a record, answered by the database: nobody who asks needs to read raw."""

from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

_GOOD = "b.current_attempt = r.attempt and b.state in ('accepted', 'accepted_with_quarantine')"
_OUTCOMES = """left join ledger.row_outcome o on o.batch_seq = r.batch_seq and o.attempt = r.attempt and o.row_no = r.row_no
    left join lateral ledger.unchanged(r.batch_seq, r.attempt, r.row_no) u on true"""
# Accepted events that name a decision; of a person's only to whom is signed in.
DECISION_EVENTS = f"""
create function desk.decision_events(document text, authority text, of_table text, scheme text, value text)
returns table (event_type text, event_date text, basis text, record_id uuid, batch_seq bigint, row_no integer)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    if scheme = 'person' and not exists (select from desk.who()) then
        raise exception 'nobody is signed in' using errcode = 'PC001';
    end if;
    return query execute $found$select r.event_type, r.event_date, r.basis, r.record_id, r.batch_seq, r.row_no
    from raw.decision_event r join ledger.batch b on b.seq = r.batch_seq and {_GOOD}
    {_OUTCOMES}
    where r.decision_no = $1 and r.authority_uscc = $2 and r.decision_table = $3
      and (r.uscc = '' or ($4 = 'uscc' and r.uscc = $5)) and (r.id_no = '' or ($4 = 'person' and r.id_no = $5))
      and o.row_no is null and u.batch_seq is null$found$ using document, authority, of_table, scheme, value;
end $$
"""
# The document number of a record of an organisation.
DOCUMENT_OF = """
create function desk.document_of(of_kind text, of_record text) returns text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    document name; found text;
begin
    select a.attname into document from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
    where i.indexrelid = to_regclass(format('raw.%I', 'ix_' || of_kind || '_document'));
    if document is not null then
        execute format('select r.%I from raw.%I r where r.record_id = $1 and r.variant <> %L limit 1', document, of_kind, 'person')
            into found using (substr(of_record, 2) || '0')::uuid;
    end if;
    return found;
end $$
"""
# Whether a receipt holds numbers of persons.
HOLDS_TOKENS = """
create function desk.holds_tokens(of_kind text, of_batch bigint, of_attempt integer) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    found boolean;
begin
    execute format('select exists (select from raw.%I r where r.batch_seq = $1 and r.attempt = $2 and cast(r.* as text) ~ $3)',
                   of_kind) into found using of_batch, of_attempt::smallint, '[PMC][A-Z2-7]{26}';
    return found;
end $$
"""
# Rows of a receipt that were accepted under a waiver: their numbers and rules, nothing that stands in them.
WAIVED_ROWS = f"""
create function desk.waived_rows(of_kind text, of_batch bigint, most integer) returns table (row_no integer, rules text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    return query execute format($found$select r.row_no, r.row_errors from raw.%I r
    join ledger.batch b on b.seq = r.batch_seq and {_GOOD}
    {_OUTCOMES}
    where r.batch_seq = $1 and r.row_errors <> '' and o.row_no is null and u.batch_seq is null
    order by 1 limit $2$found$, of_kind) using of_batch, most;
end $$
"""
# Records of organisations by the very name they were delivered with.
RECORDS_NAMED = """
create function desk.records_named(name text, most integer) returns table (record_id text, kind text, decision_no text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    return query execute 'select h.record_id, h.kind, h.decision_no from published.heads h
    where h.subject_name = $1 and h.variant <> ''person'' order by h.record_id limit $2' using name, most;
end $$
"""


def upgrade() -> None:
    for function in (DECISION_EVENTS, DOCUMENT_OF, HOLDS_TOKENS, RECORDS_NAMED, WAIVED_ROWS):
        op.execute(function)


def downgrade() -> None:
    for name in ("decision_events", "document_of", "holds_tokens", "records_named", "waived_rows"):
        op.execute(f"drop function desk.{name}")
