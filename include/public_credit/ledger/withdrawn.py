"""Receipts whose rows repeat some that were withdrawn since: they are landed again, and say by themselves what they say."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from .models import Attempt, Batch, Step
from .states import GOOD, BatchState, StepName

AGAIN = "told_again"  # in the counts of the step of a withdrawal: their numbers


def told_again(opened: Session) -> list[int]:
    """Accepted receipts to land again, as their rows repeat some that were withdrawn since they were landed; by receipt."""
    due: set[int] = set()
    moves = (
        select(Step.counts, Step.started_at)
        .join(Batch, Batch.seq == Step.batch_seq)
        .where(Step.name == StepName.WITHDRAW, Batch.state == BatchState.WITHDRAWN)
    )
    for counts, at in opened.execute(moves).tuples():
        named = list(counts.get(AGAIN, []))
        later = select(Attempt.batch_seq).where(Attempt.batch_seq.in_(named), Attempt.started_at > at)
        good = select(Batch.seq).where(Batch.seq.in_(named), Batch.state.in_(GOOD), Batch.seq.not_in(later))
        due.update(opened.scalars(good) if named else ())
    return sorted(due)
