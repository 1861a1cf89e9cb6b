"""The hashes of the chain, as they are made when it is sealed and recomputed when it is verified; nothing here asks a database.

link = SHA-256(link before ‖ event), where the first link of a seal follows the root of the seal before;
root = SHA-256(seal: number, day, moment, position, root before, last link). Moments are UTC with microseconds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any, NamedTuple, Protocol

_SEPARATOR = "\x1f"
BEGINNING = hashlib.sha256(b"public-credit-warehouse chain of evidence").digest()


class Event(Protocol):
    """A row of ``ledger.chain_event``, ``detail`` as the text of its JSON, without keys and leaves (``digest`` covers them)."""

    id: int
    at: datetime
    relation: str
    operation: str
    rows: int
    digest: str
    detail: str
    txid: int


class Seal(NamedTuple):
    """What a root commits to: the chain up to a position, and when it was sealed."""

    seal_no: int
    day: date
    sealed_at: datetime
    position: int
    previous: str
    root: str


def _joined(parts: Iterable[Any]) -> bytes:
    return _SEPARATOR.join(map(str, parts)).encode()


def moment(at: datetime) -> str:
    """A moment as the hashes and the roots write it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def link(before: bytes, event: Event) -> bytes:
    """The hash of an event behind the link before it."""
    told = (
        event.id,
        moment(event.at),
        event.relation,
        event.operation,
        event.rows,
        event.digest,
        event.detail,
        event.txid,
    )
    return hashlib.sha256(before + _joined(told)).digest()


def root(seal_no: int, day: date, sealed_at: datetime, position: int, previous: str, last: bytes) -> str:
    """The root of a seal, hexadecimal; ``last``: the link at its position."""
    return hashlib.sha256(
        _joined((seal_no, day.isoformat(), moment(sealed_at), position, previous, last.hex()))
    ).hexdigest()


def start(previous: str) -> bytes:
    """What the first link of a seal follows: the root before, the beginning of all chains where there is none."""
    return bytes.fromhex(previous) if previous else BEGINNING
