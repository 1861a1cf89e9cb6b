"""Tables of the schema ``subjects`` and the judgements behind them (SQLAlchemy 2).

``subject``, ``identifier``, ``alias``, ``change``, ``succession`` and ``work_item`` are what others read. ``version``,
``register``, ``claim``, ``roster``, ``judged`` and ``progress`` are the resolver's own state: what the registers say now,
indexed so that a build touches only the components it changes. Organisations only: no table here is about a person.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ..states import Conversion, Decision, PastId, SubjectClass, Topic, WorkState
from .base import Base, _id, _now, _one_of


class Judgement(Base):
    """A person's decision that two identifiers belong to the same organisation, or do not; undone, never deleted."""

    __tablename__ = "judgement"
    id: Mapped[int] = _id()
    decision: Mapped[str]
    left_key: Mapped[str]
    right_key: Mapped[str]
    reason: Mapped[str]
    decided_by: Mapped[str]
    decided_at: Mapped[datetime] = _now()
    decided_on: Mapped[date]
    undone_by: Mapped[str | None]
    undone_at: Mapped[datetime | None]
    undone_on: Mapped[date | None]
    undo_reason: Mapped[str | None]
    __table_args__ = (CheckConstraint(_one_of("decision", Decision), name="decision"),)


class Subject(Base):
    """One organisation as the registers and the judgements describe it."""

    __tablename__ = "subject"
    subject_id: Mapped[str] = mapped_column(primary_key=True)
    canonical_key: Mapped[str]
    subject_class: Mapped[str]
    org_type: Mapped[str]
    uscc: Mapped[str]
    name: Mapped[str]
    name_key: Mapped[str]
    state: Mapped[str]
    established_on: Mapped[date | None]
    address: Mapped[str]
    legal_rep_name: Mapped[str]
    build_id: Mapped[int] = mapped_column(BigInteger)
    gone: Mapped[bool] = mapped_column(Boolean)
    __table_args__ = (
        CheckConstraint(_one_of("subject_class", SubjectClass), name="subject_class"),
        Index(None, "canonical_key"),
        Index(None, "uscc"),
        {"schema": "subjects"},
    )


class Identifier(Base):
    """Which subject an identifier (or a folded name, scheme ``name``) belongs to; no subject: ambiguous."""

    __tablename__ = "identifier"
    scheme: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[str | None]
    reason: Mapped[str] = mapped_column(server_default="")
    build_id: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (Index(None, "subject_id"), {"schema": "subjects"})


class Alias(Base):
    """A past id of a subject and the id it has now; never a chain."""

    __tablename__ = "alias"
    past_id: Mapped[str] = mapped_column(primary_key=True)
    past_key: Mapped[str]
    subject_id: Mapped[str]
    reason: Mapped[str]
    build_id: Mapped[int] = mapped_column(BigInteger)
    since_on: Mapped[date]
    __table_args__ = (
        CheckConstraint(_one_of("reason", PastId), name="reason"),
        Index(None, "past_key"),
        Index(None, "subject_id"),
        {"schema": "subjects"},
    )


class Change(Base):
    """An identifier that resolves differently since this build."""

    __tablename__ = "change"
    build_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    scheme: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)
    old_subject_id: Mapped[str | None]
    new_subject_id: Mapped[str | None]
    __table_args__ = ({"schema": "subjects"},)


class Succession(Base):
    """个转企: an individual business that went on as an enterprise; two subjects, linked by the register's own row."""

    __tablename__ = "succession"
    record_id: Mapped[str] = mapped_column(primary_key=True)
    old_subject_id: Mapped[str]
    new_subject_id: Mapped[str]
    kind: Mapped[str]
    known_on: Mapped[date]
    build_id: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (
        CheckConstraint(_one_of("kind", Conversion), name="kind"),
        Index(None, "old_subject_id"),
        Index(None, "new_subject_id"),
        {"schema": "subjects"},
    )


class WorkItem(Base):
    """Something a person has to look at; ``detail`` holds identifiers of organisations and record ids only."""

    __tablename__ = "work_item"
    id: Mapped[int] = _id()
    topic: Mapped[str]
    key: Mapped[str]
    reason: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    state: Mapped[str] = mapped_column(server_default=WorkState.OPEN)
    opened_on: Mapped[date]
    closed_on: Mapped[date | None]
    __table_args__ = (
        UniqueConstraint("topic", "key"),
        CheckConstraint(_one_of("topic", Topic), name="topic"),
        CheckConstraint(_one_of("state", WorkState), name="state"),
        {"schema": "subjects"},
    )


class Version(Base):
    """An accepted register row, as far as identity and the subject's description need it."""

    __tablename__ = "version"
    batch_seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    attempt: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    row_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    record_id: Mapped[str]
    kind: Mapped[str]
    dataset_id: Mapped[str]
    snapshot: Mapped[bool] = mapped_column(Boolean)
    source_version: Mapped[str]
    accepted_on: Mapped[date]
    uscc: Mapped[str]
    org_code: Mapped[str]
    business_reg_no: Mapped[str]
    tax_reg_no: Mapped[str]
    institution_cert_no: Mapped[str]
    social_org_cert_no: Mapped[str]
    predecessor_uscc: Mapped[str]
    name: Mapped[str]
    name_key: Mapped[str]
    former_keys: Mapped[str]
    org_type: Mapped[str]
    state: Mapped[str]
    established_on: Mapped[date | None]
    address: Mapped[str]
    legal_rep_name: Mapped[str]
    __table_args__ = (Index(None, "record_id"), {"schema": "subjects"})


class RegisterRow(Base):
    """The current version of a register record, whether its roster still lists it, and the subject it describes."""

    __tablename__ = "register"
    record_id: Mapped[str] = mapped_column(primary_key=True)
    batch_seq: Mapped[int] = mapped_column(BigInteger)
    attempt: Mapped[int] = mapped_column(SmallInteger)
    row_no: Mapped[int]
    gone: Mapped[bool] = mapped_column(Boolean)
    subject_id: Mapped[str | None]
    __table_args__ = (Index(None, "subject_id"), {"schema": "subjects"})


class Claim(Base):
    """One identifier a current register record (or a judgement, ``j<id>``) names."""

    __tablename__ = "claim"
    scheme: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)
    record_id: Mapped[str] = mapped_column(primary_key=True)
    __table_args__ = (Index(None, "record_id"), {"schema": "subjects"})


class Roster(Base):
    """The records a dataset's newest full snapshot lists."""

    __tablename__ = "roster"
    dataset_id: Mapped[str] = mapped_column(primary_key=True)
    record_id: Mapped[str] = mapped_column(primary_key=True)
    __table_args__ = (Index(None, "record_id"), {"schema": "subjects"})


class Judged(Base):
    """A judgement in force since the last build."""

    __tablename__ = "judged"
    judgement_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    decision: Mapped[str]
    left_key: Mapped[str]
    right_key: Mapped[str]
    __table_args__ = ({"schema": "subjects"},)


class Progress(Base):
    """Builds that were resolved, with what that took."""

    __tablename__ = "progress"
    build_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    counts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    resolved_at: Mapped[datetime] = _now()
    __table_args__ = ({"schema": "subjects"},)
