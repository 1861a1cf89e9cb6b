"""What stands beside a record: corrected keys, returned rows with their slips, the builds that took its receipt in."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from ...catalogue.models import Kind
from ...ledger import ids, words
from ...ledger.states import InputOperation
from ...papers.record.model import Built, Related, Returned
from .state import PREDECESSOR, SUCCESSOR

_LINKS = """
    select old_record_id as other, true as before, reason, linked_on, batch_seq, row_no
    from ledger.record_link where new_record_id = :record
    union all
    select new_record_id, false, reason, linked_on, batch_seq, row_no
    from ledger.record_link where old_record_id = :record
    order by linked_on"""
_RETURNED = """
    select q.*, s.file_name as slip_file, s.sha256 as slip_sha256
    from ledger.quarantine q left join ledger.slip s on s.slip_id = q.slip_id
    where {where} order by q.batch_seq, q.row_no, q.attempt"""
_BUILDS = """
    select i.build_id, b.business_date, i.operation, b.code_version, b.built_at
    from ledger.build_input i join ledger.build b on b.build_id = i.build_id
    where i.batch_seq = :seq order by i.build_id, i.operation"""


def related(opened: Session, kind: Kind, record_id: str) -> tuple[Related, ...]:
    """The records before and after a corrected key, each with its document number, oldest link first."""
    found = opened.execute(text(_LINKS), {"record": record_id}).all()
    return tuple(
        Related(
            role=PREDECESSOR if link.before else SUCCESSOR,
            record_id=link.other,
            document_no=_document(opened, kind, link.other),
            reason=link.reason,
            on=link.linked_on,
            batch_seq=link.batch_seq,
            row_no=link.row_no,
        )
        for link in found
    )


def _document(opened: Session, kind: Kind, record_id: str) -> str:
    if kind.document is None:
        return ""
    statement = f"select {kind.document} from {kind.raw} where record_id = {ids.stored(':record')} limit 1"
    return opened.execute(text(statement), {"record": record_id}).scalar() or ""


def returned(opened: Session, record_id: str, batch_seq: int, row_no: int) -> tuple[Returned, ...]:
    """The returned rows of a record, or the one of a place where it tells none, with what became of each."""
    asked = {"record": record_id, "seq": batch_seq, "row": row_no}
    where = "q.record_id = :record" if record_id else "q.batch_seq = :seq and q.row_no = :row"
    found = opened.execute(text(_RETURNED.format(where=where)), asked)
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
        for row in found
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
