"""One row of aggregates per landed attempt, computed in SQL from the rows that are really there."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ..catalogue.models import Dataset, Kind
from ..ledger.models import Attempt, Batch


def last_good_rows(session: Session, batch: Batch) -> int | None:
    """Rows (accepted + duplicate) of the dataset's last good batch before this one; None when there is none."""
    return session.execute(text("""
        select accepted + duplicate from ledger.batch
        where dataset_id = :dataset and seq < :seq and state in ('accepted', 'accepted_with_quarantine')
          and rows_in > 0
        order by seq desc limit 1"""), {"dataset": batch.dataset_id, "seq": batch.seq}).scalar()


def rule_counts(session: Session, kind: Kind, seq: int, attempt: int) -> dict[str, int]:
    """How many rows each row rule marks, landing stream and cross-record checks together."""
    return dict(session.execute(text(f"""
        select rule_id, count(*) from (
            select unnest(string_to_array(row_errors, ';')) as rule_id from raw.{kind.id}
            where batch_seq = :seq and attempt = :attempt and row_errors <> ''
            union all
            select unnest(string_to_array(row_warnings, ';')) from raw.{kind.id}
            where batch_seq = :seq and attempt = :attempt and row_warnings <> ''
            union all
            select rule_id from ledger.row_verdict where batch_seq = :seq and attempt = :attempt) marked
        group by rule_id"""), {"seq": seq, "attempt": attempt}).all())


def aggregates(session: Session, kind: Kind, dataset: Dataset, batch: Batch, attempt: Attempt,
               counts: dict[str, int], on: date) -> dict[str, Any]:
    """The row of aggregates: counts, shares (0..1), fill rate per field (0..1), days since the newest event.

    Shares are NULL when nothing landed, so an expectation that must not pass on an empty batch says so itself.
    """
    fields = kind.variants[batch.variant]
    fills = ", ".join(f"count(*) filter (where {field} <> '') as {field}" for field in fields)
    event = "null::date"
    if kind.event_date:
        event = (f"max(case when pg_input_is_valid({kind.event_date}, 'date') "
                 f"then cast({kind.event_date} as date) end) filter (where {kind.event_date} <= :today)")
    row = session.execute(text(f"""
        select count(*) as landed, count(distinct record_id) as records, {event} as newest_event,
               count(*) filter (where position('R23' in row_errors) > 0) as ragged, {fills}
        from raw.{kind.id} where batch_seq = :seq and attempt = :attempt"""),
        {"seq": batch.seq, "attempt": attempt.attempt, "today": on.isoformat()}).mappings().one()
    landed = row["landed"]

    def share(count: int) -> float | None:
        return count / landed if landed else None

    previous = last_good_rows(session, batch)
    by_rule = rule_counts(session, kind, batch.seq, attempt.attempt)
    result: dict[str, Any] = {
        "rows_in": attempt.rows_in, "landed": landed, "refused": attempt.refused, "records": row["records"],
        "accepted": counts["accepted"], "quarantined": counts["quarantined"], "duplicate": counts["duplicate"],
        "error_share": share(counts["quarantined"]), "duplicate_share": share(counts["duplicate"]),
        "unknown_code_share": share(sum(by_rule.get(rule, 0) for rule in ("R13", "V02", "E06", "G05"))),
        "ragged_share": share(row["ragged"]),
        "rows_against_last_good": landed / previous if previous else None,
        "days_since_newest_event": (on - row["newest_event"]).days if row["newest_event"] else None,
    }
    result |= {f"fill_rate__{field}": share(row[field]) for field in fields}
    result |= {f"rule__{rule}": count for rule, count in by_rule.items()}
    return result
