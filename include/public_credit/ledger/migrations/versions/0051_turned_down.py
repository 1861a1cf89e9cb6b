"""A release that waits is turned down with a reason, or ends when later ones have overtaken all of it; whom an alert was told."""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0048"
branch_labels = None
depends_on = None

STATES = "'waiting', 'released', 'rejected'"
EVIDENCE = (  # of a release (0041)
    "release_id, build_id, receiver, business_date, state, adds, mods, dels, diff_hash, cover, unusual, prepared_at, prepared_by, "
    "decided_by, decided_at, decided_alone"
)


def _states(allowed: str) -> None:
    name = op.f("ck_release_state")
    op.drop_constraint(name, "release", schema="ledger", type_="check")
    op.create_check_constraint(name, "release", f"state in ({allowed})", schema="ledger")


def _watch(leaf: str) -> None:
    call = sa.text("select ledger.chain_watch('release', 'release_id', :leaf)")
    op.get_bind().execute(call, {"leaf": leaf})


def _alerts_by(*columns: str) -> None:
    """What was told is known by these columns."""
    op.drop_constraint(op.f("pk_alert"), "alert", schema="ledger", type_="primary")
    op.create_primary_key(op.f("pk_alert"), "alert", list(columns), schema="ledger")


def upgrade() -> None:
    op.add_column("release", sa.Column("decided_why", sa.Text(), server_default="", nullable=False), schema="ledger")
    _states(f"{STATES}, 'overtaken'")
    _watch(f"{EVIDENCE}, decided_why")
    op.add_column("alert", sa.Column("receiver", sa.Text(), server_default="", nullable=False), schema="ledger")
    _alerts_by("receiver", "fingerprint")


def downgrade() -> None:
    op.execute(
        "delete from ledger.alert a using ledger.alert b where a.fingerprint = b.fingerprint and a.receiver > b.receiver"
    )
    _alerts_by("fingerprint")
    op.drop_column("alert", "receiver", schema="ledger")
    op.execute("update ledger.release set state = 'rejected' where state = 'overtaken'")
    _states(STATES)
    _watch(EVIDENCE)
    op.drop_column("release", "decided_why", schema="ledger")
