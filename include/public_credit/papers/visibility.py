"""Which records a reader may see, and why the others are hidden (``reports.yml``, hiding)."""

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


def hidden_because(record: Mapping[str, Any], level: str, on: date, policy: ReportPolicy) -> str:
    """Id of the first rule that hides a record from a reader of ``level``, '' when it may be shown."""
    if policy.rank(record["disclosure"]) > policy.rank(level):
        return "level"
    return next(
        (
            rule.id
            for rule in policy.hiding
            if rule.id != "level" and policy.rank(level) < policy.rank(rule.shown_from) and _fits(rule, record, on)
        ),
        "",
    )


def standing(records: Iterable[Mapping[str, Any]], policy: ReportPolicy) -> list[Mapping[str, Any]]:
    """The records that are counted: neither revoked nor replaced by a correction."""
    withdrawn = policy.rule("withdrawn")
    return [record for record in records if not withdrawn.fits(record)]


def split(
    records: Iterable[Mapping[str, Any]], level: str, on: date, policy: ReportPolicy
) -> tuple[list[Mapping[str, Any]], dict[str, int]]:
    """Records the reader may see, and how many are hidden by which rule (in the order of the rules)."""
    shown, hidden = [], {rule.id: 0 for rule in policy.hiding}
    for record in records:
        because = hidden_because(record, level, on, policy)
        if because:
            hidden[because] += 1
        else:
            shown.append(record)
    return shown, {rule: count for rule, count in hidden.items() if count}
