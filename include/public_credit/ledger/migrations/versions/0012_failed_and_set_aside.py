"""Two states of a receipt: ``failed``, where the fault is ours, and ``set_aside``, taken out of the way by a person."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BEFORE = ("received", "landed", "accepted", "accepted_with_quarantine", "held", "broken")
AFTER = (*BEFORE, "failed", "set_aside")
PRESENT = (
    "({uncounted} or (rows_in is not null and accepted is not null and quarantined is not null "
    "and duplicate is not null and refused is not null))"
)


def _states(states: tuple[str, ...], uncounted: str) -> None:
    listed = ", ".join(f"'{state}'" for state in states)
    for name in ("state", "counts_present"):
        op.execute(f"alter table ledger.batch drop constraint ck_batch_{name}")
    op.execute(f"alter table ledger.batch add constraint ck_batch_state check (state in ({listed}))")
    op.execute(
        f"alter table ledger.batch add constraint ck_batch_counts_present check {PRESENT.format(uncounted=uncounted)}"
    )


def _passed_over(old: str, new: str) -> None:
    """Change which states the counting trigger passes over."""
    op.execute(f"""
        do $$ begin
            execute replace(pg_get_functiondef('ledger.check_batch_counts()'::regprocedure),
                            $old$new.state in ({old})$old$, $new$new.state in ({new})$new$);
        end $$""")


def upgrade() -> None:
    op.add_column("batch", sa.Column("set_aside_from", sa.Text(), nullable=True), schema="ledger")
    op.add_column("batch", sa.Column("set_aside_reason", sa.Text(), server_default="", nullable=False), schema="ledger")
    _states(AFTER, "state in ('received', 'failed', 'set_aside')")
    op.execute(
        "alter table ledger.batch add constraint ck_batch_set_aside "
        "check ((state = 'set_aside') = (set_aside_from is not null))"
    )
    _passed_over("'received', 'broken'", "'received', 'broken', 'failed', 'set_aside'")


def downgrade() -> None:
    _passed_over("'received', 'broken', 'failed', 'set_aside'", "'received', 'broken'")
    op.execute("update ledger.batch set state = set_aside_from, set_aside_from = null where state = 'set_aside'")
    op.execute(
        "update ledger.batch set state = 'broken', rows_in = 0, accepted = 0, quarantined = 0, duplicate = 0, refused = 0 "
        "where state = 'failed'"
    )
    op.execute("alter table ledger.batch drop constraint ck_batch_set_aside")
    for name in ("set_aside_reason", "set_aside_from"):
        op.drop_column("batch", name, schema="ledger")
    _states(BEFORE, "state = 'received'")
