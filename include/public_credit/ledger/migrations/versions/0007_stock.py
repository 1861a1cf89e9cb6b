"""Stock: what the database counted over the rows of an attempt, kept until one of the rows changes.

``ledger.take_stock`` is the only writer and computes from the rows that are there; triggers on the raw tables drop what
was counted when a statement touches the rows. Nobody but the owner may write the table, the lander neither.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# The lock orders counting and changing: a change of rows waits for a count under way and the other way round.
TAKE_STOCK = """
create function ledger.take_stock(of_kind text, of_batch bigint, of_attempt smallint, of_fields text[],
                                  of_event_field text, of_today date) returns ledger.stock
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    counted ledger.stock; filled text; shown text; event text := 'null::text';
    place text := format('raw.%I where batch_seq = $2 and attempt = $3 and $1 is not null', of_kind);
begin
    lock table ledger.stock in row exclusive mode;
    select * into counted from ledger.stock where batch_seq = of_batch and attempt = of_attempt;
    if found and counted.kind = of_kind and counted.fields = of_fields and counted.today = of_today
       and counted.event_field is not distinct from of_event_field then
        return counted;
    end if;
    select coalesce(string_agg(format('%L, count(*) filter (where %I <> %L)', name, name, ''), ', '), '') into filled
        from unnest(of_fields) as name;
    if of_event_field is not null then
        event := format('max(%1$I collate "C") filter (where %1$I collate "C" between %2$L and %3$L '
                        'and octet_length(%1$I) = 10)', of_event_field, '1949-01-01', of_today);
    end if;
    execute format('select count(*), count(record_id), jsonb_build_object(%s), %s from %s', filled, event, place)
        into counted.landed, counted.keyed, counted.filled, shown using of_today, of_batch, of_attempt;
    -- The greatest text of a date's shape nearly always is a date.
    if pg_input_is_valid(shown, 'date') then
        counted.newest_event := shown::date;
    elsif shown is not null then
        execute format('select max(case when pg_input_is_valid(%1$I, %2$L) then %1$I::date end) from %3$s and %1$I <= $1::text',
                       of_event_field, 'date', place) into counted.newest_event using of_today, of_batch, of_attempt;
    end if;
    counted.kind := of_kind; counted.batch_seq := of_batch; counted.attempt := of_attempt;
    counted.fields := of_fields; counted.event_field := of_event_field; counted.today := of_today;
    delete from ledger.stock where batch_seq = of_batch and attempt = of_attempt;
    insert into ledger.stock values (counted.*);
    return counted;
end $$
"""

FORGET_STOCK = """
create function ledger.forget_stock() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    announced text := current_setting('pcw.landing', true);
begin
    if tg_op = 'INSERT' and announced ~ '^[0-9]+/[0-9]+$' then
        delete from ledger.stock where batch_seq = split_part(announced, '/', 1)::bigint
            and attempt = split_part(announced, '/', 2)::smallint;
    else
        lock table ledger.stock in exclusive mode;
        delete from ledger.stock where kind = tg_table_name;
    end if;
    return null;
end $$
"""

COUNTED = """
    select stock.landed into landed from ledger.stock
        where stock.kind = new.kind and stock.batch_seq = new.seq and stock.attempt = new.current_attempt;
    if not found then
        execute format('select count(*) from raw.%I where batch_seq = $1 and attempt = $2', new.kind)
            into landed using new.seq, new.current_attempt;
    end if;
"""
COUNT = """
    execute format('select count(*) from raw.%I where batch_seq = $1 and attempt = $2', new.kind)
        into landed using new.seq, new.current_attempt;
"""


def _check_batch_counts(old: str, new: str) -> None:
    """Replace the part of the trigger function that counts the landed rows."""
    source: str = (
        op.get_bind().execute(sa.text("select pg_get_functiondef('ledger.check_batch_counts'::regproc)")).scalar_one()
    )
    if old not in source:
        raise RuntimeError("ledger.check_batch_counts is not the one of the revision before")
    op.execute(source.replace(old, new))


def upgrade() -> None:
    op.create_table(
        "stock",
        sa.Column("batch_seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("fields", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("event_field", sa.Text(), nullable=True),
        sa.Column("today", sa.Date(), nullable=False),
        sa.Column("landed", sa.BigInteger(), nullable=False),
        sa.Column("keyed", sa.BigInteger(), nullable=False),
        sa.Column("newest_event", sa.Date(), nullable=True),
        sa.Column("filled", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("batch_seq", "attempt", name=op.f("pk_stock")),
        schema="ledger",
    )
    op.execute(TAKE_STOCK)
    op.execute(FORGET_STOCK)
    _check_batch_counts(COUNT, COUNTED)
    op.execute("revoke all on function ledger.take_stock from public")
    op.execute("grant execute on function ledger.take_stock to pcw_collector")
    op.execute("grant select on ledger.stock to pcw_collector, pcw_builder, pcw_sender, pcw_reader")


def downgrade() -> None:
    _check_batch_counts(COUNTED, COUNT)
    op.execute("drop function ledger.forget_stock() cascade")
    op.execute("drop function ledger.take_stock")
    op.drop_table("stock", schema="ledger")
