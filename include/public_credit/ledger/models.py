"""Tables of the ledger and of the vault (SQLAlchemy 2).

Times: ``*_at`` is the real clock (timestamptz), ``*_on`` and ``business_date`` the business calendar.
No column may hold a delivered value except ``delivery_item.payload`` (canonical values, sensitive ones as tokens).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ARRAY, BigInteger, Boolean, CheckConstraint, Date, DateTime, ForeignKey, Identity, Index,
    LargeBinary, MetaData, SmallInteger, String, Text, UniqueConstraint, func, text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(schema="ledger", naming_convention=NAMING)
    type_annotation_map = {
        str: Text, datetime: DateTime(timezone=True), date: Date, dict[str, Any]: JSONB, bytes: LargeBinary,
    }


def _id() -> Mapped[int]:
    return mapped_column(BigInteger, Identity(), primary_key=True)


def _now() -> Mapped[datetime]:
    return mapped_column(server_default=func.now())


BATCH_STATES = ("received", "landed", "accepted", "accepted_with_quarantine", "held", "broken")
GOOD_STATES = ("accepted", "accepted_with_quarantine")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{column} in ({listed})"


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
    """One receipt: dataset + locator + source version/cursor + sha256. ``seq`` is the receipt sequence."""

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
    state: Mapped[str] = mapped_column(server_default="received")
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
    __table_args__ = (
        CheckConstraint(_one_of("state", BATCH_STATES), name="state"),
        CheckConstraint(
            "state = 'received' or (rows_in is not null and accepted is not null and quarantined is not null "
            "and duplicate is not null and refused is not null)", name="counts_present"),
        CheckConstraint(
            f"not ({_one_of('state', GOOD_STATES)}) or rows_in = accepted + quarantined + duplicate + refused",
            name="counts_balance"),
        Index(None, "dataset_id", "seq"),
        Index(None, "state"),
    )


class Attempt(Base):
    """One landing of a batch; a replay lands beside the old one and takes over at the gate."""

    __tablename__ = "attempt"
    batch_seq: Mapped[int] = mapped_column(ForeignKey("ledger.batch.seq"), primary_key=True)
    attempt: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    state: Mapped[str] = mapped_column(server_default="landing")
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
    __table_args__ = (
        CheckConstraint(_one_of("state", ("landing", "landed", "gated", "superseded", "failed")), name="state"),
    )


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
    verdict: Mapped[str] = mapped_column(server_default="incomplete")
    message: Mapped[str] = mapped_column(server_default="")
    owner: Mapped[str] = mapped_column(server_default="")
    counts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    dag_run: Mapped[str] = mapped_column(server_default="")
    __table_args__ = (
        CheckConstraint(_one_of("verdict", ("incomplete", "ok", "warning", "held", "failed", "nothing_due")),
                        name="verdict"),
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
    """Outcome of a landed row that was not accepted; a landed row without an entry is accepted."""

    __tablename__ = "row_outcome"
    batch_seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    attempt: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    row_no: Mapped[int] = mapped_column(primary_key=True)
    outcome: Mapped[str]
    record_id: Mapped[str | None]
    __table_args__ = (CheckConstraint(_one_of("outcome", ("quarantined", "duplicate")), name="outcome"),)


class RepeatedRow(Base):
    """A landed row that shares its record key, or decision number and name, with another row of its attempt."""

    __tablename__ = "repeated_row"
    batch_seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    attempt: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    row_no: Mapped[int] = mapped_column(primary_key=True)


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
    state: Mapped[str] = mapped_column(server_default="open")
    slip_id: Mapped[str | None]
    opened_on: Mapped[date]
    closed_on: Mapped[date | None]
    corrected_batch_seq: Mapped[int | None] = mapped_column(BigInteger)
    corrected_row_no: Mapped[int | None]
    corrected_record_id: Mapped[str | None]
    __table_args__ = (
        UniqueConstraint("batch_seq", "attempt", "row_no"),
        CheckConstraint(_one_of("state", ("open", "returned", "corrected", "waived", "withdrawn")), name="state"),
        Index(None, "unit_id", "state"),
        Index(None, "record_id"),
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


class Waiver(Base):
    """A check set aside for a while, with reason, owner and expiry; an expired waiver counts for nothing."""

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


class Attestation(Base):
    """零报送: a unit states that it has nothing to deliver for a period."""

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
    __table_args__ = (UniqueConstraint("dataset_id", "period_from", "period_to"),)


class PublishedUnit(Base):
    """A unit of the catalogue, published for the models: they know deliverers by id, records by code."""

    __tablename__ = "unit"
    unit_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    uscc: Mapped[str] = mapped_column(unique=True)


class PublishedDataset(Base):
    """A dataset of the catalogue, published for the models; one that left the catalogue stays, its records do too."""

    __tablename__ = "dataset"
    dataset_id: Mapped[str] = mapped_column(primary_key=True)
    unit_id: Mapped[str]
    kind: Mapped[str]
    variant: Mapped[str]
    title: Mapped[str]
    sectors: Mapped[str]
    disclosure: Mapped[str]
    delivery_mode: Mapped[str]
    cadence_days: Mapped[int]


class Build(Base):
    """One warehouse build; its inputs are frozen, so a killed build resumes as itself."""

    __tablename__ = "build"
    build_id: Mapped[int] = _id()
    business_date: Mapped[date]
    state: Mapped[str] = mapped_column(server_default="open")
    opened_at: Mapped[datetime] = _now()
    built_at: Mapped[datetime | None]
    code_version: Mapped[str] = mapped_column(server_default="")
    invocation_id: Mapped[str] = mapped_column(server_default="")
    message: Mapped[str] = mapped_column(server_default="")
    __table_args__ = (
        CheckConstraint(_one_of("state", ("open", "built")), name="state"),
        Index("uq_build_one_open", "state", unique=True, postgresql_where=text("state = 'open'")),
    )


class BuildInput(Base):
    """An attempt that a build adds to, or removes from, the warehouse."""

    __tablename__ = "build_input"
    build_id: Mapped[int] = mapped_column(ForeignKey("ledger.build.build_id"), primary_key=True)
    batch_seq: Mapped[int] = mapped_column(ForeignKey("ledger.batch.seq"), primary_key=True)
    attempt: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    operation: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    __table_args__ = (CheckConstraint(_one_of("operation", ("add", "remove")), name="operation"),)


class Release(Base):
    """A frozen difference for one receiver; what leaves the house is exactly its items."""

    __tablename__ = "release"
    release_id: Mapped[int] = _id()
    build_id: Mapped[int] = mapped_column(ForeignKey("ledger.build.build_id"))
    receiver: Mapped[str]
    business_date: Mapped[date]
    state: Mapped[str] = mapped_column(server_default="released")
    adds: Mapped[int]
    mods: Mapped[int]
    dels: Mapped[int]
    diff_hash: Mapped[str]
    cover: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    unusual: Mapped[str] = mapped_column(server_default="")
    prepared_at: Mapped[datetime] = _now()
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("build_id", "receiver"),
        CheckConstraint(_one_of("state", ("waiting", "released", "rejected")), name="state"),
    )


class DeliveryItem(Base):
    """Outbox: one operation on one record for one receiver; sensitive values appear as vault tokens only."""

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
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(server_default="pending")
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    delivery_id: Mapped[int | None] = mapped_column(BigInteger)
    receipt_id: Mapped[str | None]
    receipt_code: Mapped[str | None]
    receipt_field: Mapped[str | None]
    receipt_text: Mapped[str | None]
    city_id: Mapped[str | None]
    due_on: Mapped[date | None]
    released_at: Mapped[datetime] = _now()
    sent_at: Mapped[datetime | None]
    booked_at: Mapped[datetime | None]
    booked_on: Mapped[date | None]
    __table_args__ = (
        CheckConstraint(_one_of("operation", ("ADD", "MOD", "DEL")), name="operation"),
        CheckConstraint(_one_of("state", ("pending", "sending", "unknown", "accepted", "rejected", "withdrawn",
                                          "superseded")), name="state"),
        Index(None, "receiver", "record_id", "item_id"),
        Index("ix_delivery_item_open", "receiver", "item_id",
              postgresql_where=text("state in ('pending', 'sending', 'unknown')")),
    )


class Delivery(Base):
    """One request to a receiver, booked before it is sent."""

    __tablename__ = "delivery"
    delivery_id: Mapped[int] = _id()
    receiver: Mapped[str]
    interface: Mapped[str]
    request_id: Mapped[str] = mapped_column(unique=True)
    items: Mapped[int]
    state: Mapped[str] = mapped_column(server_default="sending")
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


class Alert(Base):
    """What was already told; the next alert says only what is new or settled."""

    __tablename__ = "alert"
    fingerprint: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str]
    message: Mapped[str]
    first_on: Mapped[date]
    last_on: Mapped[date]
    told_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]


class AccessLog(Base):
    """Who looked at which person's record, when, and for what purpose (requirements L; PIPL Art. 54)."""

    __tablename__ = "access_log"
    id: Mapped[int] = _id()
    at: Mapped[datetime] = _now()
    who: Mapped[str]
    purpose: Mapped[str]
    action: Mapped[str]
    subject_ref: Mapped[str] = mapped_column(server_default="")
    record_id: Mapped[str] = mapped_column(server_default="")
    channel: Mapped[str] = mapped_column(server_default="cli")


