"""Tables of what went when its retention had passed: the purge, and which rows went; never what stood in them."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, SmallInteger, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, _id, _now


class Purge(Base):
    """Raw rows of a kind that went at once: how many, of how many records, under which rule, by whom."""

    __tablename__ = "purge"
    id: Mapped[int] = _id()
    kind: Mapped[str]
    business_date: Mapped[date]
    rule: Mapped[str]
    clause: Mapped[str]
    years: Mapped[int]
    rows: Mapped[int]
    records: Mapped[int]
    purged_by: Mapped[str]
    purged_at: Mapped[datetime] = _now()


class PurgedRow(Base):
    """A landed row that was purged; counts of its attempt include it. ``record_id`` as raw held it."""

    __tablename__ = "purged_row"
    batch_seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    attempt: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    row_no: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[UUID | None] = mapped_column(Uuid)
    purge_id: Mapped[int] = mapped_column(ForeignKey("ledger.purge.id"))
    __table_args__ = (Index(None, "record_id"),)


class PurgedToken(Base):
    """A vault token that stood in a purged row, until a later purge has seen whether anything else holds it."""

    __tablename__ = "purged_token"
    token: Mapped[str] = mapped_column(primary_key=True)
    purge_id: Mapped[int] = mapped_column(ForeignKey("ledger.purge.id"))
