"""The original of a record: for those whose account reaches the archive, and into a case file only where nothing in it is kept apart."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from ...base.messages import UserError
from ...base.run import Run
from ...ledger.session import session
from ...papers.record.casefile import Original
from ...papers.record.model import RecordCase
from . import looked, source

_LARGEST = 200 * 1024 * 1024  # bytes that a case file takes along
# Vault tokens in landed rows, rows and columns that were turned away: of these the original holds what nobody may hand on.
_KEPT_APART = """
    select desk.holds_tokens(:kind, :seq, :attempt)
        or exists (select 1 from ledger.refused_row where batch_seq = :seq and attempt = :attempt)
        or exists (select 1 from ledger.signal where batch_seq = :seq and attempt = :attempt)"""


def content(run: Run, case: RecordCase, *, purpose: str, channel: str = "cli") -> bytes:
    """The original as it came; the look is booked first. Raises UserError without a purpose, or where the archive does not give it."""
    if not purpose.strip():
        raise UserError("取出原件须说明目的。", remedy="加上 --purpose “……”，查询将记入日志。")
    place = f"{case.batch_seq}/{case.row_no}"
    looked.book(run, case.record_id, place, purpose=purpose, action="original", channel=channel)
    return _read(case)


def for_case_file(case: RecordCase) -> Original:
    """The original where it may go along, otherwise why not."""
    if case.source.size_bytes > _LARGEST:
        return Original(None, f"原件 {case.source.size_bytes:,} 字节，过大；由有权人员另行取出")
    with session("reader") as opened:
        if _kept_apart(opened, case):
            return Original(None, "原件中有证件号码，或有依法不收的行、列，不随案卷外带；由有权人员另行取出")
    try:
        return Original(_read(case))
    except UserError as error:
        return Original(None, error.text)


def _kept_apart(opened: Session, case: RecordCase) -> bool:
    asked = {"kind": case.kind, "seq": case.source.batch_seq, "attempt": case.source.attempt}
    return bool(opened.execute(text(_KEPT_APART), asked).scalar())


def _read(case: RecordCase) -> bytes:
    with session("reader") as opened:
        uri = source.batch(opened, case.source.batch_seq)["archive_uri"]
    return b"".join(source.original(uri))
