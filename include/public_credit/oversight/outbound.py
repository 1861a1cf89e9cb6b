"""What leaves the house: releases with their items, requests to receivers, items in doubt. No content of a record is shown."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ..base.messages import UserError
from ..ledger.states import ReleaseState, sql

_RELEASES = f"""
    select release_id, receiver, business_date, build_id, state, adds, mods, dels, unusual, diff_hash, prepared_at,
           decided_by, decided_at
    from ledger.release where cast(:id as bigint) is null or release_id = :id
    order by state = {sql(ReleaseState.WAITING)} desc, release_id desc limit :limit"""
_ITEMS = "select * from desk.release_items(:id, :limit)"  # those of persons without their id
_DELIVERIES = """
    select delivery_id, receiver, interface, request_id, items, state, http_status, message, started_at, ended_at
    from ledger.delivery order by delivery_id desc limit :limit"""
_DOUBTFUL = "select * from desk.outbox_doubtful(:limit)"
_REFUSED = "select * from desk.outbox_refused(:limit)"
_DELIVERED = """
    select unit_id, cast(sum(items) as bigint) as records from ledger.delivery_day
    where booked_on = :on and unit_id <> '' group by 1 having sum(items) > 0"""


def _rows(opened: Session, query: str, **asked: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in opened.execute(text(query), asked).mappings()]


def releases(opened: Session, limit: int = 50) -> list[dict[str, Any]]:
    """Releases, those that wait for an approval first."""
    return _rows(opened, _RELEASES, id=None, limit=limit)


def release(opened: Session, release_id: int, listed: int = 200) -> dict[str, Any]:
    """One release with its first items. Raises UserError (code 4) for an unknown one."""
    found = _rows(opened, _RELEASES, id=release_id, limit=1)
    if not found:
        raise UserError(f"没有第 {release_id} 号变更单。", remedy="用 public-credit release list 查看编号。", code=4)
    return found[0] | {"items": _rows(opened, _ITEMS, id=release_id, limit=listed)}


def deliveries(opened: Session, limit: int = 50) -> dict[str, Any]:
    """The newest requests; items whose outcome nobody knows; what receivers refused, by code."""
    return {
        "requests": _rows(opened, _DELIVERIES, limit=limit),
        "doubtful": _rows(opened, _DOUBTFUL, limit=limit),
        "refused": _rows(opened, _REFUSED, limit=limit),
    }


def delivered(opened: Session, on: date) -> dict[str, int]:
    """Records a receiver took on a business date, by the unit they are from."""
    return {row["unit_id"]: row["records"] for row in _rows(opened, _DELIVERED, on=on)}
