"""The outbox in two: what was released, written once, and what becomes of it, a small row that changes."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

MOVED = (
    "idempotency_key, state, attempts, delivery_id, receipt_id, receipt_code, receipt_field, receipt_text, city_id, sent_at, "
    "booked_at, booked_on"
)
UNLESS_SUPERSEDED = "case when state <> 'superseded' then idempotency_key end"
STATES = "'pending', 'sending', 'unknown', 'accepted', 'rejected', 'withdrawn', 'superseded'"
# Half of every page is left free: a state's next version finds room in its own page, and no index is touched.
TABLE = f"""
create table ledger.delivery_state (
    item_id bigint not null constraint pk_delivery_state primary key
        constraint fk_delivery_state_item_id references ledger.delivery_item (item_id),
    idempotency_key text constraint uq_delivery_state_idempotency_key unique,
    state text not null default 'pending' constraint ck_delivery_state_state check (state in ({STATES})),
    underway boolean not null generated always as (state in ('pending', 'sending', 'unknown')) stored,
    attempts smallint not null default '0',
    delivery_id bigint,
    receipt_id text, receipt_code text, receipt_field text, receipt_text text, city_id text,
    sent_at timestamptz, booked_at timestamptz, booked_on date
) with (fillfactor = 50)
"""


def upgrade() -> None:
    op.execute(TABLE)
    op.execute(
        f"insert into ledger.delivery_state (item_id, {MOVED}) "
        f"select item_id, {MOVED.replace('idempotency_key', UNLESS_SUPERSEDED, 1)} from ledger.delivery_item order by item_id"
    )
    op.create_index(
        "ix_delivery_state_underway",
        "delivery_state",
        ["item_id"],
        schema="ledger",
        postgresql_where=sa.text("underway"),
    )
    for name in MOVED.split(", "):
        op.drop_column("delivery_item", name, schema="ledger")
    op.execute("cluster ledger.delivery_item using pk_delivery_item")  # without the rows that states left behind
    op.execute("alter table ledger.delivery_item set without cluster")
    everyone = "pcw_collector, pcw_builder, pcw_sender, pcw_reader"
    op.execute(f"grant select on ledger.delivery_state to {everyone}")
    op.execute("grant insert, update on ledger.delivery_state to pcw_sender")
    op.execute("revoke insert, update on ledger.delivery_item from pcw_collector")
    op.execute("revoke update on ledger.delivery_item from pcw_sender")


def downgrade() -> None:
    kinds = {"attempts": "smallint not null default 0", "delivery_id": "bigint", "booked_on": "date"}
    kinds |= dict.fromkeys(("sent_at", "booked_at"), "timestamptz")
    for name in MOVED.split(", "):
        op.execute(f"alter table ledger.delivery_item add column {name} {kinds.get(name, 'text')}")
    op.execute(
        f"update ledger.delivery_item i set ({MOVED}) = (select {MOVED} from ledger.delivery_state s where s.item_id = i.item_id)"
    )
    op.execute(
        "update ledger.delivery_item set idempotency_key = 'superseded:' || item_id where idempotency_key is null"
    )
    for name in ("idempotency_key", "state"):
        op.execute(f"alter table ledger.delivery_item alter {name} set not null")
    op.execute("alter table ledger.delivery_item alter state set default 'pending'")
    op.create_check_constraint("ck_delivery_item_state", "delivery_item", f"state in ({STATES})", schema="ledger")
    op.create_unique_constraint(
        "uq_delivery_item_idempotency_key", "delivery_item", ["idempotency_key"], schema="ledger"
    )
    op.create_index(
        "ix_delivery_item_open",
        "delivery_item",
        ["receiver", "item_id"],
        schema="ledger",
        postgresql_where=sa.text("state in ('pending', 'sending', 'unknown')"),
    )
    op.drop_table("delivery_state", schema="ledger")
    op.execute("grant insert, update on ledger.delivery_item to pcw_collector, pcw_sender")
