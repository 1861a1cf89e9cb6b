"""rows_in = accepted + quarantined + duplicate + refused, compared with the rows actually there.

Fires when a batch enters or leaves ``landed``, becomes good or changes its current attempt while good.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

FUNCTION = """
create function ledger.check_batch_counts() returns trigger language plpgsql as $$
declare
    landed bigint; refused_there bigint; quarantined_there bigint; duplicate_there bigint;
begin
    if new.state in ('received', 'broken') then
        return new;
    end if;
    execute format('select count(*) from raw.%I where batch_seq = $1 and attempt = $2', new.kind)
        into landed using new.seq, new.current_attempt;
    select count(*) into refused_there from ledger.refused_row
        where batch_seq = new.seq and attempt = new.current_attempt;
    if new.rows_in is distinct from landed + refused_there or new.refused is distinct from refused_there then
        raise exception 'batch %: rows_in % <> landed % + refused %', new.seq, new.rows_in, landed, refused_there
            using errcode = 'check_violation';
    end if;
    if new.state in ('accepted', 'accepted_with_quarantine') then
        select count(*) filter (where outcome = 'quarantined'), count(*) filter (where outcome = 'duplicate')
            into quarantined_there, duplicate_there from ledger.row_outcome
            where batch_seq = new.seq and attempt = new.current_attempt;
        if new.quarantined is distinct from quarantined_there or new.duplicate is distinct from duplicate_there
           or new.accepted is distinct from landed - quarantined_there - duplicate_there then
            raise exception 'batch %: counts %/%/% differ from the rows there (landed %, quarantined %, duplicate %)',
                new.seq, new.accepted, new.quarantined, new.duplicate, landed, quarantined_there, duplicate_there
                using errcode = 'check_violation';
        end if;
    end if;
    return new;
end $$
"""

TRIGGER = """
create trigger batch_counts before update on ledger.batch for each row
    when (old.state is distinct from new.state or old.current_attempt is distinct from new.current_attempt
          or old.rows_in is distinct from new.rows_in or old.accepted is distinct from new.accepted
          or old.quarantined is distinct from new.quarantined or old.duplicate is distinct from new.duplicate
          or old.refused is distinct from new.refused)
    execute function ledger.check_batch_counts()
"""


def upgrade() -> None:
    op.execute(FUNCTION)
    op.execute(TRIGGER)


def downgrade() -> None:
    op.execute("drop trigger batch_counts on ledger.batch")
    op.execute("drop function ledger.check_batch_counts()")
