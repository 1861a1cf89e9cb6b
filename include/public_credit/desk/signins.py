"""Attempts to sign in, as the page and ``users signins`` tell them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from ..ledger.models import LoginAttempt
from ..ledger.session import session

SHOWN = 200  # of a page


def attempts(account: str | None = None, days: int | None = None, limit: int = SHOWN) -> list[dict[str, Any]]:
    """The newest attempts, of one account and of so many days where that is asked: at, account, address, outcome."""
    wanted = select(LoginAttempt).order_by(LoginAttempt.at.desc(), LoginAttempt.id.desc()).limit(limit)
    if account is not None:
        wanted = wanted.where(LoginAttempt.account == account)
    if days is not None:
        wanted = wanted.where(LoginAttempt.at > func.clock_timestamp() - timedelta(days=days))
    with session("desk") as opened:
        return [
            {"at": row.at, "account": row.account, "address": row.address, "outcome": row.outcome}
            for row in opened.scalars(wanted)
        ]
