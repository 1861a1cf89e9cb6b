"""What became of the items of the outbox is counted as it is written; what stands beside a record is told in one statement."""

import sqlalchemy as sa
from alembic import context, op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

_PINNED = "set search_path = pg_catalog, pg_temp"
REFUSED = "add column refused boolean not null generated always as (state = 'rejected') stored"
# The unit an item's record is from, of items that are there already: as the pages told it until now. No evidence changes.
UNITS = """
do $$
begin
    if to_regclass('published.record_links') is not null then
        execute 'update ledger.delivery_state s set unit_id = l.unit_id
            from ledger.delivery_item i join published.record_links l using (record_id) where i.item_id = s.item_id';
    end if;
end $$
"""
# One statement's items, as they were taken off and as they are put on. In the order of the keys, so that no two wait for each other.
COUNT = f"""
create function ledger.count_deliveries() returns trigger language plpgsql security definer {_PINNED} as $$
declare
    written text := 'select w.*, 1 as n from written w';
    former text := 'select f.*, -1 as n from former f';
    moved text := case tg_op when 'INSERT' then written when 'DELETE' then former else written || ' union all ' || former end;
begin
    execute format('insert into ledger.delivery_total as t (receiver, interface, state, items, sent)
        select i.receiver, i.interface, m.state, sum(m.n), sum(case when m.sent_at is null then 0 else m.n end)
        from (%s) m join ledger.delivery_item i using (item_id) group by 1, 2, 3
        having sum(m.n) <> 0 or sum(case when m.sent_at is null then 0 else m.n end) <> 0 order by 1, 2, 3
        on conflict (receiver, interface, state) do update set items = t.items + excluded.items, sent = t.sent + excluded.sent', moved);
    execute format('insert into ledger.delivery_day as t (booked_on, receiver, unit_id, items)
        select m.booked_on, i.receiver, m.unit_id, sum(m.n)
        from (%s) m join ledger.delivery_item i using (item_id) where m.booked_on is not null and m.state = ''accepted''
        group by 1, 2, 3 having sum(m.n) <> 0 order by 1, 2, 3
        on conflict (booked_on, receiver, unit_id) do update set items = t.items + excluded.items', moved);
    return null;
end $$
"""
TRIGGERS = {
    "insert": "referencing new table as written",
    "delete": "referencing old table as former",
    "update": "referencing new table as written old table as former",
}
# Who writes waits for it and is counted after it.
RECOUNT = f"""
create function ledger.recount_deliveries() returns void language plpgsql {_PINNED} as $$
begin
    lock table ledger.delivery_state in share mode;
    delete from ledger.delivery_total;
    insert into ledger.delivery_total (receiver, interface, state, items, sent)
    select i.receiver, i.interface, s.state, count(*), count(s.sent_at)
    from ledger.delivery_state s join ledger.delivery_item i using (item_id) group by 1, 2, 3;
    delete from ledger.delivery_day;
    insert into ledger.delivery_day (booked_on, receiver, unit_id, items)
    select s.booked_on, i.receiver, s.unit_id, count(*)
    from ledger.delivery_state s join ledger.delivery_item i using (item_id)
    where s.booked_on is not null and s.state = 'accepted' group by 1, 2, 3;
end $$
"""
# Refusals are found by an index; one column of its own, so that no other move touches the index (decision 0030). Whose a clerk is, is
# asked once, not for every row.
REPLACED = ("OUTBOX_REFUSED", "OUTBOX_REJECTED")
SEVERAL = (
    ("part text) returns setof jsonb", "parts text[]) returns table (part text, told jsonb)"),
    ("    said := case part", "    foreach part in array parts loop\n    said := case part"),
    (
        "select to_jsonb(f) from (%s) f', said) using of_record;",
        "select %L, to_jsonb(f) from (%s) f', part, said) using of_record;\n    end loop;",
    ),
)
# The lines that are told are chosen first; whether one is of an organisation is asked of these alone.
CHOSEN = (
    (
        """from marts.mart_supervision__assessment_line a
        left""",
        """from (
            select * from marts.mart_supervision__assessment_line a
            where ($1 is null or a.item = $1) and a.year = $2 and ($3 is null or a.unit_id = $3)
            order by a.counted < a.out_of desc, a.event_on desc, a.line_key limit $4) a
        left""",
    ),
    (
        """known
        where ($1 is null or a.item = $1) and a.year = $2 and ($3 is null or a.unit_id = $3)
        order by a.counted < a.out_of desc, a.event_on desc, a.line_key limit $4'""",
        """known
        order by a.counted < a.out_of desc, a.event_on desc, a.line_key'""",
    ),
)


