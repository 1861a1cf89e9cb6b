"""Deliveries of what is never collected (``refused.yml``): turned away at the door and counted, never archived.

A refused file is hashed and forgotten. It is counted once per receipt; while it lies in the department's folder, the
dataset that met it first says so at every collection, so that the department hears of it until the file is gone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from ..base.run import Run
from ..catalogue import load_catalogue
from ..ledger.models import RefusedDelivery, Step
from ..ledger.session import session
from ..ledger.states import StepName, Verdict

REMEDY = "请勿报送并删除该文件；确有法律依据的，由数据管理员先修订目录。"


def why(refused_id: str) -> str:
    """The reason for people, with its clause."""
    entry = load_catalogue().refused[refused_id]
    return f"{entry.title}依法不予归集：{entry.reason}（{entry.clause}）"


def met_by(unit_id: str, locator: str, source_version: str) -> str | None:
    """The dataset that booked this refused receipt of a unit, None when nobody did."""
    with session("collector") as opened:
        return opened.scalar(
            select(RefusedDelivery.dataset_id)
            .where(
                RefusedDelivery.unit_id == unit_id,
                RefusedDelivery.locator == locator,
                RefusedDelivery.source_version == source_version,
            )
            .limit(1)
        )


def book(run: Run, refused_id: str, receipt: dict[str, Any], chunks: Iterable[bytes]) -> bool:
    """Hash the bytes and count the delivery; False when exactly this receipt was counted before.

    ``receipt``: unit_id, dataset_id ('' each where unknown), locator, source_version, file_name.
    """
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
    reason = why(refused_id)
    with session("collector") as opened:
        booked = opened.scalar(
            insert(RefusedDelivery)
            .values(
                refused_id=refused_id,
                sha256=digest.hexdigest(),
                size_bytes=size,
                reason=reason,
                business_date=run.on,
                dag_run=run.dag_run,
                **receipt,
            )
            .on_conflict_do_nothing()
            .returning(RefusedDelivery.id)
        )
        if booked is not None:
            opened.add(
                Step(
                    name=StepName.RECEIVE,
                    unit_id=receipt["unit_id"] or None,
                    dataset_id=receipt["dataset_id"] or None,
                    business_date=run.on,
                    ended_at=func.clock_timestamp(),
                    verdict=Verdict.WARNING,
                    owner="department",
                    message=f"拒收 {receipt['file_name']}：{reason}",
                    counts={"bytes": size},
                    dag_run=run.dag_run,
                )
            )
    return booked is not None
