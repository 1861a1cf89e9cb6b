"""Objects of the archive, read and decrypted whole, compared with the digest of the object and of the receipts it is of."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from ...base.messages import UserError
from ...custody import archive
from ...ledger.models import ArchiveObject
from ...ledger.session import session
from .findings import OBJECTS, RECEIPTS, Finding, Report

_OBJECTS = text("""
    select uri, sha256, size_bytes, stored_at, shredded_at, wrapped_key is null as destroyed from ledger.archive_object
    where stored_at >= :since order by stored_at, uri""")
_RECEIPTS = text("""
    select b.seq, b.archive_uri, b.received_at, concat_ws(' ', b.sha256, b.size_bytes, a.sha256, a.size_bytes) as seen from ledger.batch b join ledger.archive_object a on a.uri = b.archive_uri
    where b.sha256 <> a.sha256 or b.size_bytes <> a.size_bytes order by b.seq""")
_HELD = text("""
    select b.seq from ledger.batch b join ledger.archive_object a on a.uri = b.archive_uri where b.seq = any(:asked)""")
_BATCH = "ledger.batch "


def check(connection: Connection, since: datetime, report: Report) -> None:
    """Read every object stored since a moment."""
    shredded = 0
    for row in connection.execute(_OBJECTS, {"since": since}).all():
        if row.destroyed and row.shredded_at is not None:
            shredded += 1
            continue
        report.count(objects=1)
        where = f"归档对象 {row.uri}"
        told, seen = _fault(row)
        if told:
            report.findings.append(Finding("object_altered", where, told, row.stored_at, seen))
        if seen:
            report.saw(OBJECTS, where)
        elif told:
            report.partly.add(OBJECTS)
    for row in connection.execute(_RECEIPTS).all():
        where = f"{_BATCH}{row.seq}"
        told = "批次登记的摘要或大小与归档对象的不同"
        report.findings.append(Finding("digest_differs", where, told, row.received_at, row.seen))
    asked = [int(name.rpartition(" ")[2]) for name in report.asked if name.startswith(f"{RECEIPTS} {_BATCH}")]
    held: list[int] = list(connection.execute(_HELD, {"asked": asked}).scalars())
    for seq in held:
        report.saw(RECEIPTS, f"{_BATCH}{seq}")
    if shredded:
        report.accepted.append(f"已按规定删除：{shredded:,} 个归档对象的密钥已销毁，内容不能再复核，摘要仍在。")


def _fault(row: Any) -> tuple[str, str]:
    """What is wrong with an object ('' nothing, or it was destroyed lawfully in the meantime), and the digest found ('' not read)."""
    if row.destroyed:
        return "密钥没有了，却没有登记过销毁", ""
    try:
        found = archive.digest(row.uri)
    except UserError as error:
        with session("collector") as opened:
            now = opened.get(ArchiveObject, row.uri)
            if now is not None and now.shredded_at is not None:
                return "", ""
        return error.text.rstrip("。"), ""
    if (found.sha256, found.bytes) != (row.sha256, row.size_bytes):
        return "内容与登记的摘要或大小不符", found.sha256
    return "", found.sha256
