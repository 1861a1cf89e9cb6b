"""Tables of what the gate found: results, verdicts per row, quarantine, slips, waivers, and the stock they are judged against."""

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
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import BIT
from sqlalchemy.orm import Mapped, mapped_column

from ..states import CaseReason, CaseState, Outcome, QuarantineState, sql
from .base import Base, _id, _now, _one_of


class GateResult(Base):
    """Result of one batch expectation as Great Expectations evaluated it."""

    __tablename__ = "gate_result"
    batch_seq: Mapped[int] = mapped_column(ForeignKey("ledger.batch.seq"), primary_key=True)
    attempt: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    expectation_id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    severity: Mapped[str]
    success: Mapped[bool] = mapped_column(Boolean)
    observed: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    owner: Mapped[str] = mapped_column(server_default="")
    remedy: Mapped[str] = mapped_column(server_default="")
    clause: Mapped[str] = mapped_column(server_default="")
    evaluated_at: Mapped[datetime] = _now()


class RowVerdict(Base):
    """A verdict on a landed row that did not come from the landing stream (cross-record, later rule version)."""

    __tablename__ = "row_verdict"
    batch_seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    attempt: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    row_no: Mapped[int] = mapped_column(primary_key=True)
    rule_id: Mapped[str] = mapped_column(primary_key=True)
    severity: Mapped[str]
    detail: Mapped[str] = mapped_column(server_default="")
    rules_version: Mapped[str] = mapped_column(server_default="")
    registry_version: Mapped[str] = mapped_column(server_default="")
    found_at: Mapped[datetime] = _now()


class RowOutcome(Base):
    """Outcome of a landed row that was not accepted: quarantined, or a duplicate that ``migrate`` has not moved yet.

    A landed row without an entry, here or in ``unchanged_rows``, is accepted.
    """

    __tablename__ = "row_outcome"
    batch_seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    attempt: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    row_no: Mapped[int] = mapped_column(primary_key=True)
    outcome: Mapped[str]
    record_id: Mapped[str | None]
    __table_args__ = (CheckConstraint(_one_of("outcome", Outcome), name="outcome"),)


class UnchangedRows(Base):
    """Duplicates among 2,048 landed rows: bit n stands for row ``block * 2048 + n + 1``; ``ledger.unchanged`` reads it."""

    __tablename__ = "unchanged_rows"
    batch_seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    attempt: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    block: Mapped[int] = mapped_column(primary_key=True)
    rows: Mapped[str] = mapped_column(BIT(2048))


class RepeatedRow(Base):
    """A landed row that shares its record key, or decision number and name, with another row of its attempt."""

    __tablename__ = "repeated_row"
    batch_seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    attempt: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    row_no: Mapped[int] = mapped_column(primary_key=True)


class Stock(Base):
    """What the database counted over the landed rows of an attempt; gone when a statement touches them.

    Written by ``ledger.take_stock`` only, for the question that fields, event field and day make.
    """

    __tablename__ = "stock"
    batch_seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    attempt: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    kind: Mapped[str]
    fields: Mapped[list[str]] = mapped_column(ARRAY(Text))
    event_field: Mapped[str | None]
    today: Mapped[date]
    landed: Mapped[int] = mapped_column(BigInteger)
    keyed: Mapped[int] = mapped_column(BigInteger)
    newest_event: Mapped[date | None]
    filled: Mapped[dict[str, Any]]


class Quarantine(Base):
    """A quarantined row's way back: open → returned (on a slip) → corrected | waived."""

    __tablename__ = "quarantine"
    id: Mapped[int] = _id()
    batch_seq: Mapped[int] = mapped_column(ForeignKey("ledger.batch.seq"))
    attempt: Mapped[int] = mapped_column(SmallInteger)
    row_no: Mapped[int]
    dataset_id: Mapped[str]
    unit_id: Mapped[str]
    kind: Mapped[str]
    record_id: Mapped[str | None]
    rules: Mapped[str]
    owner: Mapped[str] = mapped_column(server_default="department")
    state: Mapped[str] = mapped_column(server_default=QuarantineState.OPEN)
    slip_id: Mapped[str | None]
    opened_on: Mapped[date]
    closed_on: Mapped[date | None]
    corrected_batch_seq: Mapped[int | None] = mapped_column(BigInteger)
    corrected_row_no: Mapped[int | None]
    corrected_record_id: Mapped[str | None]
    __table_args__ = (
        UniqueConstraint("batch_seq", "attempt", "row_no"),
        CheckConstraint(_one_of("state", QuarantineState), name="state"),
        Index(None, "unit_id", "state"),
        Index(None, "record_id"),
        Index(None, "slip_id"),
    )


class CorrectionCase(Base):
    """A delivered row that may correct a returned one, and only a person can tell; it is accepted meanwhile as it stands.

    ``candidates``: ids of the quarantined rows it may correct; ``quarantine_id``: the one a person named.
    """

    __tablename__ = "correction_case"
    id: Mapped[int] = _id()
    batch_seq: Mapped[int] = mapped_column(ForeignKey("ledger.batch.seq"))
    row_no: Mapped[int]
    record_id: Mapped[str]
    reason: Mapped[str]
    candidates: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    state: Mapped[str] = mapped_column(server_default=CaseState.OPEN)
    opened_on: Mapped[date]
    quarantine_id: Mapped[int | None] = mapped_column(ForeignKey("ledger.quarantine.id"))
    decided_on: Mapped[date | None]
    decided_by: Mapped[str] = mapped_column(server_default="")
    note: Mapped[str] = mapped_column(server_default="")
    __table_args__ = (
        UniqueConstraint("batch_seq", "row_no", "record_id"),
        CheckConstraint(_one_of("reason", CaseReason), name="reason"),
        CheckConstraint(_one_of("state", CaseState), name="state"),
        CheckConstraint(f"(state = {sql(CaseState.CORRECTION)}) = (quarantine_id is not null)", name="decided"),
    )


class Slip(Base):
    """A 退回单 that was written: one workbook per unit and batch."""

    __tablename__ = "slip"
    slip_id: Mapped[str] = mapped_column(primary_key=True)
    unit_id: Mapped[str]
    batch_seq: Mapped[int] = mapped_column(ForeignKey("ledger.batch.seq"))
    attempt: Mapped[int] = mapped_column(SmallInteger)
    file_name: Mapped[str]
    sha256: Mapped[str]
    rows: Mapped[int]
    written_at: Mapped[datetime] = _now()
    written_on: Mapped[date]


class RecordLink(Base):
    """A corrected key: the record that takes the place of another (one DEL and one ADD for receivers)."""

    __tablename__ = "record_link"
    old_record_id: Mapped[str] = mapped_column(primary_key=True)
    new_record_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    batch_seq: Mapped[int] = mapped_column(ForeignKey("ledger.batch.seq"))
    row_no: Mapped[int]
    reason: Mapped[str]
    linked_on: Mapped[date]
    __table_args__ = (Index(None, "new_record_id"),)


class Waiver(Base):
    """A check set aside for a while, with reason, owner and expiry; an expired or revoked waiver counts for nothing."""

    __tablename__ = "waiver"
    id: Mapped[int] = _id()
    dataset_id: Mapped[str]
    expectation_id: Mapped[str]
    batch_seq: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str]
    owner: Mapped[str]
    granted_by: Mapped[str]
    granted_at: Mapped[datetime] = _now()
    expires_on: Mapped[date]
    revoked_on: Mapped[date | None]
    revoked_by: Mapped[str] = mapped_column(server_default="")
    revoke_reason: Mapped[str] = mapped_column(server_default="")
