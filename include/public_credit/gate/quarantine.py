"""Entries of quarantined rows: opened by a judgement, unless it is known already what became of the very same row; opened again."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, case, select, text, update
from sqlalchemy.orm import Session

from ..catalogue import Kind
from ..ledger.models import Attempt, Batch, Quarantine
from ..ledger.states import GOOD, NOT_BACK, BatchState, Outcome, QuarantineState, sql

# A replay reads the same row again: its entry goes on under the new attempt, with its slip and what corrected it.
_CARRY_OVER = f"""
    update ledger.quarantine q set attempt = new.attempt
    from {{raw}} old, {{raw}} new, ledger.row_outcome o
    where q.batch_seq = :seq and q.attempt <> :attempt and q.state in {sql((*NOT_BACK, QuarantineState.CORRECTED))}
      and old.batch_seq = :seq and old.attempt = q.attempt and old.row_no = q.row_no
      and new.batch_seq = :seq and new.attempt = :attempt and new.row_no = q.row_no
      and new.content_hash = old.content_hash
      and o.batch_seq = :seq and o.attempt = :attempt and o.row_no = q.row_no and o.outcome = {sql(Outcome.QUARANTINED)}
      and not exists (select 1 from ledger.quarantine there
                      where there.batch_seq = :seq and there.attempt = :attempt and there.row_no = q.row_no)
      and not exists (select 1 from ledger.quarantine later where later.batch_seq = :seq and later.row_no = q.row_no
                      and later.attempt > q.attempt)"""

_OPEN = f"""
    insert into ledger.quarantine (batch_seq, attempt, row_no, dataset_id, unit_id, kind, record_id, rules, opened_on)
    select :seq, :attempt, o.row_no, :dataset, :unit, :kind, o.record_id,
           concat_ws(';', nullif(r.row_errors, ''), cross_record.rules), :on
    from ledger.row_outcome o left join pg_temp.this_batch r using (row_no)
    left join (select row_no, string_agg(rule_id, ';' order by rule_id) as rules from ledger.row_verdict
               where batch_seq = :seq and attempt = :attempt and severity = 'error' group by row_no) cross_record
      using (row_no)
    where o.batch_seq = :seq and o.attempt = :attempt and o.outcome = {sql(Outcome.QUARANTINED)}
    on conflict do nothing"""

# The original handed in again after its correction: nothing is asked for a second time.
_CORRECTED_BEFORE = f"""
    update ledger.quarantine q set state = {sql(QuarantineState.CORRECTED)}, closed_on = :on,
        corrected_batch_seq = before.corrected_batch_seq, corrected_row_no = before.corrected_row_no,
        corrected_record_id = before.corrected_record_id
    from ledger.quarantine before, {{raw}} old, {{raw}} new
    where q.batch_seq = :seq and q.attempt = :attempt and q.state = {sql(QuarantineState.OPEN)}
      and before.record_id = q.record_id and before.dataset_id = q.dataset_id and before.batch_seq < q.batch_seq
      and before.state = {sql(QuarantineState.CORRECTED)}
      and old.batch_seq = before.batch_seq and old.attempt = before.attempt and old.row_no = before.row_no
      and new.batch_seq = :seq and new.attempt = :attempt and new.row_no = q.row_no
      and new.content_hash = old.content_hash"""


def open_entries(session: Session, kind: Kind, batch: Batch, attempt: int, on: date) -> None:
    """An entry per quarantined row of the attempt that takes over; what waited in the one before and is not there is withdrawn."""
    parameters = {
        "dataset": batch.dataset_id,
        "unit": batch.unit_id,
        "kind": batch.kind,
        "seq": batch.seq,
        "attempt": attempt,
        "on": on,
    }
    if attempt > 1:
        session.execute(text(_CARRY_OVER.format(raw=kind.raw)), parameters)
    session.execute(
        update(Quarantine)
        .where(Quarantine.batch_seq == batch.seq, Quarantine.attempt != attempt, Quarantine.state.in_(NOT_BACK))
        .values(state=QuarantineState.WITHDRAWN, closed_on=on)
    )
    session.execute(text(_OPEN), parameters)
    session.execute(text(_CORRECTED_BEFORE.format(raw=kind.raw)), parameters)


def reopen(opened: Session, which: ColumnElement[bool], on: date) -> None:
    """Corrected entries wait again, those of a withdrawn receipt are withdrawn.

    Later receipts of their datasets are matched once more by the next follow-up: one of them may bring the true correction.
    """
    own = select(Batch.state).where(Batch.seq == Quarantine.batch_seq).scalar_subquery()
    back = case(
        (own == BatchState.WITHDRAWN, QuarantineState.WITHDRAWN),
        (Quarantine.slip_id.is_not(None), QuarantineState.RETURNED),
        else_=QuarantineState.OPEN,
    )
    again = opened.execute(
        update(Quarantine)
        .where(which, Quarantine.state == QuarantineState.CORRECTED)
        .values(
            state=back,
            closed_on=case((own == BatchState.WITHDRAWN, on)),
            corrected_batch_seq=None,
            corrected_row_no=None,
            corrected_record_id=None,
        )
        .returning(Quarantine.state, Quarantine.dataset_id, Quarantine.batch_seq)
        .execution_options(synchronize_session=False)
    )
    since: dict[str, int] = {}
    for state, dataset_id, seq in again:
        if state in NOT_BACK:
            since[dataset_id] = min(seq, since.get(dataset_id, seq))
    for dataset_id, seq in since.items():
        match_again(opened, dataset_id, seq)


def follow_up_again(opened: Session, batch: Batch) -> None:
    """A receipt is matched, and its slip looked after, once more by the next follow-up, whoever runs it."""
    opened.execute(
        update(Attempt)
        .where(Attempt.batch_seq == batch.seq, Attempt.attempt == batch.current_attempt)
        .values(followed_up_at=None)
    )


def match_again(opened: Session, dataset_id: str, seq: int) -> None:
    """Accepted receipts of a dataset after a receipt are matched once more by the next follow-up: its returned rows wait again."""
    later = select(Batch.seq).where(Batch.dataset_id == dataset_id, Batch.seq > seq, Batch.state.in_(GOOD))
    opened.execute(
        update(Attempt)
        .where(Attempt.batch_seq.in_(later), Attempt.followed_up_at.is_not(None))
        .values(followed_up_at=None)
        .execution_options(synchronize_session=False)
    )
