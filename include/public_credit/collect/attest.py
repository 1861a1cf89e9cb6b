"""零报送.

A unit states that it has nothing to deliver for a period; silence and nothing-to-report are told apart.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ..base.messages import UserError
from ..base.run import Run
from ..catalogue import load_catalogue
from ..identifiers import persons
from ..ledger.models import Attestation, Batch
from ..ledger.session import booked, session
from ..ledger.states import OUT_OF_THE_WAY, StepName

LONGEST = timedelta(days=366)  # how far back a statement may reach


def _check(run: Run, dataset_id: str, start: date, end: date, reason: str) -> None:
    if dataset_id not in load_catalogue().datasets:
        raise UserError(f"目录中没有数据集 {dataset_id}。", remedy="用 public-credit catalogue show 查看编号。", code=4)
    if start > end:
        raise UserError("起始日期晚于截止日期。", remedy="对调两个日期。")
    if end > run.on:
        raise UserError("不能为尚未到来的日期作零报送。", remedy="截止日期最晚为业务日期当天。")
    if run.on - start > LONGEST:
        raise UserError(f"起始日期 {start} 早于一年以前。", remedy="零报送最长回溯一年；更早的期间已经定稿。")
    live_on = load_catalogue().district.live_on(dataset_id)
    if live_on and end < live_on:
        raise UserError(f"数据集 {dataset_id} 自 {live_on} 起才应当报送。", remedy="此前的期间无须作零报送。")
    if not run.who.strip() or not reason.strip():
        raise UserError("零报送须写明登记人和依据。", remedy="补全登记人与依据，例如来函文号。")


def attest(run: Run, dataset_id: str, start: date, end: date, reason: str) -> bool:
    """Book that nothing was due from ``start`` to ``end``; False when exactly this period was booked before.

    Raises UserError when the period is not a period, lies ahead, begins more than a year ago or ends before the dataset's
    first day of service, or when the unit delivered rows in it.
    """
    _check(run, dataset_id, start, end, reason)
    unit_id = load_catalogue().datasets[dataset_id].unit
    with booked(run, "collector", StepName.ATTEST, unit_id=unit_id, dataset_id=dataset_id) as (record, opened):
        delivered = opened.scalar(
            select(func.coalesce(func.sum(Batch.rows_in), 0)).where(
                Batch.dataset_id == dataset_id,
                Batch.business_date.between(start, end),
                Batch.state.not_in(OUT_OF_THE_WAY),
            )
        )
        if delivered:
            raise UserError(
                f"{dataset_id} 在 {start} 至 {end} 已报送 {delivered} 行，不能作零报送。",
                remedy="核对期间；误报的数据按更正流程处理。",
            )
        number = opened.scalar(
            insert(Attestation)
            .values(
                unit_id=unit_id,
                dataset_id=dataset_id,
                period_from=start,
                period_to=end,
                attested_by=persons.mask(run.who.strip()),
                reason=persons.mask(reason.strip()),
            )
            .on_conflict_do_nothing()
            .returning(Attestation.id)
        )
        record.message = f"{'登记' if number else '已登记过'}零报送 {start} 至 {end}"
    return number is not None


def listing(*, dataset_id: str | None = None, unit_id: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """The newest attestations; one with ``batch_seq`` stands for a delivery without rows, one with ``superseded_by`` counts no more."""
    with session("reader") as opened:
        query = select(Attestation).order_by(Attestation.id.desc()).limit(limit)
        query = query.where(Attestation.unit_id == unit_id) if unit_id else query
        rows = opened.scalars(query.where(Attestation.dataset_id == dataset_id) if dataset_id else query)
        names = (
            "id",
            "unit_id",
            "dataset_id",
            "period_from",
            "period_to",
            "attested_by",
            "reason",
            "batch_seq",
            "superseded_by",
        )
        return [{name: getattr(row, name) for name in names} for row in rows]


def _revocable(opened: Session, number: int) -> Attestation:
    """A statement a person made, locked. Raises UserError (code 4) for an unknown number, and for one that a delivery made."""
    row = opened.get(Attestation, number, with_for_update=True)
    if row is None:
        raise UserError(f"没有第 {number} 号零报送。", remedy="用 public-credit attestations list 查看编号。", code=4)
    if row.batch_seq is not None:
        raise UserError(
            f"第 {number} 号零报送来自批次 {row.batch_seq}。",
            remedy=f"用 public-credit batches withdraw {row.batch_seq} 撤回。",
            code=4,
        )
    return row


def revoke(run: Run, number: int, reason: str) -> str:
    """Take back a statement that was wrong; what it said. The step in the ledger keeps it, with who and why.

    Raises UserError for an unknown number (code 4), without a reason, and for one that a delivery made: that is withdrawn.
    """
    if not reason.strip():
        raise UserError("撤销零报送须写明理由。", remedy="加上 --reason “……”。")
    with session("collector") as opened:
        _revocable(opened, number)
    with booked(run, "collector", StepName.ATTEST) as (record, opened):
        row = _revocable(opened, number)
        said = f"{row.dataset_id} {row.period_from} 至 {row.period_to}（{row.attested_by}：{row.reason}）"
        record.links = {"unit_id": row.unit_id, "dataset_id": row.dataset_id}
        record.message = f"{persons.mask(run.who)} 撤销第 {number} 号零报送 {said}：{persons.mask(reason.strip())}"
        opened.delete(row)
    return said
