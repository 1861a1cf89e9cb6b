"""The receipt a row came with, and whether the archive still holds the very bytes the ledger booked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ...base.messages import UserError
from ...catalogue import load_catalogue
from ...custody import archive
from ...ledger import words
from ...papers.record.model import Check, Source

CHANNELS = {
    "http_api": "部门接口",
    "sftp": "SFTP 文件",
    "drop_folder": "共享文件夹",
    "exchange_db": "前置库交换",
    "hand_in": "人工上报",
}
_PIECE = 1 << 20
_BATCH = """
    select b.*, coalesce(d.title, b.dataset_id) as dataset_title, coalesce(u.name, b.unit_id) as unit_name,
        o.shredded_at, o.shred_reason, a.attempt, a.landed_at, a.catalogue_version as landed_catalogue,
        a.rules_version as landed_rules, a.code_version as landed_code
    from ledger.batch b
    left join ledger.dataset d on d.dataset_id = b.dataset_id
    left join ledger.unit u on u.unit_id = b.unit_id
    left join ledger.archive_object o on o.uri = b.archive_uri
    left join ledger.attempt a on a.batch_seq = b.seq and a.attempt = coalesce(cast(:attempt as integer), b.current_attempt)
    where b.seq = :seq"""


def batch(opened: Session, seq: int, attempt: int | None = None) -> Mapping[str, Any]:
    """The ledger's row of a receipt, with an attempt (the live one where none is named). Raises UserError (code 4) for an unknown one."""
    found = opened.execute(text(_BATCH), {"seq": seq, "attempt": attempt}).mappings().one_or_none()
    if found is None:
        raise UserError(f"没有批次 {seq}。", remedy="用 public-credit batches 查看批次序号。", code=4)
    return dict(found)


def of(found: Mapping[str, Any], row_no: int, sheet: str, source_row: int | None, file: Check) -> Source:
    """The source of a row of a receipt."""
    dataset = load_catalogue().datasets.get(found["dataset_id"])
    counted = ("rows_in", "accepted", "quarantined", "duplicate", "refused")
    return Source(
        batch_seq=found["seq"],
        batch_id=found["batch_id"],
        attempt=found["attempt"] or 0,
        row_no=row_no,
        sheet=sheet,
        source_row=source_row,
        dataset_id=found["dataset_id"],
        dataset_title=found["dataset_title"],
        unit=found["unit_name"],
        channel=CHANNELS[dataset.channel.type] if dataset else "已不在目录中",
        file_name=found["file_name"],
        locator=found["locator"],
        source_version=found["source_version"],
        size_bytes=found["size_bytes"],
        received_at=found["received_at"],
        business_date=found["business_date"],
        landed_at=found["landed_at"],
        gated_on=found["gated_on"],
        state=words.BATCH[found["state"]],
        counts={name: found[name] for name in counted if found[name] is not None},
        catalogue_version=found["landed_catalogue"] or found["catalogue_version"],
        rules_version=found["landed_rules"] or found["rules_version"],
        code_version=found["landed_code"] or found["code_version"],
        dag_run=found["dag_run"],
        resubmission_of=found["resubmission_of"],
        file=file,
    )


def checked(found: Mapping[str, Any], again: bool = True, largest: int | None = None) -> Check:
    """Whether the archived bytes have the sha256 that was booked, read through on the spot (``again``), or why they cannot be read."""
    booked = found["sha256"]
    if found["shredded_at"] is not None:
        note = f"{found['shredded_at']:%Y-%m-%d}：{found['shred_reason'] or '保存期满'}；台账只留校验值"
        return Check("原件已按规定删除", "calm", booked, None, note)
    if not again:
        return Check("未重算", "calm", booked, None, "本页没有读取归档；校验值是收件时算出的")
    if largest is not None and found["size_bytes"] > largest:
        return Check("未重算", "calm", booked, None, "原件较大，本页没有读取归档；public-credit explain 会重算")
    digest = hashlib.sha256()
    try:
        for piece in original(found["archive_uri"]):
            digest.update(piece)
    except archive.ArchiveDamaged as error:
        return Check("原件读不出来", "bad", booked, None, f"{error.text}{error.remedy}")
    except UserError as error:
        return Check("未能重算", "warn", booked, None, f"{error.text}{error.remedy}")
    if digest.hexdigest() != booked:
        return Check("与收件时不一致", "bad", booked, digest.hexdigest(), "归档中的原件不是收件时的原件")
    return Check("重算一致", "good", booked, booked)


def original(uri: str) -> Iterator[bytes]:
    """The bytes of a receipt as they came, piece by piece. Raises UserError where the archive does not give them."""
    with archive.open_plain(uri) as stream:
        while piece := stream.read(_PIECE):
            yield piece