def _was(name: str, revision: str = "0044") -> str:
    """A definition as an earlier revision has it."""
    said: str = getattr(context.script.get_revision(revision).module, name)
    return said


def _beside() -> str:
    """What stands beside a record, a part at a time, as revision 0046 has it."""
    return _was("BESIDE").replace(_was("_ANY_LOOK", "0046"), "not desk.looked_at(of_record)")


def _besides() -> str:
    """The same for several parts: asked once whether they may be told."""
    return _changed(_beside(), SEVERAL)


def _changed(made: str, changes: tuple[tuple[str, str], ...]) -> str:
    for before, after in changes:
        assert made.count(before) == 1, before
        made = made.replace(before, after)
    return made


def _replace(*changes: tuple[str, str]) -> None:
    for name in REPLACED:
        made = _was(name).replace("create function", "create or replace function")
        for before, after in changes:
            made = made.replace(before, after)
        op.execute(made)


def _tables() -> None:
    op.create_table(
        "delivery_total",
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("interface", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("items", sa.BigInteger(), nullable=False),
        sa.Column("sent", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("receiver", "interface", "state", name=op.f("pk_delivery_total")),
        schema="ledger",
    )
    op.create_table(
        "delivery_day",
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Text(), nullable=False),
        sa.Column("items", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("booked_on", "receiver", "unit_id", name=op.f("pk_delivery_day")),
        schema="ledger",
    )


def upgrade() -> None:
    unit = sa.Column("unit_id", sa.Text(), server_default="", nullable=False)
    op.add_column("delivery_state", unit, schema="ledger")
    op.execute(f"alter table ledger.delivery_state {REFUSED}")
    op.execute("alter table ledger.delivery_state disable trigger user")
    op.execute(UNITS)
    op.execute("alter table ledger.delivery_state enable trigger user")
    op.create_index(
        "ix_delivery_state_refused", "delivery_state", ["item_id"], schema="ledger", postgresql_where=sa.text("refused")
    )
    _tables()
    op.execute(COUNT)
    op.execute("revoke all on function ledger.count_deliveries from public")
    for event, tables in TRIGGERS.items():
        op.execute(
            f"create trigger counted_{event} after {event} on ledger.delivery_state {tables} for each statement "
            "execute function ledger.count_deliveries()"
        )
    op.execute(RECOUNT)
    op.execute("revoke all on function ledger.recount_deliveries from public")
    op.execute("select ledger.recount_deliveries()")
    _replace(("s.state = ", "s.refused and s.state = "), ("= desk.own_unit()", "= (select desk.own_unit())"))
    op.execute("drop function desk.delivered(date)")
    op.execute("drop function desk.beside(text, text, text)")
    op.execute(_besides())
    lines = _was("ASSESSMENT_LINES").replace("create function", "create or replace function")
    op.execute(_changed(lines, CHOSEN))


def downgrade() -> None:
    op.execute("drop function desk.beside(text, text, text[])")
    op.execute(_beside())
    op.execute(_was("ASSESSMENT_LINES").replace("create function", "create or replace function"))
    op.execute(_was("DELIVERED"))
    _replace()
    op.execute("drop function ledger.recount_deliveries()")
    op.execute("drop function ledger.count_deliveries() cascade")
    op.drop_table("delivery_day", schema="ledger")
    op.drop_table("delivery_total", schema="ledger")
    op.drop_index("ix_delivery_state_refused", table_name="delivery_state", schema="ledger")
    op.drop_column("delivery_state", "refused", schema="ledger")
    op.drop_column("delivery_state", "unit_id", schema="ledger")
