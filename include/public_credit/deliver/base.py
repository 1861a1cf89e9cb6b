"""What an adapter does for the deliverer: send one batch, ask for outcomes, page what the receiver holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol


def serial_of(receipt: Any) -> int:
    """The serial number of a later receipt, 0 where it has none that can be read."""
    seq = receipt.get("seq") if isinstance(receipt, dict) else None
    return seq if type(seq) is int and 0 < seq < 2**63 else 0


@dataclass
class Item:
    """One operation on one record, as it is sent; ``data`` holds revealed numbers in memory only."""

    item_id: int
    release_id: int
    interface: str
    record_id: str
    operation: str
    version: str
    predecessor: str | None
    key: str
    payload: dict[str, str]
    data: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What the receiver says about one item."""

    key: str
    state: str
    code: str = ""
    field: str = ""
    text: str = ""
    city_id: str | None = None
    receipt_id: str | None = None


class OutcomeUnknown(Exception):
    """The request may or may not have been carried out; it must be asked for, never repeated blindly."""


class NotTaken(Exception):
    """The receiver took nothing of the batch, in words why; it may be sent again as it is."""


class TooLarge(NotTaken):
    """The batch is larger than the receiver takes."""


class BatchRefused(NotTaken):
    """The whole batch was refused because of one row (1-based ``line``, 0 when the receiver does not say)."""

    def __init__(self, line: int, code: str, text: str):
        super().__init__(code)
        self.line, self.code, self.text = line, code, text


class Adapter(Protocol):
    """One way to a receiver."""

    def send(self, request_id: str, interface: str, items: list[Item]) -> list[Outcome]:
        """Outcomes of all items. Raises OutcomeUnknown, NotTaken, TooLarge or BatchRefused."""

    def query(self, keys: list[str]) -> list[Outcome]:
        """What became of these keys; state ``unknown`` when the receiver never saw one."""

    def held(self, interface: str) -> Iterator[list[dict[str, Any]]]:
        """Pages of what the receiver holds."""

    def receipts(self, after: int) -> Iterator[list[dict[str, Any]]]:
        """Pages of later receipts after a sequence number."""

    def close(self) -> None:
        """Give up what the connection holds."""
