"""Two persons are two accounts, and a row on a work list is a place: what names a person's record is told of one record at a time."""

from alembic import context, op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

_PINNED = "set search_path = pg_catalog, pg_temp"
# What names a person: the account of who is booked as 姓名（account）, else the whole; no letter's case, width or blank makes another.
PERSON_OF = rf"""
create function ledger.person_of(who text) returns text language sql immutable strict parallel safe {_PINNED} as $$
    select coalesce((regexp_match(said, '\(([^()]+)\)$'))[1], said) from (select regexp_replace(lower(normalize(who, NFKC)),
        '[\s\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]+', '', 'g') as said) folded
$$
"""
# Arguments: the column of who came first, the column that says that an office of one decided, the states somebody decided for.
TWO_PERSONS = f"""
create function ledger.two_persons() returns trigger language plpgsql {_PINNED} as $$
declare
    told jsonb := to_jsonb(new); first text := ledger.person_of(told ->> tg_argv[0]);
    decider text := ledger.person_of(told ->> 'decided_by'); signed record; nameless text := '^(系统用户|airflow用户)';
begin
    if coalesce(decider, '') = '' or told ->> 'state' <> all (string_to_array(tg_argv[2], ' ')) then
        return new;
    end if;
    select w.account, w.role into signed from desk.who() w;
    if signed.account is not null and decider <> signed.account then
        raise exception '%.%: whoever is signed in decides in his own name', tg_table_schema, tg_table_name
            using errcode = 'check_violation', constraint = 'two_persons';
    elsif coalesce(first, '') = '' or (told ->> tg_argv[1])::boolean then
        return new;
    elsif first = decider or signed.role <> 'leadership' and (first ~ nameless) <> (decider ~ nameless) then
        raise exception '%.%: who came first and who decides are not known to be two persons', tg_table_schema, tg_table_name
            using errcode = 'check_violation', constraint = 'two_persons';
    end if;
    return new;
end $$
"""
DECIDED = {  # table: who came first, decided alone, states somebody decided for
    "approval": ("asked_by", "alone", "approved used"),
    "edition": ("computed_by", "decided_alone", "approved frozen"),
    "release": ("prepared_by", "decided_alone", "released"),
}
_ASKED = "id, action, fingerprint, about, reason, business_date, asked_by"

_DEFINER = f"security definer {_PINNED}"
# Beside the rows of one record, now with the records before and after it, and its returned rows.
_LOOKS = "        when 'looks' then"
_PARTS = """        when 'links' then 'select l.old_record_id, l.new_record_id, l.reason, l.linked_on, l.batch_seq, l.row_no
            from ledger.record_link l where $1 in (l.old_record_id, l.new_record_id) order by l.linked_on'
        when 'returned' then 'select q.batch_seq, q.row_no, q.attempt, q.state, q.rules, q.opened_on, q.closed_on, q.slip_id,
            q.corrected_batch_seq, q.corrected_row_no, q.corrected_record_id, s.file_name as slip_file, s.sha256 as slip_sha256
            from ledger.quarantine q left join ledger.slip s on s.slip_id = q.slip_id
            where q.record_id = $1 order by q.batch_seq, q.row_no, q.attempt'
"""
# That the rows of a record have gone, and under which rule; of one record, whose id nobody can make up.
PURGED = f"""
create function desk.purged(of_record text) returns table (rows bigint, on_day date, rule text, clause text)
language sql stable {_DEFINER} as $$
    select count(*), max(p.business_date), max(p.rule), max(p.clause)
    from ledger.purged_row r join ledger.purge p on p.id = r.purge_id where r.record_id = (substr(of_record, 2) || '0')::uuid
$$
"""
# What the last comparison with a receiver found; records of persons without their id.
RECONCILED = f"""
create function desk.reconciled(of_receiver text)
returns table (difference text, interface text, record_id text, our_version text, their_version text)
language sql stable {_DEFINER} as $$
    select d.difference, d.interface, case when d.interface !~ 'zrr$' then d.record_id end, d.our_version, d.their_version
    from ledger.reconciliation_difference d
    where d.reconciliation_id = (select max(r.id) from ledger.reconciliation r where r.receiver = of_receiver)
    order by d.difference, d.interface, d.record_id
$$
"""


def _beside() -> str:
    """The function as revision 0047 left it."""
    made: str = context.script.get_revision("0047").module._besides()
    return made.replace("create function", "create or replace function")


def upgrade() -> None:
    for function in (_beside().replace(_LOOKS, _PARTS + _LOOKS), PURGED, RECONCILED):
        op.execute(function)
    op.execute(PERSON_OF)
    op.execute(TWO_PERSONS)
    for table, (first, alone, states) in DECIDED.items():
        op.execute(
            f"create trigger two_persons before insert or update of {first}, decided_by, {alone}, state on ledger.{table} "
            f"for each row execute function ledger.two_persons('{first}', '{alone}', '{states}')"
        )
    old, new = (", ".join(f"{row}.{name}" for name in _ASKED.split(", ")) for row in ("old", "new"))
    op.execute(
        "create trigger kept_columns before update on ledger.approval for each row "
        f"when (({old}) is distinct from ({new})) execute function ledger.refuse_change()"
    )


def downgrade() -> None:
    op.execute(_beside())
    for function in ("purged(text)", "reconciled(text)"):
        op.execute(f"drop function desk.{function}")
    op.execute("drop trigger kept_columns on ledger.approval")
    for table in DECIDED:
        op.execute(f"drop trigger two_persons on ledger.{table}")
    op.execute("drop function ledger.two_persons")
    op.execute("drop function ledger.person_of")
