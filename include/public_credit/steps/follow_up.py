"""What follows a judgement: resubmissions are matched with the rows they correct, slips go back to the departments."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, text
from sqlalchemy.orm import Session

from ..base import faults, settings
from ..base.messages import UserError
from ..base.run import Run
from ..gate import resubmission
from ..ledger.models import Batch, Step
from ..ledger.states import GOOD, AttemptState, BatchState, Verdict, sql
from ..papers import slips


def follow_up(run: Run) -> dict[str, Any]:
    """Match resubmissions and write slips for what the gate let through and nobody followed up yet; counts of both.

    What a run that was killed after its judgements left undone is among it. Doing it twice is doing it once.
    """
    with settings.engine("collector").connect() as connection:
        due = (
            connection.execute(
                text(f"""
            select a.batch_seq, a.attempt, b.state from ledger.attempt a
            join ledger.batch b on b.seq = a.batch_seq and b.current_attempt = a.attempt
            where a.state = {sql(AttemptState.GATED)} and a.followed_up_at is null
              and b.state in {sql(GOOD)} order by b.gated_at, b.seq""")
            )
            .tuples()
            .all()
        )
    matched = written = failed = 0
    for seq, attempt, state in due:
        try:
            matched += resubmission.match(seq)
            written += state == BatchState.ACCEPTED_WITH_QUARANTINE and slips.write(seq) is not None
        except BaseException as error:
            if not faults.of_receipt(error) and not isinstance(error, UserError):
                raise
            faults.note(f"batch {seq} could not be followed up", error)
            _not_followed_up(run, seq, attempt, error)
            failed += 1
            continue
        with settings.engine("collector").begin() as connection:
            connection.execute(
                text("update ledger.attempt set followed_up_at = now() where batch_seq = :seq and attempt = :attempt"),
                {"seq": seq, "attempt": attempt},
            )
    return {"resubmissions_matched": matched, "slips": written, "not_followed_up": failed}


def _not_followed_up(run: Run, seq: int, attempt: int, error: BaseException) -> None:
    """Book that matching or the slip of a batch failed; it stays due, so the next run tries again."""
    with Session(settings.engine("collector")) as session, session.begin():
        batch = session.get_one(Batch, seq)
        session.add(
            Step(
                name="follow_up",
                unit_id=batch.unit_id,
                dataset_id=batch.dataset_id,
                batch_seq=seq,
                attempt=attempt,
                business_date=run.on,
                ended_at=func.clock_timestamp(),
                verdict=Verdict.FAILED,
                message=f"批次 {seq} 的退回单或更正匹配未完成（{faults.text(error)}），下次运行重试",
                owner="data_engineer",
                dag_run=run.dag_run,
            )
        )
