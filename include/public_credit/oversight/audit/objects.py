"""Objects of the archive, read and decrypted whole, compared with the digest of the object and of the receipts it is of.

What cannot be read because the store is away, or the key is another for all alike, says nothing of the objects: it is no finding,
they are simply not verified.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from ...base.messages import UserError
from ...custody import archive
from ...custody.archive import ArchiveDamaged, ArchiveKeyDiffers
from ...ledger.models import ArchiveObject
from ...ledger.session import session
from .findings import OBJECTS, RECEIPTS, UNREAD, Finding, Report

_OBJECTS = text("""
    select uri, sha256, size_bytes, stored_at, shredded_at, wrapped_key is null as destroyed, key_version from ledger.archive_object
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
    unread: list[tuple[Any, UserError]] = []
    opened = set[int]()  # versions of the archive key that opened an object
    for row in connection.execute(_OBJECTS, {"since": since}).all():
        if row.destroyed and row.shredded_at is not None:
            shredded += 1
            continue
        report.count(objects=1)
        where = f"归档对象 {row.uri}"
        try:
            told, seen = _fault(row)
        except UserError as error:
            unread.append((row, error))
            continue
        if told:
            report.findings.append(Finding("object_altered", where, told, row.stored_at, seen))
        if seen:
            opened.add(row.key_version)
            report.saw(OBJECTS, where)
        elif told:
            report.partly.add(OBJECTS)
    _not_read(unread, opened, report)
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


def _not_read(unread: Sequence[tuple[Any, UserError]], opened: set[int], report: Report) -> None:
    """Tell of what could not be read; a key that does not fit, where its version opens other objects, is the object's own fault."""
    away = list[UserError]()
    for row, error in unread:
        if isinstance(error, ArchiveKeyDiffers) and row.key_version in opened:
            where = f"归档对象 {row.uri}"
            report.findings.append(Finding("object_altered", where, "保存的对象密钥不能解开", row.stored_at))
            report.partly.add(OBJECTS)
        else:
            away.append(error)
    if away:
        report.partly |= {OBJECTS, UNREAD}
        report.unread = away[0]
        report.unsaid.append(f"{len(away):,} 个归档对象这一次没有能读：{away[0].text}这不说明它们被改。")


def _fault(row: Any) -> tuple[str, str]:
    """What is wrong with an object ('' nothing, or it was destroyed lawfully in the meantime), and the digest found ('' not read).

    Raises UserError where the store or the key does not let anything be said of it.
    """
    if row.destroyed:
        return "密钥没有了，却没有登记过销毁", ""
    try:
        found = archive.digest(row.uri)
    except UserError as error:
        with session("collector") as opened:
            now = opened.get(ArchiveObject, row.uri)
            if now is not None and now.shredded_at is not None:
                return "", ""
        if not isinstance(error, ArchiveDamaged):
            raise
        return error.text.rstrip("。"), ""
    if (found.sha256, found.bytes) != (row.sha256, row.size_bytes):
        return "内容与登记的摘要或大小不符", found.sha256
    return "", found.sha256
