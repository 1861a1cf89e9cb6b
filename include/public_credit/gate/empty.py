"""零报送 by a delivery without rows, and what rows do to one: it is superseded while they count."""

from __future__ import annotations

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from ..ledger.models import Attestation, Batch
from ..ledger.states import GOOD, OUT_OF_THE_WAY, sql

# The first good receipt with rows in the period of a statement.
_FIRST = f"""(select min(b.seq) from ledger.batch b where b.dataset_id = a.dataset_id and b.state in {sql(GOOD)}
    and b.rows_in > 0 and b.business_date between a.period_from and a.period_to)"""


def settle(opened: Session, batch: Batch) -> None:
    """Book what a receipt that was accepted, withdrawn or restored does to statements of nothing to report.

    Those whose period it lies in are superseded by the first receipt that brought rows, and count again when there is none.
    """
    opened.flush()
    opened.execute(
        text(f"""
        update ledger.attestation a set superseded_by = {_FIRST}
        where a.dataset_id = :dataset and :on between a.period_from and a.period_to
          and a.superseded_by is distinct from {_FIRST}"""),
        {"dataset": batch.dataset_id, "on": batch.business_date},
    )


def attest(opened: Session, batch: Batch) -> None:
    """Book an accepted delivery without rows as its unit's 零报送 for the day it came, unless the dataset received rows that day.

    Readers let none land without a whole header.
    """
    known = opened.scalar(select(Attestation.id).where(Attestation.batch_seq == batch.seq))
    rows = opened.scalar(
        select(func.coalesce(func.sum(Batch.rows_in), 0)).where(
            Batch.dataset_id == batch.dataset_id,
            Batch.business_date == batch.business_date,
            Batch.state.not_in(OUT_OF_THE_WAY),
        )
    )
    if known is None and not rows:
        opened.execute(
            text("""
            insert into ledger.attestation (unit_id, dataset_id, period_from, period_to, attested_by, batch_seq, reason)
            values (:unit, :dataset, :on, :on, '报送文件', :seq, '空表报送') on conflict do nothing"""),
            {"unit": batch.unit_id, "dataset": batch.dataset_id, "on": batch.business_date, "seq": batch.seq},
        )
