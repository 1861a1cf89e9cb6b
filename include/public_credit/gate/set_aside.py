"""搁置: take a receipt that nobody can judge out of the way, with a reason, and put it back.

A receipt set aside is neither landed nor judged, asks for nobody and stops nothing; its bytes and rows stay where they
are. Both moves are steps in the ledger. A receipt that was accepted is part of the warehouse and cannot be set aside.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from ..base.messages import UserError
from ..base.run import Run
from ..identifiers import persons
from ..ledger.locks import lock
from ..ledger.models import Batch
from ..ledger.session import session, step
from ..ledger.states import GOOD, BatchState, StepName, Verdict


def _locked(opened: Session, seq: int) -> Batch:
    """The batch, while nobody lands or judges it."""
    lock(opened, f"land {seq}")
    lock(opened, f"batch {seq}")
    batch = opened.get(Batch, seq, with_for_update=True)
    if batch is None:
        raise UserError(f"没有批次 {seq}。", remedy="用 public-credit batches 查看批次序号。", code=4)
    return batch


def set_aside(run: Run, seq: int, reason: str) -> bool:
    """Set a batch aside; False when it was aside already. Raises UserError for one that was accepted, or without a reason."""
    if not reason.strip():
        raise UserError("搁置须写明理由。", remedy="加上 --reason “……”。")
    with step(run, "collector", StepName.SET_ASIDE, batch_seq=seq) as record, session("collector") as opened:
        batch = _locked(opened, seq)
        record.links = {"unit_id": batch.unit_id, "dataset_id": batch.dataset_id}
        if batch.state == BatchState.SET_ASIDE:
            record.verdict, record.message = Verdict.NOTHING_DUE, f"批次 {seq} 已经搁置"
            return False
        if batch.state in GOOD:
            raise UserError(f"批次 {seq} 已经放行，不能搁置。", remedy="误报的内容由报送单位按更正流程处理。", code=4)
        batch.set_aside_from, batch.state = batch.state, BatchState.SET_ASIDE
        batch.set_aside_reason = persons.mask(reason.strip())
        record.message = f"{persons.mask(run.who)} 搁置批次 {seq}：{batch.set_aside_reason}"
        return True


def restore(run: Run, seq: int, reason: str) -> bool:
    """Put a batch back into the state it had; False when it was not aside."""
    if not reason.strip():
        raise UserError("取消搁置须写明理由。", remedy="加上 --reason “……”。")
    with step(run, "collector", StepName.RESTORE, batch_seq=seq) as record, session("collector") as opened:
        batch = _locked(opened, seq)
        record.links = {"unit_id": batch.unit_id, "dataset_id": batch.dataset_id}
        if batch.state != BatchState.SET_ASIDE or batch.set_aside_from is None:
            record.verdict, record.message = Verdict.NOTHING_DUE, f"批次 {seq} 没有搁置"
            return False
        batch.state, batch.set_aside_from, batch.set_aside_reason = batch.set_aside_from, None, ""
        record.message = f"{persons.mask(run.who)} 取消搁置批次 {seq}：{persons.mask(reason.strip())}"
        return True
