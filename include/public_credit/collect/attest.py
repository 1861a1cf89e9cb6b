"""零报送.

A unit states that it has nothing to deliver for a period; silence and nothing-to-report are told apart.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from ..base.messages import UserError
from ..base.run import Run
from ..catalogue import load_catalogue
from ..identifiers import persons
from ..ledger.models import Attestation, Batch
from ..ledger.session import session, step
from ..ledger.states import OUT_OF_THE_WAY, StepName


def _check(run: Run, dataset_id: str, start: date, end: date, reason: str) -> None:
    if dataset_id not in load_catalogue().datasets:
        raise UserError(f"目录中没有数据集 {dataset_id}。", remedy="用 public-credit catalogue show 查看编号。")
    if start > end:
        raise UserError("起始日期晚于截止日期。", remedy="对调两个日期。")
    if end > run.on:
        raise UserError("不能为尚未到来的日期作零报送。", remedy="截止日期最晚为业务日期当天。")
    if not run.who.strip() or not reason.strip():
        raise UserError("零报送须写明登记人和依据。", remedy="补全登记人与依据，例如来函文号。")


def attest(run: Run, dataset_id: str, start: date, end: date, reason: str) -> bool:
    """Book that nothing was due from ``start`` to ``end``; False when exactly this period was booked before.

    Raises UserError when the period is not a period, lies ahead, or the unit delivered rows in it.
    """
    _check(run, dataset_id, start, end, reason)
    unit_id = load_catalogue().datasets[dataset_id].unit
    with (
        step(run, "collector", StepName.ATTEST, unit_id=unit_id, dataset_id=dataset_id) as record,
        session("collector") as opened,
    ):
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
        booked = opened.scalar(
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
        record.message = f"{'登记' if booked else '已登记过'}零报送 {start} 至 {end}"
    return booked is not None
