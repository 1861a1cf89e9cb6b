"""What each role of a task may do; nobody but pcw_owner owns a table of the ledger, of raw or of the vault."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

COLLECTOR_DELETES = "signal, gate_result, row_verdict, row_outcome, refused_row"
BUILDER_WRITES = "build, build_input, step, business_day, unit"
SENDER_WRITES = (
    "release, delivery_item, delivery, receiver_event, reconciliation, reconciliation_difference, step, alert, "
    "access_log, business_day"
)


def _tables(names: str) -> str:
    return ", ".join(f"ledger.{name.strip()}" for name in names.split(","))


def upgrade() -> None:
    everyone = "pcw_collector, pcw_builder, pcw_sender, pcw_reader"
    statements = [
        "revoke create on schema public from public",
        f"grant usage on schema ledger, raw, policy, staging, intermediate, marts, exports to {everyone}",
        "grant create on schema policy, staging, intermediate, marts, exports to pcw_builder",
        f"grant select on all tables in schema ledger to {everyone}",
        "revoke all on ledger.archive_object from pcw_builder, pcw_sender, pcw_reader",
        "grant insert, update on all tables in schema ledger to pcw_collector",
        f"grant delete on {_tables(COLLECTOR_DELETES)} to pcw_collector",
        f"grant insert, update on {_tables(BUILDER_WRITES)} to pcw_builder",
        f"grant insert, update on {_tables(SENDER_WRITES)} to pcw_sender",
        "revoke all on ledger.access_log from pcw_builder",
        "revoke update on ledger.access_log from pcw_collector, pcw_sender",
        "grant insert on ledger.access_log to pcw_reader",
        "grant usage on schema vault to pcw_collector, pcw_sender",
        "grant insert, select (token, letter, lookup, lookup_version) on vault.secret to pcw_collector",
        "grant select on vault.secret to pcw_sender",
    ]
    for statement in statements:
        op.execute(statement)


def downgrade() -> None:
    for schema in ("ledger", "vault"):
        op.execute(
            f"revoke all on all tables in schema {schema} from pcw_collector, pcw_builder, pcw_sender, pcw_reader"
        )
