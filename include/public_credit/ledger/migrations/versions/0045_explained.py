"""What a verification of evidence found may be explained: an event of the chain, agreed to by a second person."""

from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

OPERATIONS = "'insert', 'update', 'delete', 'found', 'begun', 'watched', 'migrated', 'restored', 'rekeyed', 'verified'"
ACTIONS = "'rekey', 'purge'"


def _allow(operations: str, actions: str) -> None:
    for table, column, values in (("chain_event", "operation", operations), ("approval", "action", actions)):
        name = op.f(f"ck_{table}_{column}")
        op.drop_constraint(name, table, schema="ledger", type_="check")
        op.create_check_constraint(name, table, f"{column} in ({values})", schema="ledger")


def upgrade() -> None:
    _allow(f"{OPERATIONS}, 'explained'", f"{ACTIONS}, 'explain'")


def downgrade() -> None:
    _allow(OPERATIONS, ACTIONS)
