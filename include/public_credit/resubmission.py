"""Match a later delivery's accepted rows with the quarantined rows they correct.

A correction is recognised, in this order: by the slip's own place columns (批次, 行号); by the record's key; by
document number and subject name; by subject and event date with the same content (a corrected number).
Each quarantined row is matched at most once; the last two only when the match is unique. A corrected key of a record
links the two records, so that a receiver gets one DEL and one ADD.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from .catalogue import Kind, load_catalogue
from .ledger.models import Batch
from .ledger.session import session

_CONTENT = {"administrative_licence": "licence_content", "administrative_penalty": "penalty_content"}

_WAITING = """
    create temp table waiting on commit drop as
    select q.id, q.batch_seq, b.batch_id, old.source_row, old.sheet, old.record_id, old.variant, {facts}
    from ledger.quarantine q join ledger.batch b on b.seq = q.batch_seq
    join raw.{kind} old on old.batch_seq = q.batch_seq and old.attempt = q.attempt and old.row_no = q.row_no
    where q.dataset_id = :dataset and q.state in ('open', 'returned') and q.batch_seq < :seq"""

_FRESH = """
    create temp table fresh on commit drop as
    select old.row_no, old.record_id, old.variant, {facts},
           cast(old.received as jsonb) ->> '批次' as slip_batch, cast(old.received as jsonb) ->> '行号' as slip_row,
           coalesce(cast(old.received as jsonb) ->> '工作表', '') as slip_sheet
    from raw.{kind} old
    where old.batch_seq = :seq and old.attempt = :attempt and old.row_no not in (
        select row_no from ledger.row_outcome
        where batch_seq = :seq and attempt = :attempt and outcome = 'quarantined')"""

_MATCH = """
    with pairs as (
        select w.id, f.row_no, f.record_id from waiting w join fresh f on {condition}
    ), counted as (
        select *, count(*) over (partition by id) as candidates, count(*) over (partition by row_no) as claims,
               row_number() over (partition by id order by row_no) as first
        from pairs
    ), matched as (
        update ledger.quarantine q set state = 'corrected', closed_on = :on, corrected_batch_seq = :seq,
               corrected_row_no = c.row_no, corrected_record_id = c.record_id
        from counted c where q.id = c.id and c.first = 1 and ({unique})
        returning q.id
    )
    delete from waiting where id in (select id from matched) returning id"""


def _facts(kind: Kind) -> str:
    """What rows are compared by, besides key and place: number, subject, date, content ('' where a kind has none)."""
    columns = {"document_no": kind.document, "subject_name": "subject_name", "event_date": kind.event_date,
               "content": _CONTENT.get(kind.id)}
    return ", ".join(f"old.{column} as {name}" if column in kind.fields else f"'' as {name}"
                     for name, column in columns.items())


# Join conditions of ``waiting w`` and ``fresh f``, strongest first, and whether a match must be unique.
_CONDITIONS = (
    ("f.slip_batch = w.batch_id and f.slip_row = cast(w.source_row as text) "
     "and f.slip_sheet = coalesce(w.sheet, '')", False),
    ("f.record_id = w.record_id", False),
    ("f.document_no = w.document_no and f.subject_name = w.subject_name and f.variant = w.variant "
     "and w.document_no <> '' and w.subject_name <> ''", True),
    ("f.subject_name = w.subject_name and f.event_date = w.event_date and f.content = w.content "
     "and f.variant = w.variant and w.subject_name <> '' and w.event_date <> '' and w.content <> ''", True),
)


def _prepare(opened: Session, kind: Kind, parameters: dict[str, object]) -> int:
    """Temporary tables of what waits for a correction and what came; how many rows wait."""
    waiting = opened.execute(text(_WAITING.format(kind=kind.id, facts=_facts(kind))), parameters).rowcount
    if waiting:
        opened.execute(text(_FRESH.format(kind=kind.id, facts=_facts(kind))), parameters)
        opened.execute(text("analyze waiting, fresh"))
    return waiting


def _link(opened: Session, matched: list[int], parameters: dict[str, object]) -> None:
    opened.execute(text("""
        insert into ledger.record_link (old_record_id, new_record_id, kind, batch_seq, row_no, reason, linked_on)
        select q.record_id, q.corrected_record_id, q.kind, :seq, q.corrected_row_no, '退回后更正关键字段', :on
        from ledger.quarantine q
        where q.id = any(:ids) and q.record_id is not null and q.corrected_record_id is not null
          and q.record_id <> q.corrected_record_id
        on conflict do nothing"""), parameters | {"ids": matched})


def match(batch_seq: int) -> int:
    """Book which quarantined rows this accepted batch corrects; the number of matches (0 when run again)."""
    with session("collector") as opened:
        batch = opened.get_one(Batch, batch_seq)
        if batch.state not in ("accepted", "accepted_with_quarantine"):
            return 0
        kind = load_catalogue().kinds[batch.kind]
        parameters: dict[str, object] = {"seq": batch_seq, "attempt": batch.current_attempt,
                                         "dataset": batch.dataset_id, "on": batch.gated_on}
        if not _prepare(opened, kind, parameters):
            return 0
        matched: list[int] = []
        for condition, unique in _CONDITIONS:
            query = _MATCH.format(condition=condition,
                                  unique="c.candidates = 1 and c.claims = 1" if unique else "true")
            matched += opened.scalars(text(query), parameters).all()
        if matched:
            _link(opened, matched, parameters)
            batch.resubmission_of = opened.execute(
                text("select min(batch_seq) from ledger.quarantine where id = any(:ids)"), {"ids": matched}).scalar()
        return len(matched)
