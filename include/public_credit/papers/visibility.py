"""Which records a reader may see: the one place where a level decides (``reports.yml``, hiding).

What a level may not see is neither listed nor counted nor explained: nothing leaves here but the records that may be shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from ..base.days import years_before
from ..ledger.states import RecordState
from .policy import Hiding, ReportPolicy

LISTS = frozenset({"breach_list", "abnormal_operation", "judgment_debtor"})


def _conduct_ended(record: Mapping[str, Any]) -> date | None:
    """End of the conduct: leaving the list for list entries (none while on it), else the day of the decision."""
    if record["kind"] in LISTS:
        left: date | None = record["exited_on"] or (
            record["ends_on"] if record["state"] != RecordState.CURRENT else None
        )
        if left or record["state"] == RecordState.CURRENT:
            return left
    decided: date | None = record["event_on"]
    return decided


def _fits(rule: Hiding, record: Mapping[str, Any], on: date) -> bool:
    ended = _conduct_ended(record) if rule.years else None
    return rule.fits(record) and (not rule.years or ended is not None and ended <= years_before(on, rule.years))


def may_see(record: Mapping[str, Any], level: str, on: date, policy: ReportPolicy) -> bool:
    """Whether a reader of ``level`` may see a record on a day."""
    return policy.rank(record["disclosure"]) <= policy.rank(level) and not any(
        policy.rank(level) < policy.rank(rule.shown_from) and _fits(rule, record, on) for rule in policy.hiding
    )


def standing(records: Iterable[Mapping[str, Any]], policy: ReportPolicy) -> list[Mapping[str, Any]]:
    """The records that are counted: neither revoked nor replaced by a correction."""
    withdrawn = policy.rule("withdrawn")
    return [record for record in records if not withdrawn.fits(record)]
