"""What was known on one day about another: the records of a subject on both time axes.

``marts.fct_records__version`` says which version of a record was what was known on a day; the days inside a version
(event, end of term, exit, revocation …) say what it means for another day. Identity is today's: a subject's records are
found by the identifiers it has now, so a later merge brings both histories together.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ..base.messages import UserError
from ..ledger.states import RecordState, sql

COLUMNS = (
    "record_id",
    "kind",
    "variant",
    "dataset_id",
    "unit_id",
    "batch_seq",
    "attempt",
    "row_no",
    "nature",
    "topic",
    "title",
    "detail",
    "document_no",
    "authority_name",
    "authority_uscc",
    "severity_class",
    "event_on",
    "ends_on",
    "exited_on",
)

_RECORDS = f"""
    with asked as (
        select coalesce((select a.subject_id from subjects.alias a where a.past_id = :subject), :subject) as subject_id
    ), names as (
        select i.scheme, i.value from asked join subjects.identifier i on i.subject_id = asked.subject_id
    )
    select {", ".join(f"v.{name}" for name in COLUMNS)}, v.version_no,
           case when v.revoked_on <= :about then {sql(RecordState.REVOKED)} when v.replaced_on <= :about then {sql(RecordState.REPLACED)}
                when v.repaired_on <= :about then {sql(RecordState.REPAIRED)} when v.exited_on <= :about then {sql(RecordState.ENDED)}
                when v.ends_on < :about then {sql(RecordState.EXPIRED)} else {sql(RecordState.CURRENT)} end as state,
           coalesce(v.objected_on <= :about and not coalesce(
               v.objection_closed_on >= v.objected_on and v.objection_closed_on <= :about, false), false) as objected
    from names join marts.fct_records__version v on v.lookup_scheme = names.scheme and v.lookup_value = names.value
    where v.subject_class = 'organisation' and v.known_from <= :known and (v.known_to is null or v.known_to > :known)
      and (v.event_on is null or v.event_on <= :about)
    order by v.event_on, v.record_id"""


def records(session: Session, subject_id: str, known_on: date, about: date) -> list[dict[str, Any]]:
    """Records of an organisation as known on a day, with the state each had on the day asked about, in order of event.

    A past subject id still answers. Raises UserError (code 4) when nobody ever had the id.
    """
    known = session.execute(
        text(
            "select exists (select 1 from subjects.identifier where subject_id = :subject) "
            "or exists (select 1 from subjects.alias where past_id = :subject)"
        ),
        {"subject": subject_id},
    ).scalar()
    if not known:
        raise UserError(
            f"没有主体 {subject_id}。", remedy="用 public-credit subjects show 按代码或名称查主体编号。", code=4
        )
    found = session.execute(text(_RECORDS), {"subject": subject_id, "known": known_on, "about": about})
    return [dict(row) for row in found.mappings()]
