"""Match a later delivery's accepted rows with the quarantined rows they correct.

A correction is recognised, in this order: by the record's key; by the slip's own place columns (批次, 行号) where the rows
also agree in what identifies a decision; by document number and subject name; by subject and event date with the same
content (a corrected number). A place alone says nothing: columns are sorted, pasted and shifted. Each quarantined row is
matched at most once, each delivered row corrects one record; all but the key only when the match is unique.

What only a person can tell goes to a work list (``corrections``): a row under the place of another, one that is like several,
one whose old record stays on file. A person's decision is matched like a likeness, and stands before all of them.

A corrected key links the two records, so that a receiver gets one DEL and one ADD. Where the old key is also that of a
record on file, the link would withdraw that record: it is made only when the slip names the place, and what is on file is
the same decision as the corrected row (subject, day, facts). Otherwise the record stays, and so does its copy elsewhere.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from ..catalogue import Kind, load_catalogue
from ..land import shapes
from ..ledger import ids
from ..ledger.models import Batch
from ..ledger.session import session, written
from ..ledger.states import GOOD, NOT_BACK, CaseState, Outcome, QuarantineState, sql
from . import corrections, likeness

_RECORD = f"{ids.record_id('old.record_id')} as record_id"
_SLIP = """cast(old.received as jsonb) ->> '批次' as slip_batch, cast(old.received as jsonb) ->> '行号' as slip_row,
           coalesce(cast(old.received as jsonb) ->> '工作表', '') as slip_sheet"""

_WAITING = f"""
    create temp table waiting on commit drop as
    select q.id, q.batch_seq, b.batch_id, old.source_row, old.sheet, {_RECORD}, old.variant, {{facts}}, {{slip}}
    from ledger.quarantine q join ledger.batch b on b.seq = q.batch_seq
    join {{raw}} old on old.batch_seq = q.batch_seq and old.attempt = q.attempt and old.row_no = q.row_no
    where q.dataset_id = :dataset and q.state in {sql(NOT_BACK)} and q.batch_seq < :seq"""

_FRESH = f"""
    create temp table fresh on commit drop as
    select old.row_no, {_RECORD}, old.variant, {{facts}}, {{slip}}
    from {{raw}} old
    where old.batch_seq = :seq and old.attempt = :attempt and old.row_no not in (
        select row_no from ledger.row_outcome
        where batch_seq = :seq and attempt = :attempt and outcome = {sql(Outcome.QUARANTINED)}
        union all select row_no from ledger.correction_case where batch_seq = :seq and state = {sql(CaseState.NEW)})"""

# Rows of records that stand by themselves: delivered, in the live attempt of any batch, and not sent back.
_STANDING = f"""
    {{raw}} old join ledger.batch b on b.seq = old.batch_seq and b.current_attempt = old.attempt
    left join ledger.row_outcome o on o.batch_seq = old.batch_seq and o.attempt = old.attempt and o.row_no = old.row_no
     and o.outcome in ({sql(Outcome.QUARANTINED)}, 'refused')
    where o.row_no is null"""

# Delivered records that correct returned rows: of their own key, with the places those stated when they came from a slip; or
# in an earlier matching of the same receipt.
_SPENT = """
    create temp table spent on commit drop as
    select distinct w.record_id, w.slip_batch, w.slip_row, w.slip_sheet
    from waiting w where w.record_id in (select record_id from fresh)
    union all
    select corrected_record_id, null, null, null from ledger.quarantine where corrected_batch_seq = :seq"""

_KNOWN = f"""
    create temp table known on commit drop as
    select distinct on (old.record_id) {_RECORD}, old.variant, {{facts}},
           bool_or(b.state in {sql(GOOD)}) over (partition by old.record_id) as on_file
    from {{standing}} and old.batch_seq < :seq and old.record_id in (select {ids.stored("record_id")} from pg_temp.asked)
    order by old.record_id, old.batch_seq desc, old.row_no desc"""

_MATCH = f"""
    with pairs as (
        select w.id, f.row_no, f.record_id from waiting w join fresh f on {{condition}}
        where {{meant}}
    ), counted as (
        select *, count(*) over (partition by id) as candidates, count(*) over (partition by row_no) as claims,
               min(record_id) over (partition by id) = max(record_id) over (partition by id) as one_record,
               row_number() over (partition by id order by row_no) as first
        from pairs
    ), matched as (
        update ledger.quarantine q set state = {sql(QuarantineState.CORRECTED)}, closed_on = :on, corrected_batch_seq = :seq,
               corrected_row_no = c.row_no, corrected_record_id = c.record_id
        from counted c where q.id = c.id and c.first = 1 and ({{unique}})
        returning q.id, q.corrected_record_id
    ), used as (
        delete from fresh where {{uses}} and record_id in (select corrected_record_id from matched)
    )
    delete from waiting where id in (select id from matched) returning id"""


def _prepare(opened: Session, kind: Kind, parameters: dict[str, object]) -> int:
    """Temporary tables of what waits for a correction, what came and what of it is on file; how many rows wait."""
    waiting = written(
        opened.execute(text(_WAITING.format(raw=kind.raw, facts=likeness.facts(kind), slip=_SLIP)), parameters)
    )
    if waiting:
        opened.execute(text(_FRESH.format(raw=kind.raw, facts=likeness.facts(kind), slip=_SLIP)), parameters)
        opened.execute(text("analyze waiting, fresh"))
        opened.execute(text(_SPENT), parameters)
        pairs = " union all ".join(
            f"select f.record_id as new, w.record_id as old from waiting w join fresh f on {condition}"
            for name, (condition, _) in likeness.CONDITIONS.items()
            if name not in ("key", "decided")
        )
        opened.execute(
            text(
                f"create temp table asked on commit drop as select unnest(array[new, old]) as record_id from ({pairs}) p"
            )
        )
        opened.execute(text("analyze asked"))  # none, as a rule: then nothing on file is read
        opened.execute(
            text(_KNOWN.format(standing=_STANDING.format(raw=kind.raw), facts=likeness.facts(kind))), parameters
        )
    return waiting


def _link(opened: Session, kind: Kind, matched: dict[str, list[int]], parameters: dict[str, object]) -> None:
    """Link old and new records. One that is on file is given up only for the same decision, corrected on the slip itself."""
    opened.execute(
        text(f"""
        with new as (
            select old.batch_seq, old.row_no, old.variant, {likeness.facts(kind)} from {kind.raw} old
            where old.batch_seq = :seq and old.attempt = :attempt
        )
        insert into ledger.record_link (old_record_id, new_record_id, kind, batch_seq, row_no, reason, linked_on)
        select q.record_id, q.corrected_record_id, q.kind, :seq, q.corrected_row_no, '退回后更正关键字段', :on
        from ledger.quarantine q join new f on f.row_no = q.corrected_row_no
        left join known k on k.record_id = q.record_id
        where q.id = any(:ids) and q.record_id is not null and q.corrected_record_id is not null
          and q.record_id <> q.corrected_record_id
          and (k.record_id is null or q.id = any(:placed) and {likeness.same_decision("k", "f")})
        on conflict do nothing"""),
        parameters | {"ids": sum(matched.values(), []), "placed": matched["place"]},
    )


def match(batch_seq: int) -> int:
    """Book which quarantined rows this accepted batch corrects, and what of it a person has to decide; the number of matches.

    0 when run again, unless something was decided since.
    """
    with session("collector") as opened:
        batch = opened.get_one(Batch, batch_seq)
        if batch.state not in GOOD:
            return 0
        kind = load_catalogue().kinds[batch.kind]
        shapes.require(opened, kind)
        parameters: dict[str, object] = {
            "seq": batch_seq,
            "attempt": batch.current_attempt,
            "dataset": batch.dataset_id,
            "on": batch.gated_on,
        }
        corrections.forget_what_is_gone(opened, kind, parameters)
        ids: list[int] = []
        if _prepare(opened, kind, parameters):
            matched: dict[str, list[int]] = {}
            for name, (condition, counts) in likeness.CONDITIONS.items():
                meant = "true" if name in ("key", "decided") else likeness.MEANT
                query = _MATCH.format(condition=condition, meant=meant, unique=counts, uses=name != "key")
                matched[name] = list(opened.scalars(text(query), parameters).all())
            ids = sum(matched.values(), [])
            if ids:
                _link(opened, kind, matched, parameters)
                batch.resubmission_of = opened.execute(
                    text("select min(batch_seq) from ledger.quarantine where id = any(:ids)"), {"ids": ids}
                ).scalar()
            corrections.link_decided(opened, parameters)
            corrections.open_cases(opened, ids, parameters)
        else:
            corrections.link_decided(opened, parameters)
        return len(ids)
