"""Later receipts of a receiver: published, withdrawn, duplicate, objection, repaired; fetched once, in order."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from ..base.run import Run
from ..catalogue import load_catalogue
from ..identifiers.persons import mask
from ..ledger.models import ReceiverEvent
from ..ledger.session import session, step
from ..ledger.states import ReceiverEvent as Event
from ..ledger.states import StepName, Verdict
from .base import serial_of
from .run import adapter_for


def _text(given: object) -> str:
    """A text as the database can hold it; '' for what is none."""
    return given.replace("\x00", "").encode("utf-8", "replace").decode() if isinstance(given, str) else ""


def _day(given: object) -> tuple[date | None, str]:
    """The day of a receipt, None where it says none; what is to be said of one that cannot be read."""
    try:
        return (date.fromisoformat(str(given)[:10]) if given else None), ""
    except ValueError:
        return None, f"（回执时间无法识别：{_text(str(given))}）"


def _row(receiver: str, item: Any) -> dict[str, Any]:
    """A receipt as it is booked: what can be read of it. One that is of no record, or says nothing, is kept as it came (``UNREADABLE``).

    One without a serial number of its own gets one below zero, made of what it says: it is booked once and moves no other.
    """
    given: dict[str, Any] = item if isinstance(item, dict) else {}
    said = _text(json.dumps(item, ensure_ascii=False, sort_keys=True))
    serial, record_id, event = serial_of(given), _text(given.get("recordId")), _text(given.get("event"))
    readable = bool(serial and record_id and event)
    at_on, note = _day(given.get("at"))
    return {
        "receiver": receiver,
        "seq": serial or -1 - (int.from_bytes(hashlib.sha256(said.encode()).digest()[:8]) >> 1),
        "record_id": record_id,
        "city_id": _text(given.get("cityId")) or None,
        "event": event if readable else Event.UNREADABLE,
        "text": mask(_text(given.get("text")) + note if readable else said),
        "at_on": at_on,
    }


def fetch(run: Run, receiver: str = "city") -> int:
    """Fetch what came since the last one we know; how many receipts were new. One that cannot be read stops none of the others."""
    found = load_catalogue().receiver(receiver)
    with step(run, "sender", StepName.RECEIPT) as record:
        with session("sender") as opened:
            after = opened.scalar(select(func.max(ReceiverEvent.seq)).where(ReceiverEvent.receiver == receiver)) or 0
        adapter, events = adapter_for(found, run.on), Counter[str]()
        try:
            for page in adapter.receipts(after):
                with session("sender") as opened:
                    booked = insert(ReceiverEvent).on_conflict_do_nothing().returning(ReceiverEvent.event)
                    events.update(opened.scalars(booked, [_row(receiver, item) for item in page]))
        finally:
            adapter.close()
        count, unreadable = events.total(), events[Event.UNREADABLE]
        record.counts, record.message = {"receipts": count}, f"取回 {count:,} 条后续回执"
        record.verdict = Verdict.OK if count else Verdict.NOTHING_DUE
        if unreadable:
            record.counts["unreadable"] = unreadable
            record.message += f"，其中 {unreadable:,} 条无法识别"
            record.verdict, record.owner = Verdict.WARNING, "data_engineer"
        return count
