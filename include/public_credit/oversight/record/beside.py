"""What stands beside a record: corrected keys, returned rows with their slips, the builds that took its receipt in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ...catalogue.models import Kind
from ...ledger import words
from ...ledger.states import InputOperation
from ...papers.record.model import Built, Related, Returned
from .state import PREDECESSOR, SUCCESSOR

LINKS = "old_record_id text, new_record_id text, reason text, linked_on date, batch_seq bigint, row_no integer"
RETURNED = (
    "batch_seq bigint, row_no integer, state text, rules text, opened_on date, closed_on date, slip_id text, slip_file text, "
    "slip_sha256 text, corrected_batch_seq bigint, corrected_row_no integer, corrected_record_id text"
)
_RETURNED_AT = text("""
    select q.batch_seq, q.row_no, q.state, q.rules, q.opened_on, q.closed_on, q.slip_id, s.file_name as slip_file,
           s.sha256 as slip_sha256, q.corrected_batch_seq, q.corrected_row_no, '' as corrected_record_id
    from ledger.quarantine q left join ledger.slip s on s.slip_id = q.slip_id
    where q.batch_seq = :seq and q.row_no = :row order by q.attempt""")
_BUILDS = """
    select i.build_id, b.business_date, i.operation, b.code_version, b.built_at
    from ledger.build_input i join ledger.build b on b.build_id = i.build_id
    where i.batch_seq = :seq order by i.build_id, i.operation"""


def related(opened: Session, kind: Kind, record_id: str, links: Iterable[Any]) -> tuple[Related, ...]:
    """The records before and after a corrected key, each with its document number, oldest link first (``LINKS``)."""
    found = [(link, link.new_record_id == record_id) for link in links]
    others = {link.old_record_id if before else link.new_record_id for link, before in found}
    documents = {other: _document(opened, kind, other) for other in others}
    return tuple(
        Related(
            role=PREDECESSOR if before else SUCCESSOR,
            record_id=(other := link.old_record_id if before else link.new_record_id),
            document_no=documents[other],
            reason=link.reason,
            on=link.linked_on,
            batch_seq=link.batch_seq,
            row_no=link.row_no,
        )
        for link, before in found
    )


def _document(opened: Session, kind: Kind, record_id: str) -> str:
    if kind.document is None:
        return ""
    asked = {"kind": kind.id, "record": record_id}
    return opened.execute(text("select desk.document_of(:kind, :record)"), asked).scalar() or ""


def returned_at(opened: Session, batch_seq: int, row_no: int) -> Sequence[Any]:
    """The returned row of a place, of which no record is known (``RETURNED``)."""
    return opened.execute(_RETURNED_AT, {"seq": batch_seq, "row": row_no}).all()


def returned(rows: Iterable[Any]) -> tuple[Returned, ...]:
    """Returned rows, with what became of each (``RETURNED``)."""
    return tuple(
        Returned(
            batch_seq=row.batch_seq,
            row_no=row.row_no,
            state=words.QUARANTINE[row.state],
            rules=row.rules.replace(";", "、"),
            opened_on=row.opened_on,
            closed_on=row.closed_on,
            slip_id=row.slip_id or "",
            slip_file=row.slip_file or "",
            slip_sha256=row.slip_sha256 or "",
            corrected_by=f"{row.corrected_batch_seq}/{row.corrected_row_no}" if row.corrected_batch_seq else "",
            corrected_record=row.corrected_record_id or "",
        )
        for row in rows
    )


def builds(opened: Session, batch_seq: int) -> tuple[Built, ...]:
    """The builds that added a receipt to the warehouse or took it out, oldest first."""
    found = opened.execute(text(_BUILDS), {"seq": batch_seq})
    return tuple(
        Built(
            row.build_id,
            row.business_date,
            "加入" if row.operation == InputOperation.ADD else "移出",
            row.code_version,
            row.built_at,
        )
        for row in found
    )
