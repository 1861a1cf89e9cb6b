"""One row of aggregates per landed attempt, computed in SQL from the rows that are really there."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from ..catalogue.models import Dataset, Kind
from ..land.rules import load_ruleset
from ..land.rules.model import Fed
from ..land.stock import take_stock
from ..ledger.models import Attempt, Batch, Signal


def doubts(session: Session, seq: int, attempt: int) -> list[str]:
    """What the readers said must be looked at before the rows go on: hidden sheets, rows without a header and the like."""
    return list(
        session.scalars(
            select(Signal.message)
            .where(Signal.batch_seq == seq, Signal.attempt == attempt, Signal.severity == "critical")
            .order_by(Signal.id)
        )
    )


def rule_counts(session: Session, seq: int, attempt: int) -> dict[str, int]:
    """How many rows each row rule marks, landing stream and cross-record checks together."""
    return dict(
        session.execute(
            text("""
        select rule_id, count(*) from (
            select unnest(string_to_array(concat_ws(';', nullif(row_errors, ''), nullif(row_warnings, '')), ';')) as rule_id
            from pg_temp.this_batch where row_errors <> '' or row_warnings <> ''
            union all
            select rule_id from ledger.row_verdict where batch_seq = :seq and attempt = :attempt) marked
        group by rule_id"""),
            {"seq": seq, "attempt": attempt},
        ).all()
    )


def aggregates(
    session: Session,
    kind: Kind,
    dataset: Dataset,
    batch: Batch,
    attempt: Attempt,
    fields: set[str],
    counts: dict[str, int],
    on: date,
) -> dict[str, Any]:
    """The row of aggregates: counts, shares (0..1), fill rate per field (0..1), days since the newest event.

    ``fields``: those whose fill rate is wanted. Shares are NULL when nothing landed, so an expectation that must not
    pass on an empty batch says so itself.
    """
    row = take_stock(session, kind, batch.variant, batch.seq, attempt.attempt, fields, on)
    # Every row that repeats a key is in this_batch, so the surplus over distinct records shows there.
    surplus: int = session.execute(
        text("select count(record_id) - count(distinct record_id) from pg_temp.this_batch")
    ).scalar_one()
    newest, landed = row["newest_event"], row["landed"]

    def share(count: int) -> float | None:
        return count / landed if landed else None

    by_rule = rule_counts(session, batch.seq, attempt.attempt)
    ruleset = load_ruleset(kind.id)

    def fed(name: Fed) -> float | None:
        return share(sum(by_rule.get(rule, 0) for rule in ruleset.feeding(name)))

    quarantined, duplicate = counts["quarantined"], counts["duplicate"]
    result: dict[str, Any] = {
        "rows_in": attempt.rows_in,
        "landed": landed,
        "refused": attempt.refused,
        "records": row["keyed"] - surplus,
        "accepted": landed - quarantined - duplicate,
        "quarantined": quarantined,
        "duplicate": duplicate,
        "error_share": share(quarantined),
        "duplicate_share": share(duplicate),
        "unknown_code_share": fed("unknown_code_share"),
        "ragged_share": fed("ragged_share"),
        "days_since_newest_event": (on - newest).days if newest else None,
        "doubts": len(doubts(session, batch.seq, attempt.attempt)),
    }
    result |= {f"fill_rate__{name}": share(count) for name, count in row["filled"].items()}
    result |= {f"rule__{rule}": count for rule, count in by_rule.items()}
    return result
