"""搁置 and 撤回: take a receipt out of the way, or its accepted rows back, with a reason; and put it back.

A receipt set aside is neither landed nor judged, asks for nobody and stops nothing; its bytes and rows stay where they
are. One that was accepted is part of the warehouse: it is withdrawn, and the next build takes its rows back as it does those
of an attempt that was replayed. All moves are steps in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import delete, text, update
from sqlalchemy.orm import Session

from ..base.messages import UserError
from ..base.run import Run
from ..catalogue import load_catalogue
from ..identifiers import persons
from ..land import withdrawn
from ..ledger import locks, unchanged
from ..ledger.models import Attestation, Batch, Quarantine, RecordLink
from ..ledger.session import booked, session
from ..ledger.states import GOOD, NOT_BACK, OUT_OF_THE_WAY, BatchState, Outcome, QuarantineState, StepName, Verdict, sql
from . import empty, quarantine


def _found(opened: Session, seq: int, move: StepName, *, locked: bool = False) -> Batch:
    """The batch. Raises UserError (code 4) for an unknown one, and for one that is in no state for the move."""
    batch = opened.get(Batch, seq, with_for_update=locked)
    if batch is None:
        raise UserError(f"没有批次 {seq}。", remedy="用 public-credit batches 查看批次序号。", code=4)
    if move == StepName.SET_ASIDE and batch.state in (*GOOD, BatchState.WITHDRAWN):
        raise UserError(
            f"批次 {seq} 已经放行，不能搁置。", remedy=f"要收回它的内容，用 batches withdraw {seq}。", code=4
        )
    if move == StepName.WITHDRAW and batch.state not in (*GOOD, BatchState.WITHDRAWN):
        raise UserError(
            f"批次 {seq} 没有放行，无须撤回。", remedy=f"不再处理它的，用 batches set-aside {seq}。", code=4
        )
    return batch


def _check(seq: int, move: StepName) -> None:
    """Look before a step is begun: what a person mistook is no failure of ours. Raises UserError as ``_found``."""
    with session("collector") as opened:
        _found(opened, seq, move)


def _locked(opened: Session, seq: int, move: StepName) -> Batch:
    """The batch, while nobody lands or judges it."""
    locks.lock(opened, locks.batch(seq))
    return _found(opened, seq, move, locked=True)


def _reason(given: str, move: str) -> str:
    if not given.strip():
        raise UserError(f"{move}须写明理由。", remedy="加上 --reason “……”。")
    return persons.mask(given.strip())


@contextmanager
def _undisturbed(run: Run) -> Iterator[None]:
    """No build and no judgement goes on while the block runs: each has seen the receipt as it was, or will see it as it is then."""
    with (
        locks.between_builds("collector"),
        locks.hold("collector", locks.GATE, waiting="质量关卡正在运行，等它完成后继续。", holder=run.holder),
    ):
        yield


def set_aside(run: Run, seq: int, reason: str) -> bool:
    """Set a batch aside; False when it was aside already. Raises UserError for one that was accepted, or without a reason."""
    reason = _reason(reason, "搁置")
    _check(seq, StepName.SET_ASIDE)
    with booked(run, "collector", StepName.SET_ASIDE, batch_seq=seq) as (record, opened):
        batch = _locked(opened, seq, StepName.SET_ASIDE)
        record.links = {"unit_id": batch.unit_id, "dataset_id": batch.dataset_id}
        if batch.state == BatchState.SET_ASIDE:
            record.verdict, record.message = Verdict.NOTHING_DUE, f"批次 {seq} 已经搁置"
            return False
        batch.set_aside_from, batch.state = batch.state, BatchState.SET_ASIDE
        batch.set_aside_reason = reason
        record.message = f"{persons.mask(run.who)} 搁置批次 {seq}：{reason}"
        return True


def withdraw(run: Run, seq: int, reason: str) -> bool:
    """Take an accepted batch back; False when it was back already. Raises UserError for another state, or without a reason.

    What its rows corrected is open again, its own returned rows ask for nobody any more, and a 零报送 it stood for counts
    no longer. Later receipts whose rows were duplicates of its are landed again by the next run of the gate (``land.withdrawn``): they
    said the same, and it is they that say it now.
    """
    reason = _reason(reason, "撤回")
    _check(seq, StepName.WITHDRAW)
    with _undisturbed(run), booked(run, "collector", StepName.WITHDRAW, batch_seq=seq) as (record, opened):
        batch = _locked(opened, seq, StepName.WITHDRAW)
        record.links = {"unit_id": batch.unit_id, "dataset_id": batch.dataset_id}
        if batch.state == BatchState.WITHDRAWN:
            record.verdict, record.message = Verdict.NOTHING_DUE, f"批次 {seq} 已经撤回"
            return False
        again = _repeated_later(opened, batch)
        never = withdrawn.never(opened, again)
        batch.set_aside_from, batch.state, batch.set_aside_reason = batch.state, BatchState.WITHDRAWN, reason
        _undo_follow_up(opened, batch, run)
        record.counts = {"rows": batch.accepted, withdrawn.AGAIN: {str(number): live for number, live in again.items()}}
        record.message = f"{persons.mask(run.who)} 撤回批次 {seq}（{batch.accepted} 行）：{reason}"
        if landed := [str(number) for number in again if number not in never]:
            record.message += f"；批次 {'、'.join(landed)} 中与之重复的行重新入库"
        for number, why in never.items():
            record.message += f"；批次 {number} 中与之重复的行不再计入：{why}"
        return True


def restore(run: Run, seq: int, reason: str) -> bool:
    """Put a batch back into the state it had; False when it was neither set aside nor withdrawn."""
    reason = _reason(reason, "恢复")
    _check(seq, StepName.RESTORE)
    with _undisturbed(run), booked(run, "collector", StepName.RESTORE, batch_seq=seq) as (record, opened):
        batch = _locked(opened, seq, StepName.RESTORE)
        record.links = {"unit_id": batch.unit_id, "dataset_id": batch.dataset_id}
        if batch.state not in OUT_OF_THE_WAY or batch.set_aside_from is None:
            record.verdict, record.message = Verdict.NOTHING_DUE, f"批次 {seq} 没有搁置或撤回"
            return False
        was_withdrawn = batch.state == BatchState.WITHDRAWN
        batch.state, batch.set_aside_from, batch.set_aside_reason = batch.set_aside_from, None, ""
        if was_withdrawn:
            _follow_up_again(opened, batch)
        record.message = f"{persons.mask(run.who)} 恢复批次 {seq}：{reason}"
        return True


def _repeated_later(opened: Session, batch: Batch) -> dict[int, int]:
    """Receipts and their attempts: per accepted record of the batch the first later one that brought the same row again, of those that
    can be landed again where there is one. A batch that itself was to be landed again hands on what it repeats.
    """
    raw, told = load_catalogue().kinds[batch.kind].raw, {"seq": batch.seq, "attempt": batch.current_attempt}
    told |= {"heir": any(row.seq == batch.seq for row in withdrawn.due(opened))}
    found = opened.execute(
        text(f"""
        select distinct on (r.record_id) b.seq, b.current_attempt from {raw} r
        join ledger.batch b on b.seq = r.batch_seq and b.current_attempt = r.attempt and b.state in {sql(GOOD)}
        {unchanged.JOINS}
        where r.batch_seq > :seq and {unchanged.OUTCOME} = {sql(Outcome.DUPLICATE)} and r.record_id in (
            select r.record_id from {raw} r {unchanged.JOINS}
            where r.batch_seq = :seq and r.attempt = :attempt and r.record_id is not null
              and ({unchanged.ACCEPTED} or :heir and {unchanged.OUTCOME} = {sql(Outcome.DUPLICATE)}))
        order by r.record_id, {withdrawn.CANNOT}, b.seq"""),
        told | {"live": withdrawn.live()},
    )
    return dict(sorted({(row.seq, row.current_attempt) for row in found}))


def _undo_follow_up(opened: Session, batch: Batch, run: Run) -> None:
    """Returned rows that this batch corrected wait again, the records they bore stand for themselves; its own wait no longer; its 零报送 is
    gone, one that its rows superseded counts.
    """
    quarantine.reopen(opened, Quarantine.corrected_batch_seq == batch.seq, run.on)
    opened.execute(delete(RecordLink).where(RecordLink.batch_seq == batch.seq))
    opened.execute(
        update(Quarantine)
        .where(Quarantine.batch_seq == batch.seq, Quarantine.state.in_(NOT_BACK))
        .values(state=QuarantineState.WITHDRAWN, closed_on=run.on)
    )
    opened.execute(delete(Attestation).where(Attestation.batch_seq == batch.seq))
    empty.settle(opened, batch)


def _follow_up_again(opened: Session, batch: Batch) -> None:
    """Its returned rows wait again; what it corrects and what later receipts correct of it, its slip and its 零报送 are booked by
    the next follow-up.
    """
    quarantine.match_again(opened, batch.dataset_id, batch.seq)
    opened.execute(
        update(Quarantine)
        .where(
            Quarantine.batch_seq == batch.seq,
            Quarantine.attempt == batch.current_attempt,
            Quarantine.state == QuarantineState.WITHDRAWN,
        )
        .values(state=QuarantineState.OPEN, closed_on=None)
    )
    quarantine.follow_up_again(opened, batch)
    if not batch.rows_in:
        empty.attest(opened, batch)
    empty.settle(opened, batch)
