"""Checks set aside for a while: with reason, owner and expiry; an expired or revoked waiver counts for nothing."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ..base.messages import UserError
from ..base.run import Run
from ..catalogue import Dataset, load_catalogue
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
            Waiver.revoked_on.is_(None),
            or_(Waiver.batch_seq.is_(None), Waiver.batch_seq == batch_seq),
        )
    )
    return {row.expectation_id: row for row in rows}


LONGEST = timedelta(days=366)  # a check that is set aside for longer is one to change


def _waivable(dataset: Dataset) -> set[str]:
    """Checks a receipt of the dataset can fail: not those of other delivery modes, and no refusal, which the law asks for."""
    ruleset = load_ruleset(dataset.kind)
    modes = {rule.id: rule.when.get("delivery_mode") for rule in ruleset.batch_rules}
    return {rule.id for rule in ruleset.row_rules if rule.severity != "refuse"} | {
        rule for rule, allowed in modes.items() if allowed is None or dataset.delivery_mode in allowed
    }


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
    """Set a check aside; the waiver's number.

    Raises UserError for an unknown dataset (code 4), a check no receipt of it can fail, a batch of another dataset, an empty
    reason or owner, and a last day that is past or more than a year ahead.
    """
    dataset = load_catalogue().datasets.get(dataset_id)
    if dataset is None:
        raise UserError(
            f"目录中没有数据集 {dataset_id}。", remedy="用 public-credit catalogue show 查看数据集编号。", code=4
        )
    if expectation_id not in (known := _waivable(dataset)):
        raise UserError(
            f"数据集 {dataset_id} 没有可豁免的检查项 {expectation_id}。",
            remedy="可豁免的检查项：" + "、".join(sorted(known)),
        )
    if not reason.strip() or not owner.strip():
        raise UserError("豁免必须写明理由和责任人。", remedy="补充 --reason 与 --owner。")
    if expires_on < run.on:
        raise UserError(f"到期日 {expires_on} 早于业务日期 {run.on}，这样的豁免不起作用。", remedy="改写 --until。")
    if expires_on - run.on > LONGEST:
        raise UserError(f"到期日 {expires_on} 超出一年。", remedy="豁免最长一年；长期不适用的检查，应修改规则。")
    with session("collector") as opened:
        if batch_seq is not None:
            locks.lock(opened, locks.batch(batch_seq))
            batch = opened.get(Batch, batch_seq)
            if batch is None:
                raise UserError(f"没有批次 {batch_seq}。", remedy="用 public-credit batches 查看批次号。", code=4)
            if batch.dataset_id != dataset_id:
                raise UserError(
                    f"批次 {batch_seq} 属于 {batch.dataset_id}，不属于 {dataset_id}。",
                    remedy="核对数据集编号与批次号。",
                )
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


def listing(on: date, *, dataset_id: str | None = None, every: bool = False) -> list[dict[str, Any]]:
    """Waivers in force on a day, of all or one dataset; with ``every`` also what has expired or was revoked."""
    with session("reader") as opened:
        rows = opened.scalars(select(Waiver).order_by(Waiver.id))
        found = [
            {
                "id": row.id,
                "dataset_id": row.dataset_id,
                "check": row.expectation_id,
                "batch_seq": row.batch_seq,
                "state": "revoked" if row.revoked_on else "expired" if row.expires_on < on else "in_force",
                "expires_on": row.expires_on,
                "owner": row.owner,
                "reason": row.reason,
                "granted_by": row.granted_by,
                "revoked_on": row.revoked_on,
                "revoked_by": row.revoked_by,
                "revoke_reason": row.revoke_reason,
            }
            for row in rows
            if dataset_id in (None, row.dataset_id)
        ]
    return [row for row in found if every or row["state"] == "in_force"]


def revoke(run: Run, number: int, reason: str) -> bool:
    """End a waiver now: from here on it lets nothing through, what it let through stays; False when it was revoked before.

    Raises UserError for an unknown number (code 4) and without a reason.
    """
    if not reason.strip():
        raise UserError("撤销豁免须写明理由。", remedy="加上 --reason “……”。")
    with session("collector") as opened:
        row = opened.get(Waiver, number, with_for_update=True)
        if row is None:
            raise UserError(f"没有第 {number} 号豁免。", remedy="用 public-credit waivers list 查看编号。", code=4)
        if row.revoked_on is not None:
            return False
        row.revoked_on, row.revoked_by, row.revoke_reason = run.on, run.who, reason.strip()
        return True
