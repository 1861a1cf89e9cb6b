"""What a batch is compared with: the roster in force, key by key, or what its dataset has brought so far."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ..catalogue.models import Kind
from ..ledger.models import Batch
from ..ledger.states import GOOD, sql
from .cross_record import Heads

COMPARED = ("rows_against_last_good", "kept_share", "growth")  # shares that there are only where something is in force
_FIGURES = ("in_force", "records", "kept", "added", "ended")

# The last good batch that came as this one did; a roster is compared with a roster only.
_LAST_GOOD = f"""
    select seq, current_attempt, accepted + duplicate as rows from ledger.batch
    where dataset_id = :dataset and seq < :seq and state in {sql(GOOD)} and rows_in > 0
      and delivery_mode = :mode
    order by seq desc limit 1"""
# A row that was returned is on the roster all the same: dbt ends no record for it either.
_KEYS = "select distinct record_id from {raw} where batch_seq = {seq} and attempt = {attempt} and record_id is not null"


def compared(
    session: Session, kind: Kind, batch: Batch, attempt: int, heads: Heads, landed: int, records: int
) -> dict[str, Any]:
    """The columns of the batch's aggregates that compare it; all NULL for what its dataset brings first.

    ``in_force``: records of the roster in force (a full snapshot), rows accepted so far (other modes). ``kept``, ``added``,
    ``ended``: records that are in both, in the batch only, in force only. ``kept_share`` is of the roster in force,
    ``growth`` what there would be over what there is; both are shares (1 = all, or as many as before). Temporary table
    ``this_batch`` must be prepared. The records of an ``events`` batch are not looked up: decisions only ever add up.
    """
    result: dict[str, Any] = dict.fromkeys((*COMPARED, "in_force", "kept", "added", "ended"))
    last = session.execute(
        text(_LAST_GOOD), {"dataset": batch.dataset_id, "seq": batch.seq, "mode": batch.delivery_mode}
    ).one_or_none()
    if last is None:
        return result
    if last.rows:
        result["rows_against_last_good"] = landed / last.rows
    if batch.delivery_mode == "full_snapshot":
        in_force, kept = _rosters(session, kind, (last.seq, last.current_attempt), (batch.seq, attempt))
        added, ended, after = records - kept, in_force - kept, records
    elif batch.delivery_mode == "changes":
        in_force, kept = _brought(session, batch), _known(session, heads)
        added, ended, after = records - kept, 0, in_force + records - kept
    else:
        return result
    result |= {"in_force": in_force, "kept": kept, "added": added, "ended": ended}
    if in_force:
        result |= {"kept_share": kept / in_force, "growth": after / in_force}
    return result


def _rosters(session: Session, kind: Kind, former: tuple[int, int], new: tuple[int, int]) -> tuple[int, int]:
    """Records of the former roster, and how many of them are on the new one; both given as (batch, attempt)."""
    was, now = (_KEYS.format(raw=kind.raw, seq=int(seq), attempt=int(attempt)) for seq, attempt in (former, new))
    counted = f"select count(*), count(now.record_id) from ({was}) was left join ({now}) now using (record_id)"
    in_force, kept = session.execute(text(counted)).tuples().one()
    return in_force, kept


def _brought(session: Session, batch: Batch) -> int:
    """Rows the dataset's good batches before this one brought; no less than the records they told of."""
    return session.execute(
        text(f"""
        select cast(coalesce(sum(accepted), 0) as bigint) from ledger.batch
        where dataset_id = :dataset and seq < :seq and state in {sql(GOOD)}"""),
        {"dataset": batch.dataset_id, "seq": batch.seq},
    ).scalar_one()


def _known(session: Session, heads: Heads) -> int:
    """Records of the batch that the warehouse knows already."""
    stands = " or ".join(
        f"exists (select 1 from {source} h where h.record_id = t.record_id)" for source in heads.sources
    )
    known = f"select count(distinct t.record_id) from pg_temp.this_batch t where {stands}"
    return session.execute(text(known)).scalar_one()


def figures(row: dict[str, Any]) -> dict[str, int]:
    """The counts behind a comparison, for the record of a verdict; none where there was nothing to compare with."""
    return {name: row[name] for name in _FIGURES} if row["in_force"] is not None else {}


def shown(counts: dict[str, int], delivery_mode: str) -> str:
    """The counts behind a comparison, for a person; '' where there are none."""
    if not counts:
        return ""
    told = {name: f"{count:,}" for name, count in counts.items()}
    if delivery_mode == "full_snapshot":
        return (
            f"现行名录 {told['in_force']} 条，本批 {told['records']} 条，其中 {told['kept']} 条相同、"
            f"新增 {told['added']} 条，现行名录中有 {told['ended']} 条不在本批"
        )
    return f"此前入库 {told['in_force']} 行，本批新增 {told['added']} 条"
