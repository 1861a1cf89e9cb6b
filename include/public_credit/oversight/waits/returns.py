"""What waits to come back: rows on slips, and corrections a person decides."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, text

from ...catalogue import Catalogue
from ...gate.corrections import WAITING
from ...ledger.states import NOT_BACK, sql
from .item import ENGINEER, Item, Rank, about, owner_of

SLIP_DAYS = timedelta(days=10)  # a slip that has not come back by then is overdue (decision 0061)
_RETURNED = f"""
    select q.batch_seq, q.unit_id, q.dataset_id, q.owner, b.file_name, count(*) as rows, min(q.opened_on) as since
    from ledger.quarantine q join ledger.batch b on b.seq = q.batch_seq
    where q.state in {sql(NOT_BACK)} group by 1, 2, 3, 4, 5"""
_UNDECIDED = f"""
    select c.batch_seq, b.unit_id, b.dataset_id, b.file_name, count(*) as rows, min(c.opened_on) as since
    from {WAITING} group by 1, 2, 3, 4"""


def slips(connection: Connection, catalogue: Catalogue, on: date) -> Iterator[Item]:
    """Receipts with rows that wait for correction; overdue after ``SLIP_DAYS``."""
    for row in connection.execute(text(_RETURNED)):
        overdue = on - row.since > SLIP_DAYS
        yield Item(
            f"quarantine/{row.batch_seq}/{row.owner}",
            "overdue" if overdue else "returned",
            Rank.OVERDUE if overdue else Rank.TO_DECIDE,
            owner_of(row.owner, row.unit_id),
            f"{_named(catalogue, row)}：{row.rows} 行待更正，见退回单"
            + (f"，已逾期（退回满 {SLIP_DAYS.days} 天）" if overdue else ""),
            f"按退回单更正后重报；逐行见 public-credit quarantine --batch {row.batch_seq}",
            row.since,
            row.unit_id,
            row.dataset_id,
            fold=f"slips/{row.unit_id}/{'overdue' if overdue else 'returned'}",
            rows=row.rows,
        )


def corrections(connection: Connection, catalogue: Catalogue) -> Iterator[Item]:
    """Receipts with rows of which a person must say what they correct."""
    for row in connection.execute(text(_UNDECIDED)):
        yield Item(
            f"undecided/{row.batch_seq}", "undecided", Rank.TO_DECIDE, ENGINEER,
            f"{_named(catalogue, row)}：{row.rows} 行是不是更正须由人认定",
            "public-credit corrections 查看，corrections decide 认定", row.since, row.unit_id, row.dataset_id,
        )  # fmt: skip


def _named(catalogue: Catalogue, row: Any) -> str:
    return f"{about(catalogue, row.unit_id, row.dataset_id)}，批次 {row.batch_seq}（{row.file_name}）"
