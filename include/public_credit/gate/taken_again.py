"""A receipt that was taken again from its source because something was added to it: its other rows are no news.

A batch of an exchange database is read whole each time (decision 0052). A row that its receipt before had, too, repeats that one,
whatever later batches have said of the record since: as a version of its own it would take back what they say.
"""

from __future__ import annotations

from ..catalogue import Kind
from ..ledger import ids
from ..ledger.states import GOOD, sql

_CHANNEL = "exchange_db:"  # begins the locators of receipts that are taken again under the number they had


def repeated(kind: Kind) -> str:
    """Query for the rows (batch_seq, attempt, row_no) of ``clean`` that the accepted receipt before it of the same batch had, too."""
    return f"""
    select :seq, :attempt, r.row_no
    from clean r
    join (
        select p.seq, p.current_attempt from ledger.batch b
        join ledger.batch p on (p.dataset_id, p.locator, p.source_version) = (b.dataset_id, b.locator, b.source_version)
        where b.seq = :seq and starts_with(b.locator, '{_CHANNEL}') and p.seq < b.seq and p.state in {sql(GOOD)}
        order by p.seq desc limit 1) before on true
    join {kind.raw} old on old.batch_seq = before.seq and old.attempt = before.current_attempt
     and old.record_id = {ids.stored("r.record_id")} and {ids.content_hash("old.content_hash")} = r.content_hash"""
