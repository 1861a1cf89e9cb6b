"""The work list of corrections: delivered rows that may correct a returned one where only a person can tell, the decision, and its undoing.

The row is accepted meanwhile as it stands, and the returned one waits. A case asks for nobody any more once none of the rows
it may correct waits, or its receipt is withdrawn.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, func, or_, select, text
from sqlalchemy.orm import Session

from ..base.messages import UserError
from ..base.run import Run
from ..catalogue import Kind
from ..identifiers import persons
from ..ledger import ids, locks, words
from ..ledger.models import Batch, CorrectionCase, Quarantine, RecordLink
from ..ledger.session import booked, session
from ..ledger.states import GOOD, NOT_BACK, CaseReason, CaseState, QuarantineState, StepName, sql
from . import likeness, quarantine

_LIKE = " union all ".join(
    f"select f.row_no, f.record_id, w.id from waiting w join fresh f on {likeness.CONDITIONS[name][0]}"
    for name in ("place", "number", "content")
)

# Of a row the first of these: like several; under the place of another one; under no place that waits.
_OPEN = f"""
    with alike as (
        select row_no, record_id, array_agg(distinct id order by id) as candidates from ({_LIKE}) p
        where record_id is not null and not exists (
            select 1 from known k where k.record_id = p.record_id and k.on_file) group by 1, 2
    ), placed as (
        select f.row_no, f.record_id, array_agg(w.id order by w.id) as candidates
        from fresh f join waiting w on {likeness.PLACE}
        where f.record_id is not null and {likeness.FREE} group by 1, 2
    ), lost as (
        select f.row_no, f.record_id, array_agg(w.id order by w.id) as candidates
        from fresh f join waiting w on w.batch_id = f.slip_batch
        where f.record_id is not null and {likeness.FREE} and not exists (
            select 1 from ledger.quarantine q where q.batch_seq = w.batch_seq and q.corrected_record_id = f.record_id)
        group by 1, 2
    ), found as (
        select {sql(CaseReason.AMBIGUOUS)} as reason, 1 as rank, * from alike
        union all select {sql(CaseReason.OTHER_ROW)}, 2, * from placed
        union all select {sql(CaseReason.NO_SUCH_PLACE)}, 3, * from lost
        union all
        select {sql(CaseReason.OLD_STAYS)}, 0, q.corrected_row_no, q.corrected_record_id, array[q.id]
        from ledger.quarantine q join known k on k.record_id = q.record_id and k.on_file
        where q.id = any(:ids) and q.record_id <> q.corrected_record_id and not exists (
            select 1 from ledger.record_link l
            where (l.old_record_id, l.new_record_id) = (q.record_id, q.corrected_record_id))
    )
    insert into ledger.correction_case (batch_seq, row_no, record_id, reason, candidates, opened_on)
    select distinct on (row_no, record_id) :seq, row_no, record_id, reason, candidates, :on from found
    order by row_no, record_id, rank on conflict do nothing"""

# A replay may read another record in a row, and find what it corrects.
_GONE = f"""
    delete from ledger.correction_case c where c.batch_seq = :seq and c.state = {sql(CaseState.OPEN)} and (
        not exists (select 1 from {{raw}} r where r.batch_seq = :seq and r.attempt = :attempt and r.row_no = c.row_no
                    and {ids.record_id("r.record_id")} = c.record_id)
        or c.reason <> {sql(CaseReason.OLD_STAYS)} and exists (
            select 1 from ledger.quarantine q where q.corrected_batch_seq = :seq and q.corrected_row_no = c.row_no))"""

_LINK = f"""
    insert into ledger.record_link (old_record_id, new_record_id, kind, batch_seq, row_no, reason, linked_on)
    select q.record_id, q.corrected_record_id, q.kind, c.batch_seq, c.row_no, '认定为更正', :on
    from ledger.correction_case c join ledger.quarantine q on q.id = c.quarantine_id
     and q.corrected_batch_seq = c.batch_seq and q.corrected_row_no = c.row_no
    where c.batch_seq = :seq and c.state = {sql(CaseState.CORRECTION)} and q.record_id <> q.corrected_record_id
    on conflict do nothing"""

WAITING = f"""
    ledger.correction_case c join ledger.batch b on b.seq = c.batch_seq and b.state in {sql(GOOD)}
    where c.state = {sql(CaseState.OPEN)} and exists (
        select 1 from ledger.quarantine q where q.id = any(c.candidates)
        and case c.reason when {sql(CaseReason.OLD_STAYS)} then q.corrected_batch_seq = c.batch_seq
            and q.corrected_row_no = c.row_no else q.state in {sql(NOT_BACK)} end)"""


def forget_what_is_gone(opened: Session, kind: Kind, parameters: dict[str, object]) -> None:
    """Take cases of a receipt off the list whose row reads otherwise now, or has corrected a returned row since."""
    opened.execute(text(_GONE.format(raw=kind.raw)), parameters)


def open_cases(opened: Session, matched: list[int], parameters: dict[str, object]) -> None:
    """Book what a matching of ``resubmission`` left to a person; reads its temporary tables."""
    opened.execute(text(_OPEN), parameters | {"ids": matched})


def link_decided(opened: Session, parameters: dict[str, object]) -> None:
    """Link the records of corrections a person decided: the old one is given up, whatever is on file."""
    opened.execute(text(_LINK), parameters)


_PLACED = ("kind", "batch_seq", "attempt", "row_no")
_PLACE = """
    select sheet, source_row from desk.receipt_rows(:kind, :batch_seq, :attempt, array[cast(:row_no as integer)])"""
_RETURNED = """
    select q.id, q.batch_seq, b.file_name, r.sheet, r.source_row, q.rules, q.state
    from ledger.quarantine q join ledger.batch b on b.seq = q.batch_seq
    left join lateral desk.receipt_rows(:kind, q.batch_seq, q.attempt, array[q.row_no]) r on true
    where q.id = any(:ids) order by q.id"""


def waiting(opened: Session) -> list[dict[str, Any]]:
    """Cases to decide, oldest first: the delivered row by receipt, file, sheet and line, and the returned rows by entry and place.

    No delivered value is shown.
    """
    cases = [
        dict(row)
        for row in opened.execute(
            text(f"""
        select c.id, c.reason, c.batch_seq, c.row_no, c.candidates, c.opened_on, b.dataset_id, b.unit_id,
               b.file_name, b.kind, b.current_attempt as attempt
        from {WAITING} order by c.id""")
        ).mappings()
    ]
    for case in cases:
        place = opened.execute(text(_PLACE), {name: case[name] for name in _PLACED}).one_or_none()
        case["sheet"], case["source_row"] = place or (None, None)
        returned = opened.execute(text(_RETURNED), {"ids": case["candidates"], "kind": case["kind"]}).mappings()
        case["returned"] = [dict(row) for row in returned]
    return cases


def _batch_of(case_id: int, reason: str) -> int:
    """The receipt of a case. Raises UserError for an unknown case, or without a reason."""
    if not reason.strip():
        raise UserError("认定或撤销认定须写明理由。", remedy="加上 --reason “……”。")
    with session("reader") as opened:
        seq = opened.scalar(select(CorrectionCase.batch_seq).where(CorrectionCase.id == case_id))
    if seq is None:
        raise UserError(f"没有第 {case_id} 号待认定的更正。", remedy="用 public-credit corrections 查看编号。", code=4)
    return seq


def _decidable(opened: Session, batch: Batch, case: CorrectionCase, corrects: int | None) -> bool:
    """Whether a case can be decided so; False when exactly this was decided before. Raises UserError (code 4) as ``decide`` says."""
    wanted = CaseState.NEW if corrects is None else CaseState.CORRECTION
    if (case.state, case.quarantine_id) == (wanted, corrects):
        return False
    if case.state == CaseState.CORRECTION:
        raise UserError(
            f"第 {case.id} 号已认定为更正。",
            remedy=f"认定错了的，用 corrections undo {case.id} 撤销后重新认定。",
            code=4,
        )
    if batch.state not in GOOD:
        raise UserError(
            f"批次 {batch.seq} 的状态是“{words.BATCH[batch.state]}”，没有可认定的行。",
            remedy=f"撤回或搁置的，先用 batches restore {batch.seq} 恢复。",
            code=4,
        )
    if corrects is not None:
        _check_entry(opened, batch, case, corrects)
    return True


def decide(run: Run, case_id: int, corrects: int | None, reason: str) -> bool:
    """Decide a case: the row corrects the quarantine entry ``corrects``, or (None) it is a record of its own.

    The correction is booked by the next follow-up, which the receipt is due for from now on. False when exactly this was decided
    before. Raises UserError for an unknown case, one whose receipt is not accepted or that was decided to be a correction, an
    entry that is none of its dataset or does not wait, or without a reason.
    """
    seq = _batch_of(case_id, reason)
    with session("collector") as opened:  # what a person mistook is no failure of ours
        _decidable(opened, opened.get_one(Batch, seq), opened.get_one(CorrectionCase, case_id), corrects)
    with booked(run, "collector", StepName.DECIDE, batch_seq=seq) as (record, opened):
        locks.lock(opened, locks.batch(seq))
        case = opened.get_one(CorrectionCase, case_id, with_for_update=True)
        batch = opened.get_one(Batch, seq)
        record.links = {"unit_id": batch.unit_id, "dataset_id": batch.dataset_id}
        if not _decidable(opened, batch, case, corrects):
            record.message = f"第 {case_id} 号更正早已{words.CASE[CaseState(case.state)]}"
            return False
        wanted = CaseState.NEW if corrects is None else CaseState.CORRECTION
        case.state, case.quarantine_id, case.decided_on = wanted, corrects, run.on
        case.decided_by, case.note = persons.mask(run.who), persons.mask(reason.strip())
        quarantine.follow_up_again(opened, batch)
        told = words.CASE[wanted] + (f"（退回行 {corrects}）" if corrects is not None else "")
        record.message = f"{persons.mask(run.who)} 把批次 {batch.seq} 第 {case.row_no} 条记录{told}：{case.note}"
        return True


def undo(run: Run, case_id: int, reason: str) -> bool:
    """Take a decision back: the case is open again, as it was before; False when it is open. The step keeps who had decided what and why.

    The returned row waits again, the record it bore stands for itself in the next build, and no likeness makes the two a pair again: a
    person does. Raises UserError for an unknown case, or without a reason.
    """
    seq = _batch_of(case_id, reason)
    with booked(run, "collector", StepName.DECIDE, batch_seq=seq) as (record, opened):
        locks.lock(opened, locks.batch(seq))
        case = opened.get_one(CorrectionCase, case_id, with_for_update=True)
        batch = opened.get_one(Batch, seq)
        record.links = {"unit_id": batch.unit_id, "dataset_id": batch.dataset_id}
        if case.state == CaseState.OPEN:
            record.message = f"第 {case_id} 号更正没有认定过，或已经撤销"
            return False
        was = f"{case.decided_by} {case.decided_on} {words.CASE[CaseState(case.state)]}"
        if case.quarantine_id is not None:
            was += f"（退回行 {case.quarantine_id}）"
            _take_back(opened, run, batch, case, opened.get_one(Quarantine, case.quarantine_id, with_for_update=True))
        was += f"：{case.note}"
        case.state, case.quarantine_id, case.decided_on, case.decided_by, case.note = CaseState.OPEN, None, None, "", ""
        quarantine.follow_up_again(opened, batch)
        record.message = f"{persons.mask(run.who)} 撤销对批次 {seq} 第 {case.row_no} 条记录的认定，理由：{reason.strip()}；原认定：{was}"
        return True


def _take_back(opened: Session, run: Run, batch: Batch, case: CorrectionCase, entry: Quarantine) -> None:
    """Undo what followed from a decided correction. An old record that stays on file was corrected without the decision."""
    opened.execute(
        delete(RecordLink).where(
            RecordLink.batch_seq == batch.seq,
            RecordLink.row_no == case.row_no,
            RecordLink.old_record_id == entry.record_id,
        )
    )
    case.taken_back = [*case.taken_back, entry.id]
    if case.reason == CaseReason.OLD_STAYS:
        return
    quarantine.reopen(
        opened,
        (Quarantine.corrected_batch_seq == batch.seq)
        & (Quarantine.corrected_row_no == case.row_no)
        & or_(Quarantine.id == entry.id, Quarantine.record_id == entry.record_id),
        run.on,
    )
    batch.resubmission_of = opened.scalar(
        select(func.min(Quarantine.batch_seq)).where(Quarantine.corrected_batch_seq == batch.seq)
    )


def _check_entry(opened: Session, batch: Batch, case: CorrectionCase, entry_id: int) -> None:
    """Raises UserError unless the entry is one this case's row may correct."""
    entry = opened.scalar(select(Quarantine).where(Quarantine.id == entry_id).with_for_update())
    if entry is None or entry.dataset_id != batch.dataset_id or entry.batch_seq >= batch.seq:
        raise UserError(
            f"{batch.dataset_id} 在批次 {batch.seq} 之前没有编号 {entry_id} 的退回行。",
            remedy="用 public-credit corrections 查看退回行的编号。",
            code=4,
        )
    if case.reason == CaseReason.OLD_STAYS:
        allowed = (entry.corrected_batch_seq, entry.corrected_row_no) == (batch.seq, case.row_no)
    else:
        allowed = entry.state in NOT_BACK
    if not allowed:
        told = words.QUARANTINE[QuarantineState(entry.state)]
        raise UserError(
            f"退回行 {entry_id} 的状态是“{told}”，不能由这一行更正。",
            remedy="用 public-credit corrections 查看。",
            code=4,
        )
