"""Tables of what went to a receiver and what came back."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Computed, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ..states import UNDERWAY, ItemState, Operation, ReleaseState, RequestState, sql
from .base import Base, _id, _now, _one_of


class Release(Base):
    """A frozen difference for one receiver; what leaves the house is exactly its items. ``decided_why``: of one turned down or overtaken."""

    __tablename__ = "release"
    release_id: Mapped[int] = _id()
    build_id: Mapped[int] = mapped_column(ForeignKey("ledger.build.build_id"))
    receiver: Mapped[str]
    business_date: Mapped[date]
    state: Mapped[str] = mapped_column(server_default=ReleaseState.RELEASED)
    adds: Mapped[int]
    mods: Mapped[int]
    dels: Mapped[int]
    diff_hash: Mapped[str]
    cover: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    unusual: Mapped[str] = mapped_column(server_default="")
    prepared_at: Mapped[datetime] = _now()
    prepared_by: Mapped[str] = mapped_column(server_default="")
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decided_alone: Mapped[bool] = mapped_column(server_default="false")
    decided_why: Mapped[str] = mapped_column(server_default="")
    __table_args__ = (
        UniqueConstraint("build_id", "receiver"),
        CheckConstraint(_one_of("state", ReleaseState), name="state"),
    )


class DeliveryItem(Base):
    """Outbox: one operation on one record for one receiver, never changed; sensitive values appear as vault tokens only."""

    __tablename__ = "delivery_item"
    item_id: Mapped[int] = _id()
    release_id: Mapped[int] = mapped_column(ForeignKey("ledger.release.release_id"))
    receiver: Mapped[str]
    interface: Mapped[str]
    record_id: Mapped[str]
    operation: Mapped[str]
    version: Mapped[str]
    predecessor: Mapped[str | None]
    payload: Mapped[dict[str, Any]]
    due_on: Mapped[date | None]
    released_at: Mapped[datetime] = _now()
    __table_args__ = (
        CheckConstraint(_one_of("operation", Operation), name="operation"),
        Index(None, "record_id", "receiver", "item_id"),
    )


class DeliveryState(Base):
    """What became of an item of the outbox so far; ``underway``: it is not settled yet; ``unit_id``: whose its record is, '' if nobody's.

    An item that the receiver never saw and that was overtaken has no ``idempotency_key`` any more: the same change may come
    again. The indexes of open and of refused items name columns that only settling changes, and half of every page is left free,
    so that an item is claimed without touching an index. Triggers count what is written (``DeliveryTotal``, ``DeliveryDay``).
    """

    __tablename__ = "delivery_state"
    item_id: Mapped[int] = mapped_column(
        ForeignKey("ledger.delivery_item.item_id"), primary_key=True, autoincrement=False
    )
    idempotency_key: Mapped[str | None] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(server_default=ItemState.PENDING)
    underway: Mapped[bool] = mapped_column(Computed(f"state in {sql(UNDERWAY)}", persisted=True))
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    delivery_id: Mapped[int | None] = mapped_column(BigInteger)
    receipt_id: Mapped[str | None]
    receipt_code: Mapped[str | None]
    receipt_field: Mapped[str | None]
    receipt_text: Mapped[str | None]
    city_id: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    booked_at: Mapped[datetime | None]
    booked_on: Mapped[date | None]
    unit_id: Mapped[str] = mapped_column(server_default="")
    refused: Mapped[bool] = mapped_column(Computed(f"state = {sql(ItemState.REJECTED)}", persisted=True))
    __table_args__ = (
        CheckConstraint(_one_of("state", ItemState), name="state"),
        Index("ix_delivery_state_underway", "item_id", postgresql_where=text("underway")),
        Index("ix_delivery_state_refused", "item_id", postgresql_where=text("refused")),
        {"postgresql_with": {"fillfactor": 50}},
    )


class DeliveryTotal(Base):
    """How many items of the outbox are in a state, and how many of these were ever sent; no line where there never was one."""

    __tablename__ = "delivery_total"
    receiver: Mapped[str] = mapped_column(primary_key=True)
    interface: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(primary_key=True)
    items: Mapped[int] = mapped_column(BigInteger)
    sent: Mapped[int] = mapped_column(BigInteger)


class DeliveryDay(Base):
    """How many items a receiver took on a business date, by the unit their records are from."""

    __tablename__ = "delivery_day"
    booked_on: Mapped[date] = mapped_column(primary_key=True)
    receiver: Mapped[str] = mapped_column(primary_key=True)
    unit_id: Mapped[str] = mapped_column(primary_key=True)
    items: Mapped[int] = mapped_column(BigInteger)


class Delivery(Base):
    """One request to a receiver, booked before it is sent."""

    __tablename__ = "delivery"
    delivery_id: Mapped[int] = _id()
    receiver: Mapped[str]
    interface: Mapped[str]
    request_id: Mapped[str] = mapped_column(unique=True)
    items: Mapped[int]
    state: Mapped[str] = mapped_column(server_default=RequestState.SENDING)
    http_status: Mapped[int | None] = mapped_column(SmallInteger)
    receipt_id: Mapped[str | None]
    message: Mapped[str] = mapped_column(server_default="")
    started_at: Mapped[datetime] = _now()
    ended_at: Mapped[datetime | None]


class ReceiverEvent(Base):
    """A later receipt: published, withdrawn, duplicate, objection, repaired."""

    __tablename__ = "receiver_event"
    receiver: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    record_id: Mapped[str]
    city_id: Mapped[str | None]
    event: Mapped[str]
    text: Mapped[str] = mapped_column(server_default="")
    at_on: Mapped[date | None]
    fetched_at: Mapped[datetime] = _now()
    __table_args__ = (Index(None, "record_id"),)


class Reconciliation(Base):
    """One two-sided comparison with a receiver."""

    __tablename__ = "reconciliation"
    id: Mapped[int] = _id()
    receiver: Mapped[str]
    business_date: Mapped[date]
    ours: Mapped[int]
    theirs: Mapped[int]
    agreed: Mapped[int]
    missing: Mapped[int]
    surplus: Mapped[int]
    differing: Mapped[int]
    unsettled: Mapped[int] = mapped_column(server_default="0")
    compared_at: Mapped[datetime] = _now()


class ReconciliationDifference(Base):
    """One record the two sides do not agree on."""

    __tablename__ = "reconciliation_difference"
    reconciliation_id: Mapped[int] = mapped_column(ForeignKey("ledger.reconciliation.id"), primary_key=True)
    interface: Mapped[str] = mapped_column(primary_key=True)
    record_id: Mapped[str] = mapped_column(primary_key=True)
    difference: Mapped[str]
    our_version: Mapped[str | None]
    their_version: Mapped[str | None]
