"""Tables of what the warehouse was built from, and what of the catalogue dbt reads."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ..states import BuildState, InputOperation, sql
from .base import Base, _id, _now, _one_of


class PublishedUnit(Base):
    """A unit of the catalogue, published for the models: they know deliverers by id, records by code."""

    __tablename__ = "unit"
    unit_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    uscc: Mapped[str] = mapped_column(unique=True)


class PublishedDataset(Base):
    """A dataset of the catalogue, published for the models; one that left the catalogue stays, its records do too.

    ``live_on``: the first day it is expected to deliver, the first business day where it is none.
    """

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
    live_on: Mapped[date | None]


class KindShape(Base):
    """The shape of ``raw.<kind>`` as it was applied last: its key, the fields of its variants, their types.

    ``shape``: ``key`` (list), ``variants`` (fields per variant in the order of the catalogue), ``fields`` (name, type and
    code list of each column), ``kept`` (likewise, of dropped fields whose columns still hold what was delivered).
    """

    __tablename__ = "kind_shape"
    kind: Mapped[str] = mapped_column(primary_key=True)
    shape: Mapped[dict[str, Any]]
    catalogue_version: Mapped[str] = mapped_column(server_default="")
    applied_at: Mapped[datetime] = _now()
    applied_by: Mapped[str] = mapped_column(server_default="")


class Build(Base):
    """One warehouse build; its inputs are frozen, so a killed build resumes as itself.

    ``made_from`` are fingerprints of the seeds, the models, the district's facts, schema ``published``, what was published of
    the catalogue and the shape of the kinds; none while its models are of more than one state of them.
    """

    __tablename__ = "build"
    build_id: Mapped[int] = _id()
    business_date: Mapped[date]
    state: Mapped[str] = mapped_column(server_default=BuildState.OPEN)
    opened_at: Mapped[datetime] = _now()
    built_at: Mapped[datetime | None]
    code_version: Mapped[str] = mapped_column(server_default="")
    invocation_id: Mapped[str] = mapped_column(server_default="")
    message: Mapped[str] = mapped_column(server_default="")
    made_from: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    __table_args__ = (
        CheckConstraint(_one_of("state", BuildState), name="state"),
        Index("uq_build_one_open", "state", unique=True, postgresql_where=text(f"state = {sql(BuildState.OPEN)}")),
    )


class BuildInput(Base):
    """An attempt that a build adds to, or removes from, the warehouse."""

    __tablename__ = "build_input"
    build_id: Mapped[int] = mapped_column(ForeignKey("ledger.build.build_id"), primary_key=True)
    batch_seq: Mapped[int] = mapped_column(ForeignKey("ledger.batch.seq"), primary_key=True)
    attempt: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    operation: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    __table_args__ = (CheckConstraint(_one_of("operation", InputOperation), name="operation"), Index(None, "batch_seq"))
