"""What verifications found and nobody has mended or explained: told by status, alerts, doctor and metrics until it is.

A verification settles what an earlier one found only where it looked at that very thing and found it as it was booked: it says so
in its event. An explanation that two persons stand behind settles one finding as it was seen, not what is altered there later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from ...ledger.states import ChainOperation, sql
from .findings import UNREAD, Finding, Report, thing

TOLD = 1_000  # findings of one verification that its event names
_RUNS = text(f"""
    select at, detail ->> 'since' as since, cast(detail ->> 'findings' as int) as findings,
           coalesce(detail -> 'found', '[]'::jsonb) as found, detail -> 'settled' as settled,
           coalesce(detail -> 'partly', '[]'::jsonb) as partly
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


@dataclass(frozen=True)
class Stands:
    """A finding that stands: what and where, what has to be looked at again, which verification told it last."""

    what: str
    where: str
    thing: str
    at: datetime
    since: str  # the day from which on that verification looked, '' for everything


@dataclass
class Standing:
    """What stands: the findings by id, how many more were not named, since when; the newest verifications."""

    findings: dict[str, Stands] = field(default_factory=dict)
    unnamed: int = 0
    since: datetime | None = None
    whole_at: datetime | None = None
    recent_at: datetime | None = None

    @property
    def count(self) -> int:
        """How many findings stand."""
        return len(self.findings) + self.unnamed


def named(findings: Sequence[Finding]) -> list[dict[str, str]]:
    """What the event of a verification says of its findings: ids, kinds, places and keys of ours; roots first, which are few."""
    first = sorted(findings, key=lambda each: not each.what.startswith("root_"))
    return [
        {"id": finding.id, "what": finding.what, "where": finding.where} | ({"key": finding.key} if finding.key else {})
        for finding in first[:TOLD]
    ]


def settled(before: Standing, report: Report) -> list[str]:
    """Of the findings that stood before, those whose thing was looked at and is as it was booked, or is found as another one."""
    now = {finding.id for finding in report.findings}
    return [name for name, one in before.findings.items() if one.thing in report.seen and name not in now]


def unseen(before: Standing, report: Report) -> int:
    """How many of the findings that stood before this verification could not look at."""
    now = {finding.id for finding in report.findings}
    return sum(one.thing not in report.seen and name not in now for name, one in before.findings.items())


def explained(connection: Connection) -> dict[str, Explained]:
    """The explanations by the finding's id."""
    given = (
        Explained(row.detail["finding"], row.at, row.detail["reason"], row.detail["who"], row.detail["agreed_by"])
        for row in connection.execute(_EXPLAINED)
    )
    return {one.finding: one for one in given}


def _settles(run: Any, name: str, one: Stands) -> bool:
    """Whether a verification settled a finding; one of before it noted that settled what it covered."""
    if run.settled is not None:
        return bool(name in run.settled)
    return bool(run.since <= one.since)


def standing(connection: Connection) -> Standing:
    """What stands now."""
    known, runs = explained(connection), connection.execute(_RUNS).all()
    told = Standing(
        whole_at=max((run.at for run in runs if not run.since and UNREAD not in run.partly), default=None),
        recent_at=max((run.at for run in runs), default=None),
    )
    unnamed_at: datetime | None = None
    for run in runs:
        told.findings = {name: one for name, one in told.findings.items() if not _settles(run, name, one)}
        for one in run.found:
            name, where = one["id"], one["where"]
            first = told.findings[name].at if name in told.findings else run.at
            told.findings[name] = Stands(
                one["what"], where, thing(one["what"], where, one.get("key", "")), first, run.since
            )
        more = run.findings - len(run.found)
        whole = not run.since and not run.partly
        told.unnamed = more if whole else max(told.unnamed, more)
        unnamed_at = (unnamed_at or run.at) if told.unnamed else None
    told.findings = {name: one for name, one in told.findings.items() if name not in known}
    told.since = min([one.at for one in told.findings.values()] + ([unnamed_at] if unnamed_at else []), default=None)
    return told


def last_seen(connection: Connection, finding: str) -> dict[str, str] | None:
    """What the newest verification that names a finding says of it; None where none does."""
    for run in reversed(connection.execute(_RUNS).all()):
        for one in run.found:
            if one["id"] == finding:
                return dict(one)
    return None
