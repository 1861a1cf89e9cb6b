"""What became of a receipt; apart from the libraries that read it, for those who only ask."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..ledger.states import GOOD, BatchState

NOTHING = {
    "rows_in": 0,
    "accepted": 0,
    "quarantined": 0,
    "duplicate": 0,
    "refused": 0,
}  # counts of a batch that brought nothing


def instead(state: str) -> str:
    """What takes a receipt of a state out of the way, where it is not to be landed once more."""
    return "batches withdraw 撤回" if state in GOOD else "batches set-aside 搁置"


@dataclass
class LandResult:
    """What an attempt brought: rows the reader counted, rows landed, rows refused, signals about the delivery."""

    batch_seq: int
    attempt: int
    rows_in: int = 0
    landed: int = 0
    refused: int = 0
    state: str = BatchState.LANDED
    message: str = ""
    signals: list[dict[str, Any]] = field(default_factory=list)
