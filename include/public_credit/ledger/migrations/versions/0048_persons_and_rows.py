"""Two persons are two accounts, however their names are written: the database compares those, and knows who is signed in."""

from alembic import op

revision = "0048"
down_revision = "0046"
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


def upgrade() -> None:
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
    op.execute("drop trigger kept_columns on ledger.approval")
    for table in DECIDED:
        op.execute(f"drop trigger two_persons on ledger.{table}")
    op.execute("drop function ledger.two_persons")
    op.execute("drop function ledger.person_of")
