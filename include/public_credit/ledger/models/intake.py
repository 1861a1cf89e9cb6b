"""Tables of what was received: business days, archived objects, batches and their attempts, steps, signals, what was refused."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ..states import GOOD, OUT_OF_THE_WAY, UNCOUNTED, AttemptState, BatchState, Verdict
from .base import Base, _id, _now, _one_of


class BusinessDay(Base):
    """A business date that was opened; the newest one is what builds and reports are computed for."""

    __tablename__ = "business_day"
    day: Mapped[date] = mapped_column(primary_key=True)
    opened_at: Mapped[datetime] = _now()
    opened_by: Mapped[str] = mapped_column(server_default="")


class ArchiveObject(Base):
    """One encrypted object of the archive and its wrapped key; clearing the key destroys the content."""

    __tablename__ = "archive_object"
    uri: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    wrapped_key: Mapped[bytes | None]
    key_version: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    stored_at: Mapped[datetime] = _now()
    shredded_at: Mapped[datetime | None]
    shred_reason: Mapped[str | None]


class Batch(Base):
    """One receipt: dataset + locator + source version/cursor + sha256. ``seq`` is the receipt sequence.

    ``source_rows``: a digest by which the source is asked later whether it still shows the same rows ('' where none is kept).
    """

    __tablename__ = "batch"
    seq: Mapped[int] = _id()
    batch_id: Mapped[str] = mapped_column(unique=True)
    dataset_id: Mapped[str]
    unit_id: Mapped[str]
    kind: Mapped[str]
    variant: Mapped[str]
    delivery_mode: Mapped[str]
    locator: Mapped[str]
    source_version: Mapped[str] = mapped_column(server_default="")
    file_name: Mapped[str] = mapped_column(server_default="")
    sha256: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    archive_uri: Mapped[str] = mapped_column(ForeignKey("ledger.archive_object.uri"))
    received_at: Mapped[datetime] = _now()
    business_date: Mapped[date]
    state: Mapped[str] = mapped_column(server_default=BatchState.RECEIVED)
    current_attempt: Mapped[int | None] = mapped_column(SmallInteger)
    rows_in: Mapped[int | None]
    accepted: Mapped[int | None]
    quarantined: Mapped[int | None]
    duplicate: Mapped[int | None]
    refused: Mapped[int | None]
    message: Mapped[str] = mapped_column(server_default="")
    resubmission_of: Mapped[int | None] = mapped_column(ForeignKey("ledger.batch.seq"))
    code_version: Mapped[str] = mapped_column(server_default="")
    catalogue_version: Mapped[str] = mapped_column(server_default="")
    rules_version: Mapped[str] = mapped_column(server_default="")
    dag_run: Mapped[str] = mapped_column(server_default="")
    gated_at: Mapped[datetime | None]
    gated_on: Mapped[date | None]
    set_aside_from: Mapped[str | None]
    set_aside_reason: Mapped[str] = mapped_column(server_default="")
    source_rows: Mapped[str] = mapped_column(server_default="")
    __table_args__ = (
        CheckConstraint(_one_of("state", BatchState), name="state"),
        CheckConstraint(
            f"{_one_of('state', UNCOUNTED)} or (rows_in is not null and accepted is not null and quarantined is not null "
            "and duplicate is not null and refused is not null)",
            name="counts_present",
        ),
        CheckConstraint(f"({_one_of('state', OUT_OF_THE_WAY)}) = (set_aside_from is not null)", name="set_aside"),
        CheckConstraint(
            f"not ({_one_of('state', GOOD)}) or rows_in = accepted + quarantined + duplicate + refused",
            name="counts_balance",
        ),
        Index(None, "dataset_id", "seq"),
        Index(None, "state"),
        Index(None, "sha256"),
    )


class Attempt(Base):
    """One landing of a batch; a replay lands beside the old one and takes over at the gate."""

    __tablename__ = "attempt"
    batch_seq: Mapped[int] = mapped_column(ForeignKey("ledger.batch.seq"), primary_key=True)
    attempt: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    state: Mapped[str] = mapped_column(server_default=AttemptState.LANDING)
    rows_in: Mapped[int | None]
    rows_landed: Mapped[int | None]
    refused: Mapped[int | None]
    business_date: Mapped[date]
    started_at: Mapped[datetime] = _now()
    landed_at: Mapped[datetime | None]
    code_version: Mapped[str] = mapped_column(server_default="")
    catalogue_version: Mapped[str] = mapped_column(server_default="")
    rules_version: Mapped[str] = mapped_column(server_default="")
    registry_version: Mapped[str] = mapped_column(server_default="")
    checked_at: Mapped[datetime | None]
    followed_up_at: Mapped[datetime | None]
    swept_at: Mapped[datetime | None]
    __table_args__ = (CheckConstraint(_one_of("state", AttemptState), name="state"),)


class Step(Base):
    """Outcome of one step; pages, alerts and the status command read these rows."""

    __tablename__ = "step"
    id: Mapped[int] = _id()
    name: Mapped[str]
    unit_id: Mapped[str | None]
    dataset_id: Mapped[str | None]
    batch_seq: Mapped[int | None] = mapped_column(BigInteger)
    attempt: Mapped[int | None] = mapped_column(SmallInteger)
    build_id: Mapped[int | None] = mapped_column(BigInteger)
    release_id: Mapped[int | None] = mapped_column(BigInteger)
    business_date: Mapped[date]
    started_at: Mapped[datetime] = _now()
    ended_at: Mapped[datetime | None]
    verdict: Mapped[str] = mapped_column(server_default=Verdict.INCOMPLETE)
    message: Mapped[str] = mapped_column(server_default="")
    owner: Mapped[str] = mapped_column(server_default="")
    counts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    dag_run: Mapped[str] = mapped_column(server_default="")
    __table_args__ = (
        CheckConstraint(_one_of("verdict", Verdict), name="verdict"),
        Index(None, "business_date", "name"),
        Index(None, "batch_seq"),
    )


class Signal(Base):
    """Something about a delivery's shape: unknown, forbidden, missing or ambiguous column, sensitive content."""

    __tablename__ = "signal"
    id: Mapped[int] = _id()
    batch_seq: Mapped[int] = mapped_column(ForeignKey("ledger.batch.seq"))
    attempt: Mapped[int] = mapped_column(SmallInteger)
    code: Mapped[str]
    subject: Mapped[str]
    rows: Mapped[int] = mapped_column(server_default="0")
    severity: Mapped[str]
    owner: Mapped[str]
    message: Mapped[str]
    __table_args__ = (Index(None, "batch_seq", "attempt"),)


