"""Receipts whose rows repeat some that were withdrawn since: they are landed again, and say by themselves what they say.

A withdrawal names them in its step, each with the attempt that repeats it. One is due until another attempt has taken over: that one
was judged when the withdrawn rows were gone, for a withdrawal is made while nothing is judged (``gate.set_aside``).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from ..catalogue import load_catalogue
from ..ledger import locks
from ..ledger.states import GOOD, AttemptState, BatchState, StepName, Verdict, sql

AGAIN = "told_again"  # in the counts of the step of a withdrawal: receipt → attempt
PURGED, RETIRED, HELD, FAILED = "purged", "retired", "held", "failed"  # why one that is due waits for a person
WHY = {PURGED: "有行已按保存期限清除，不能再次入库", RETIRED: "数据集已不在目录内，不能再次入库"}

_PURGED = "exists (select from ledger.purged_row p where p.batch_seq = b.seq)"
CANNOT = f"({_PURGED} or b.dataset_id <> all(:live))"  # of a batch b: it cannot be landed again
_NOT_LANDED = f"case when {_PURGED} then '{PURGED}' when b.dataset_id <> all(:live) then '{RETIRED}'"
# An earlier version named receipts without their attempts: the one that was live then.
_DUE = f"""
    select distinct on (b.seq) b.seq, b.unit_id, b.dataset_id, b.file_name, w.batch_seq as withdrawn, w.business_date as since,
           n.state as attempt_state, s.message, s.owner,
           n.landed_at is null and n.started_at < now() - interval '1 day' as a_day_ago,
           {_NOT_LANDED} when n.state = {sql(AttemptState.FAILED)} and s.verdict = {sql(Verdict.HELD)} then '{HELD}'
           when n.state = {sql(AttemptState.FAILED)} then '{FAILED}' else '' end as stuck
    from ledger.step w join ledger.batch a on a.seq = w.batch_seq and a.state = {sql(BatchState.WITHDRAWN)}
    cross join lateral (select w.counts -> '{AGAIN}' as named, jsonb_typeof(w.counts -> '{AGAIN}') as form) t
    cross join lateral (
        select cast(key as bigint) as seq, cast(value as integer) as attempt
        from jsonb_each_text(case when t.form = 'object' then t.named else '{{}}' end)
        union all
        select o.batch_seq, max(o.attempt)
        from jsonb_array_elements_text(case when t.form = 'array' then t.named else '[]' end) e (seq)
        join ledger.attempt o on o.batch_seq = cast(e.seq as bigint) and o.started_at <= w.started_at
         and o.state in {sql((AttemptState.GATED, AttemptState.SUPERSEDED))}
        group by 1) told
    join ledger.batch b on b.seq = told.seq and b.current_attempt = told.attempt and b.state in {sql(GOOD)}
    join lateral (select * from ledger.attempt where batch_seq = b.seq order by attempt desc limit 1) n on true
    left join lateral (
        select * from ledger.step where batch_seq = b.seq and name in {sql((StepName.LAND, StepName.GATE))}
          and ended_at is not null order by id desc limit 1) s on true
    where w.name = {sql(StepName.WITHDRAW)} order by b.seq, w.id"""


def live() -> list[str]:
    """Datasets of which something can be landed, the parameter ``:live`` of ``CANNOT``."""
    return list(load_catalogue().datasets)


def due(opened: Session) -> list[Row[Any]]:
    """Accepted receipts to land again, by receipt: theirs, ``withdrawn`` (the receipt), ``since`` (its business date); ``stuck``: why one
    waits for a person (with ``message`` and ``owner`` of its last landing or judgement), '' while the next run of the gate sees to it.
    """
    return list(opened.execute(text(_DUE), {"live": live()}))


def told_again(opened: Session) -> list[int]:
    """Receipts that are due and to be landed now: not those that wait for their judgement, for a person or for who is at them.

    One that could not be landed is tried again after a day: what stood in its way may be gone.
    """
    found = [
        row
        for row in due(opened)
        if row.stuck == FAILED and row.a_day_ago or not row.stuck and row.attempt_state != AttemptState.LANDED
    ]
    busy = locks.held(opened, [locks.batch(row.seq) for row in found])
    return [row.seq for row in found if locks.batch(row.seq) not in busy]


def never(opened: Session, seqs: Iterable[int]) -> dict[int, str]:
    """Which receipts cannot be landed again, and why in words."""
    asked = text(f"select b.seq, {_NOT_LANDED} end as why from ledger.batch b where b.seq = any(:seqs) order by 1")
    return {row.seq: WHY[row.why] for row in opened.execute(asked, {"live": live(), "seqs": list(seqs)}) if row.why}
