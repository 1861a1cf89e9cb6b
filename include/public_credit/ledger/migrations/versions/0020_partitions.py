"""Triggers of raw tables say the kind: a partition bears another name than its table."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

FORGET_STOCK = """
create or replace function ledger.forget_stock() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    announced text := current_setting('pcw.landing', true);
begin
    if tg_op = 'INSERT' and announced ~ '^[0-9]+/[0-9]+$' then
        delete from ledger.stock where batch_seq = split_part(announced, '/', 1)::bigint
            and attempt = split_part(announced, '/', 2)::smallint;
    else
        lock table ledger.stock in exclusive mode;
        delete from ledger.stock where kind = {kind};
    end if;
    return null;
end $$
"""


def upgrade() -> None:
    op.execute(FORGET_STOCK.format(kind="coalesce(tg_argv[0], tg_table_name)"))


def downgrade() -> None:
    op.execute(FORGET_STOCK.format(kind="tg_table_name"))
