"""What verifications found and nobody has mended or explained: told by status, alerts, doctor and metrics until it is.

A verification settles what an earlier one found only when it covers all that one covered and does not find it any more; an
explanation that two persons stand behind settles one finding as it was seen, not what is altered there later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from ...ledger.states import ChainOperation, sql
from .findings import Finding

TOLD = 100  # findings of one verification that its event names
_RUNS = text(f"""
    select at, detail ->> 'since' as since, cast(detail ->> 'findings' as int) as findings,
           coalesce(detail -> 'found', '[]'::jsonb) as found
    from ledger.chain_event where operation = {sql(ChainOperation.VERIFIED)} order by id""")
_EXPLAINED = text(f"""
    select at, detail from ledger.chain_event where operation = {sql(ChainOperation.EXPLAINED)} order by id""")


@dataclass(frozen=True)
class Explained:
    """A finding somebody explained and another one agreed to."""

    finding: str
    at: datetime
    reason: str
    who: str
    agreed_by: str


@dataclass
class Standing:
    """What stands: the findings by id (what, where), how many more were not named, since when; the newest verifications."""

    findings: dict[str, tuple[str, str]] = field(default_factory=dict)
    unnamed: int = 0
    since: datetime | None = None
    whole_at: datetime | None = None
    recent_at: datetime | None = None

    @property
    def count(self) -> int:
        """How many findings stand."""
        return len(self.findings) + self.unnamed


def named(findings: Sequence[Finding]) -> list[dict[str, str]]:
    """What the event of a verification says of its findings: ids, kinds and places of ours."""
    return [{"id": finding.id, "what": finding.what, "where": finding.where} for finding in findings[:TOLD]]


def explained(connection: Connection) -> dict[str, Explained]:
    """The explanations by the finding's id."""
    given = (
        Explained(row.detail["finding"], row.at, row.detail["reason"], row.detail["who"], row.detail["agreed_by"])
        for row in connection.execute(_EXPLAINED)
    )
    return {one.finding: one for one in given}


def _covering(runs: Sequence[Any]) -> list[Any]:
    """The verifications no later one covers: of several with the same or a later first day only the newest (``since`` '': everything)."""
    left: list[Any] = []
    for run in runs:
        left = [one for one in left if one.since < run.since]
        left.append(run)
    return left


def standing(connection: Connection) -> Standing:
    """What stands now."""
    known, runs = explained(connection), connection.execute(_RUNS).all()
    told = Standing(
        whole_at=max((run.at for run in runs if not run.since), default=None),
        recent_at=max((run.at for run in runs), default=None),
    )
    for run in _covering(runs):
        there = {one["id"]: (one["what"], one["where"]) for one in run.found if one["id"] not in known}
        more = run.findings - len(run.found)
        if there or more:
            told.findings |= there
            told.unnamed = max(told.unnamed, more)
            told.since = min(run.at, told.since or run.at)
    return told


def last_seen(connection: Connection, finding: str) -> dict[str, str] | None:
    """What the newest verification that names a finding says of it; None where none does."""
    for run in reversed(connection.execute(_RUNS).all()):
        for one in run.found:
            if one["id"] == finding:
                return dict(one)
    return None
