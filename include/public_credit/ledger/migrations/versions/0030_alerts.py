"""Alerts are known by ids and no longer by their wording; what was told before is told once more. Waivers can be revoked.

``ledger.overdue``: by kind, the days its most overdue dataset is beyond the cadence of the catalogue, on the newest business day.
A 零报送 is a sign of life, what is not due yet needs none.
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


_OVERDUE = """
    create view ledger.overdue as
    select d.kind, max(greatest(0, t.day - greatest(b.last, a.last, d.live_on) - d.cadence_days)) as days
    from ledger.dataset d cross join (select max(day) as day from ledger.business_day) t
    left join (select dataset_id, max(business_date) as last from ledger.batch group by 1) b using (dataset_id)
    left join (select dataset_id, max(period_to) as last from ledger.attestation where superseded_by is null group by 1) a
      using (dataset_id)
    where d.live_on is null or d.live_on <= t.day group by 1"""


def upgrade() -> None:
    op.execute(_OVERDUE)
    op.execute("grant select on ledger.overdue to pcw_builder, pcw_reader")
    op.add_column("alert", sa.Column("reminded_on", sa.Date()), schema="ledger")
    op.execute("update ledger.alert set settled_at = now() where settled_at is null")
    op.add_column("waiver", sa.Column("revoked_on", sa.Date()), schema="ledger")
    op.add_column("waiver", sa.Column("revoked_by", sa.Text(), server_default="", nullable=False), schema="ledger")
    op.add_column("waiver", sa.Column("revoke_reason", sa.Text(), server_default="", nullable=False), schema="ledger")


def downgrade() -> None:
    op.execute("drop view ledger.overdue")
    op.drop_column("alert", "reminded_on", schema="ledger")
    for column in ("revoked_on", "revoked_by", "revoke_reason"):
        op.drop_column("waiver", column, schema="ledger")