class RefusedRow(Base):
    """A row turned away by law or limit: count, rule and row number are kept, never content."""

    __tablename__ = "refused_row"
    batch_seq: Mapped[int] = mapped_column(ForeignKey("ledger.batch.seq"), primary_key=True)
    attempt: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    row_no: Mapped[int] = mapped_column(primary_key=True)
    rule_id: Mapped[str]
    sheet: Mapped[str | None]
    source_row: Mapped[int | None]


class RefusedDelivery(Base):
    """A delivery of something that is never collected, turned away at the door: counted, never read or archived.

    ``unit_id`` and ``dataset_id`` are those of the channel it came by, '' where a person named no dataset.
    """

    __tablename__ = "refused_delivery"
    id: Mapped[int] = _id()
    refused_id: Mapped[str]
    unit_id: Mapped[str] = mapped_column(server_default="")
    dataset_id: Mapped[str] = mapped_column(server_default="")
    locator: Mapped[str]
    source_version: Mapped[str] = mapped_column(server_default="")
    file_name: Mapped[str] = mapped_column(server_default="")
    sha256: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str]
    business_date: Mapped[date]
    received_at: Mapped[datetime] = _now()
    dag_run: Mapped[str] = mapped_column(server_default="")
    __table_args__ = (UniqueConstraint("refused_id", "unit_id", "locator", "source_version", "sha256"),)


class Attestation(Base):
    """零报送: a unit states that it has nothing to deliver for a period.

    One that rows of the period followed is superseded by the receipt that brought them, and counts for nothing meanwhile.
    """

    __tablename__ = "attestation"
    id: Mapped[int] = _id()
    unit_id: Mapped[str]
    dataset_id: Mapped[str]
    period_from: Mapped[date]
    period_to: Mapped[date]
    attested_by: Mapped[str]
    attested_at: Mapped[datetime] = _now()
    batch_seq: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(server_default="")
    superseded_by: Mapped[int | None] = mapped_column(ForeignKey("ledger.batch.seq"))
    __table_args__ = (UniqueConstraint("dataset_id", "period_from", "period_to"),)
