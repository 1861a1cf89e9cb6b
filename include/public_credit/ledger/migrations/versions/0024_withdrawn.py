"""A further state of a receipt: ``withdrawn``, an accepted one whose rows a person has taken back."""

from alembic import op

revision = "0024"
down_revision = "0021"
branch_labels = None
depends_on = None

BEFORE = ("received", "landed", "accepted", "accepted_with_quarantine", "held", "broken", "failed", "set_aside")
AFTER = (*BEFORE, "withdrawn")


def _states(states: tuple[str, ...], aside: str) -> None:
    listed = ", ".join(f"'{state}'" for state in states)
    for name, condition in (
        ("state", f"state in ({listed})"),
        ("set_aside", f"({aside}) = (set_aside_from is not null)"),
    ):
        op.execute(f"alter table ledger.batch drop constraint ck_batch_{name}")
        op.execute(f"alter table ledger.batch add constraint ck_batch_{name} check ({condition})")


def upgrade() -> None:
    _states(AFTER, "state in ('set_aside', 'withdrawn')")
    op.execute("grant delete on ledger.attestation to pcw_collector")  # a withdrawn delivery's 零报送


def downgrade() -> None:
    op.execute("revoke delete on ledger.attestation from pcw_collector")
    op.execute(
        "update ledger.batch set state = set_aside_from, set_aside_from = null, set_aside_reason = '' "
        "where state = 'withdrawn'"
    )
    _states(BEFORE, "state = 'set_aside'")
