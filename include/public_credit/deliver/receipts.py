"""Later receipts of a receiver: published, withdrawn, duplicate, objection, repaired; fetched once, in order."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from ..base.run import Run
from ..catalogue import load_catalogue
from ..identifiers.persons import mask
from ..ledger.models import ReceiverEvent
from ..ledger.session import session, step
from ..ledger.states import StepName, Verdict
from .run import adapter_for


def _row(receiver: str, item: dict[str, Any]) -> dict[str, Any]:
    at = str(item.get("at") or "")[:10]
    return {
        "receiver": receiver,
        "seq": item["seq"],
        "record_id": item["recordId"],
        "city_id": item.get("cityId"),
        "event": item["event"],
        "text": mask((item.get("text") or "").replace("\x00", "")),
        "at_on": date.fromisoformat(at) if at else None,
    }


def fetch(run: Run, receiver: str = "city") -> int:
    """Fetch what came since the last one we know; how many receipts were new."""
    found = load_catalogue().receiver(receiver)
    with step(run, "sender", StepName.RECEIPT) as record:
        with session("sender") as opened:
            after = opened.scalar(select(func.max(ReceiverEvent.seq)).where(ReceiverEvent.receiver == receiver)) or 0
        adapter, count = adapter_for(found, run.on), 0
        try:
            for page in adapter.receipts(after):
                with session("sender") as opened:
                    opened.execute(
                        insert(ReceiverEvent).on_conflict_do_nothing(), [_row(receiver, item) for item in page]
                    )
                count += len(page)
        finally:
            adapter.close()
        record.counts, record.message = {"receipts": count}, f"取回 {count:,} 条后续回执"
        record.verdict = Verdict.OK if count else Verdict.NOTHING_DUE
        return count
