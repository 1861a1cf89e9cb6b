"""Checks set aside for a while: with reason, owner and expiry; an expired waiver counts for nothing."""

from __future__ import annotations

from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ..base.messages import UserError
from ..base.run import Run
from ..catalogue import load_catalogue
from ..land.rules import load_ruleset
from ..ledger import locks
from ..ledger.models import Batch, Waiver
from ..ledger.session import session


def active(opened: Session, dataset_id: str, batch_seq: int, on: date) -> dict[str, Waiver]:
    """Waivers in force on a day for a dataset (or one of its batches), by expectation or rule id."""
    rows = opened.scalars(
        select(Waiver).where(
            Waiver.dataset_id == dataset_id,
            Waiver.expires_on >= on,
            or_(Waiver.batch_seq.is_(None), Waiver.batch_seq == batch_seq),
        )
    )
    return {row.expectation_id: row for row in rows}


def grant(
    run: Run,
    dataset_id: str,
    expectation_id: str,
    *,
    reason: str,
    owner: str,
    expires_on: date,
    batch_seq: int | None = None,
) -> int:
    """Set a check aside. Raises UserError for an unknown dataset or check, an empty reason or owner."""
    dataset = load_catalogue().datasets.get(dataset_id)
    if dataset is None:
        raise UserError(f"目录中没有数据集 {dataset_id}。", remedy="用 public-credit catalogue show 查看数据集编号。")
    ruleset = load_ruleset(dataset.kind)
    known = {rule.id for rule in ruleset.row_rules} | {rule.id for rule in ruleset.batch_rules}
    if expectation_id not in known:
        raise UserError(f"没有检查项 {expectation_id}。", remedy="可豁免的检查项：" + "、".join(sorted(known)))
    if not reason.strip() or not owner.strip():
        raise UserError("豁免必须写明理由和责任人。", remedy="补充 --reason 与 --owner。")
    with session("collector") as opened:
        if batch_seq is not None:
            locks.lock(opened, locks.batch(batch_seq))
        if batch_seq is not None and opened.get(Batch, batch_seq) is None:
            raise UserError(f"没有批次 {batch_seq}。", remedy="用 public-credit batches 查看批次号。")
        row = Waiver(
            dataset_id=dataset_id,
            expectation_id=expectation_id,
            batch_seq=batch_seq,
            reason=reason,
            owner=owner,
            granted_by=run.who,
            expires_on=expires_on,
        )
        opened.add(row)
        opened.flush()
        return row.id