class Report(Base):
    """A report on an organisation, or a review of an applicant list: who had it made, for what, as of which data.

    ``area``: the area of the plan it was used in (T20), '' for none; ``used_on``: the business date it was made on.
    """

    __tablename__ = "report"
    id: Mapped[int] = _id()
    at: Mapped[datetime] = _now()
    kind: Mapped[str]
    who: Mapped[str]
    purpose: Mapped[str]
    level: Mapped[str] = mapped_column(server_default="")
    subject_id: Mapped[str] = mapped_column(server_default="")
    rows: Mapped[int]
    data_on: Mapped[date]
    channel: Mapped[str] = mapped_column(server_default="cli")
    area: Mapped[str] = mapped_column(server_default="")
    used_on: Mapped[date]
    __table_args__ = (CheckConstraint(_one_of("kind", ("subject", "review")), name="kind"),)


class Secret(Base):
    """Vault: a sensitive number, encrypted by the application; the token is random, the lookup a keyed HMAC."""

    __tablename__ = "secret"
    token: Mapped[str] = mapped_column(primary_key=True)
    letter: Mapped[str] = mapped_column(String(1))
    lookup: Mapped[bytes] = mapped_column(unique=True)
    lookup_version: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    ciphertext: Mapped[bytes]
    key_version: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    stored_at: Mapped[datetime] = _now()
    __table_args__ = ({"schema": "vault"},)




from . import edition_models, subject_models  # noqa: E402, F401  (their tables belong to the same metadata)
