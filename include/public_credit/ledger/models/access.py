"""Tables of who was told, who looked, what was handed out; and the vault."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, SmallInteger, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from ..states import PaperForm, ReportKind
from .base import Base, _id, _now, _one_of


class Alert(Base):
    """What a receiver of alerts was told; his next one says only what is new or settled, and once a week what stands.

    ``receiver``: his connection with the addresses, '' of what was told before it was noted to whom. ``reminded_on`` is the business
    date on which it was last told, first or again.
    """

    __tablename__ = "alert"
    receiver: Mapped[str] = mapped_column(primary_key=True, server_default="")
    fingerprint: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str]
    message: Mapped[str]
    first_on: Mapped[date]
    last_on: Mapped[date]
    reminded_on: Mapped[date | None]
    told_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]


class AccessLog(Base):
    """Who looked at which record, when, and for what purpose; a person's always with one (PIPL Art. 54)."""

    __tablename__ = "access_log"
    id: Mapped[int] = _id()
    at: Mapped[datetime] = _now()
    who: Mapped[str]
    purpose: Mapped[str]
    action: Mapped[str]
    subject_ref: Mapped[str] = mapped_column(server_default="")
    record_id: Mapped[str] = mapped_column(server_default="")
    channel: Mapped[str] = mapped_column(server_default="cli")
    __table_args__ = (
        Index("ix_access_log_record_id", "record_id", postgresql_where=text("record_id <> ''")),
        Index("ix_access_log_find", "who", "at", postgresql_where=text("action = 'find'")),
    )
    __mapper_args__ = {"eager_defaults": False}  # who books a look may not read all of it back


class RelationRight(Base):
    """What gives a relation (``schema.name``, ``schema.*``, ``schema.* partition``) its rights, as the policy says (``ledger.rights``).

    ``ledger.settle_rights`` runs the statements; ``%1$s`` stands for the relation.
    """

    __tablename__ = "relation_right"
    relation: Mapped[str] = mapped_column(primary_key=True)
    statements: Mapped[list[str]] = mapped_column(ARRAY(Text))


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
    __table_args__ = (CheckConstraint(_one_of("kind", ReportKind), name="kind"),)


class ReportPaper(Base):
    """A file that was handed out for a report: the hash of what it says, and the check code printed on it."""

    __tablename__ = "report_paper"
    report_id: Mapped[int] = mapped_column(ForeignKey("ledger.report.id"), primary_key=True)
    form: Mapped[str] = mapped_column(primary_key=True)
    content_hash: Mapped[str]
    check_code: Mapped[str]
    __table_args__ = (CheckConstraint(_one_of("form", PaperForm), name="form"),)


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
