"""Tables of tamper evidence: events, their links into one chain, seals, where roots went; digests of landed rows.

Events are written by triggers of the watched tables alone (``chain_form``, revision 0036), links and seals by
``oversight.audit.seal``. None of these rows ever changes or goes.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from ..states import ChainOperation, DigestReason
from .base import Base, _id, _one_of

_CLOCK = text("clock_timestamp()")


class ChainEvent(Base):
    """What one statement did to rows of a watched table, or what was noted of the chain itself (``relation`` '').

    ``keys`` and ``leaves``: key and SHA-256 of each row as it was written (as it was, of a deleted one); ``digest``: SHA-256
    over both in their order, hexadecimal. No value of a row is in it.
    """

    __tablename__ = "chain_event"
    id: Mapped[int] = _id()
    at: Mapped[datetime] = mapped_column(server_default=_CLOCK)
    relation: Mapped[str]
    operation: Mapped[str]
    rows: Mapped[int] = mapped_column(BigInteger)
    keys: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    leaves: Mapped[list[bytes] | None] = mapped_column(ARRAY(LargeBinary))
    digest: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    txid: Mapped[int] = mapped_column(BigInteger, server_default=text("((pg_current_xact_id())::text)::bigint"))
    __table_args__ = (
        CheckConstraint(_one_of("operation", ChainOperation), name="operation"),
        Index(None, "relation", "id"),
    )


class ChainLink(Base):
    """The place of an event in the chain: SHA-256 over the link before (or the root of the seal before) and the event."""

    __tablename__ = "chain_link"
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    event_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    hash: Mapped[bytes]


class ChainSeal(Base):
    """The chain up to a position: ``root`` commits to all of it, ``mac`` is its HMAC where the district has a key ('' without)."""

    __tablename__ = "chain_seal"
    seal_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[date]
    sealed_at: Mapped[datetime]
    position: Mapped[int] = mapped_column(BigInteger)
    previous: Mapped[str]
    root: Mapped[str]
    mac: Mapped[str] = mapped_column(server_default="")
    sealed_by: Mapped[str]


class ChainSent(Base):
    """A root that left for a place; ``message`` says why it did not get there ('' where it did)."""

    __tablename__ = "chain_sent"
    id: Mapped[int] = _id()
    seal_no: Mapped[int] = mapped_column(ForeignKey("ledger.chain_seal.seal_no"))
    place: Mapped[str]
    sent_at: Mapped[datetime] = mapped_column(server_default=_CLOCK)
    message: Mapped[str] = mapped_column(server_default="")


class ChainForm(Base):
    """A watched table: the columns of its key, and the columns a leaf is made of, in their order."""

    __tablename__ = "chain_form"
    relation: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str]
    leaf: Mapped[str]


class RawDigest(Base):
    """SHA-256 over the rows of an attempt as PostgreSQL's binary COPY writes ``columns``, in the order of ``row_no``.

    The newest one of an attempt holds. ``agreed``: whether the rows were still those of the one before when it was taken.
    """

    __tablename__ = "raw_digest"
    id: Mapped[int] = _id()
    batch_seq: Mapped[int] = mapped_column(BigInteger)
    attempt: Mapped[int] = mapped_column(SmallInteger)
    reason: Mapped[str]
    rows: Mapped[int] = mapped_column(BigInteger)
    columns: Mapped[list[str]] = mapped_column(ARRAY(Text))
    digest: Mapped[str]
    agreed: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    taken_at: Mapped[datetime] = mapped_column(server_default=_CLOCK)
    __table_args__ = (
        CheckConstraint(_one_of("reason", DigestReason), name="reason"),
        Index(None, "batch_seq", "attempt"),
    )
