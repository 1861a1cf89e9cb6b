"""Notes in the chain of evidence: what happens to the warehouse as a whole, beside what triggers book of its rows."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from .states import ChainOperation

_NOTE = text("select ledger.chain_note(:operation, cast(:detail as jsonb))")


def note(opened: Connection | Session, operation: ChainOperation, **detail: Any) -> None:
    """Note an event of the chain as ``pcw_owner``; ``detail`` holds ids, numbers and moments of ours, and what a person explained."""
    opened.execute(_NOTE, {"operation": operation, "detail": json.dumps(detail, ensure_ascii=False, default=str)})
