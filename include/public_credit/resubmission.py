"""Match a later delivery's accepted rows with the quarantined rows they correct.

A correction is recognised, in this order: by the slip's own place columns (批次, 行号); by the record's key; by
decision number and subject name; by subject and decision date with the same decision content (a corrected number).
Each quarantined row is matched at most once and only when the match is unique. A corrected key of a record that had
been accepted before links the two records, so that a receiver gets one DEL and one ADD.
"""

from __future__ import annotations

from sqlalchemy import text

from .catalogue import load_catalogue
from .ledger.models import Batch
from .ledger.session import session

_CONTENT = {"administrative_licence": "licence_content", "administrative_penalty": "penalty_content"}

_MATCH = """
    with fresh as (
        select r.* from raw.{kind} r where r.batch_seq = :seq and r.attempt = :attempt and not exists (
            select 1 from ledger.row_outcome o where o.batch_seq = r.batch_seq and o.attempt = r.attempt
              and o.row_no = r.row_no and o.outcome = 'quarantined')
    ), waiting as (
        select q.id, q.record_id as old_record_id, b.batch_id, old.*
        from ledger.quarantine q join ledger.batch b on b.seq = q.batch_seq
        join raw.{kind} old on old.batch_seq = q.batch_seq and old.attempt = q.attempt and old.row_no = q.row_no
        where q.dataset_id = :dataset and q.state in ('open', 'returned') and q.batch_seq < :seq
    ), pairs as (
        select w.id, f.row_no, f.record_id, w.old_record_id from waiting w join fresh f on {condition}
    ), counted as (
        select *, count(*) over (partition by id) as candidates, count(*) over (partition by row_no) as claims
        from pairs
    )
    update ledger.quarantine q set state = 'corrected', closed_on = :on, corrected_batch_seq = :seq,
           corrected_row_no = c.row_no, corrected_record_id = c.record_id
    from counted c where q.id = c.id and ({unique})
    returning q.id"""


def _conditions(kind: str) -> list[tuple[str, bool]]:
    """Join conditions of ``waiting w`` and ``fresh f``, strongest first, and whether a match must be unique."""
    slip = ("f.received is not null and w.batch_id = (cast(f.received as jsonb) ->> '批次') "
            "and cast(w.source_row as text) = (cast(f.received as jsonb) ->> '行号') "
            "and coalesce(w.sheet, '') = coalesce(cast(f.received as jsonb) ->> '工作表', '')")
    conditions = [(slip, False), ("w.record_id is not null and w.record_id = f.record_id", False)]
    if kind in _CONTENT:
        conditions.append(("w.variant = f.variant and w.decision_no <> '' and w.decision_no = f.decision_no "
                           "and w.subject_name <> '' and w.subject_name = f.subject_name", True))
        conditions.append((f"w.variant = f.variant and w.subject_name = f.subject_name and w.subject_name <> '' "
                           f"and w.decision_date = f.decision_date and w.decision_date <> '' "
                           f"and w.{_CONTENT[kind]} = f.{_CONTENT[kind]} and w.{_CONTENT[kind]} <> ''", True))
    return conditions


def match(batch_seq: int) -> int:
    """Book which quarantined rows this accepted batch corrects; the number of matches (0 when run again)."""
    with session("collector") as opened:
        batch = opened.get_one(Batch, batch_seq)
        if batch.state not in ("accepted", "accepted_with_quarantine"):
            return 0
        kind = load_catalogue().kinds[batch.kind].id
        parameters = {"seq": batch_seq, "attempt": batch.current_attempt, "dataset": batch.dataset_id,
                      "on": batch.gated_on}
        matched: list[int] = []
        for condition, unique in _conditions(kind):
            query = _MATCH.format(kind=kind, condition=condition,
                                  unique="c.candidates = 1 and c.claims = 1" if unique else "true")
            matched += opened.scalars(text(query), parameters).all()
        if matched:
            opened.execute(text("""
                insert into ledger.record_link (old_record_id, new_record_id, kind, batch_seq, row_no, reason, linked_on)
                select q.record_id, q.corrected_record_id, q.kind, :seq, q.corrected_row_no, '退回后更正关键字段', :on
                from ledger.quarantine q
                where q.id = any(:ids) and q.record_id is not null and q.corrected_record_id is not null
                  and q.record_id <> q.corrected_record_id
                on conflict do nothing"""), parameters | {"ids": matched})
            first = opened.execute(text("select min(batch_seq) from ledger.quarantine where id = any(:ids)"),
                                   {"ids": matched}).scalar()
            batch.resubmission_of = first
        return len(matched)
