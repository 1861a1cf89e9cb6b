"""Attempts to sign in, and passwords that were set, as the page and ``users signins`` tell them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from ..ledger import words
from ..ledger.models import LoginAttempt, Step
from ..ledger.session import session
from ..ledger.states import StepName, Verdict

SHOWN = 200  # of a page
OUTCOMES: dict[str, str] = words.SIGN_IN | {StepName.SET_PASSWORD: words.STEP[StepName.SET_PASSWORD]}


def attempts(account: str | None = None, days: int | None = None, limit: int = SHOWN) -> list[dict[str, Any]]:
    """The newest attempts, of one account and of so many days where that is asked: at, account, address, outcome.

    A password that was set is one of them, with who has set it as its address; it stands in the ledger as a step.
    """
    wanted = select(LoginAttempt).order_by(LoginAttempt.at.desc(), LoginAttempt.id.desc()).limit(limit)
    if account is not None:
        wanted = wanted.where(LoginAttempt.account == account)
    if days is not None:
        wanted = wanted.where(LoginAttempt.at > func.clock_timestamp() - timedelta(days=days))
    with session("desk") as opened:
        rows = [
            {"at": row.at, "account": row.account, "address": row.address, "outcome": row.outcome}
            for row in opened.scalars(wanted)
        ]
    return sorted(rows + _passwords_set(account, days, limit), key=lambda row: row["at"], reverse=True)[:limit]


def _passwords_set(account: str | None, days: int | None, limit: int) -> list[dict[str, Any]]:
    wanted = select(Step).where(  # one that was killed meanwhile may have set it
        Step.name == StepName.SET_PASSWORD, Step.verdict != Verdict.FAILED, Step.counts.has_key("account")
    )
    if account is not None:
        wanted = wanted.where(Step.counts["account"].astext == account)
    if days is not None:
        wanted = wanted.where(Step.started_at > func.clock_timestamp() - timedelta(days=days))
    with session("reader") as opened:
        return [
            {"at": row.started_at, "account": row.counts["account"], "address": row.counts["by"], "outcome": row.name}
            for row in opened.scalars(wanted.order_by(Step.id.desc()).limit(limit))
        ]
