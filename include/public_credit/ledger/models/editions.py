"""Frozen editions of the targets' figures (SQLAlchemy 2): the edition, its figures, and the items each figure is made of.

Figures and items may be written while an edition is a draft and never afterwards; a frozen edition never changes at all
(triggers of revision 0007). A later correction is a new edition that restates the old one.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, Index, Numeric, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from ..states import UNDECIDED, EditionKind, EditionState, sql
from .base import Base, _id, _now, _one_of


class Edition(Base):
    """One computation of a year's figures as of 31 December."""

    __tablename__ = "edition"
    id: Mapped[int] = _id()
    year: Mapped[int]
    kind: Mapped[str]
    restates: Mapped[int | None] = mapped_column(ForeignKey("ledger.edition.id"))
    state: Mapped[str] = mapped_column(server_default=EditionState.DRAFT)
    as_of: Mapped[date]
    business_date: Mapped[date]
    build_id: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(server_default="")
    content_hash: Mapped[str] = mapped_column(server_default="")
    computed_at: Mapped[datetime] = _now()
    computed_by: Mapped[str]
    decided_by: Mapped[str] = mapped_column(server_default="")
    decided_at: Mapped[datetime | None]
    frozen_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint(_one_of("state", EditionState), name="state"),
        CheckConstraint(
            f"(kind = {sql(EditionKind.ORIGINAL)} and restates is null) "
            f"or (kind = {sql(EditionKind.RESTATEMENT)} and restates is not null)",
            name="kind",
        ),
        Index(None, "year"),
        Index("uq_edition_open", "year", unique=True, postgresql_where=text(f"state in {sql(UNDECIDED)}")),
        Index(
            "uq_edition_original",
            "year",
            unique=True,
            postgresql_where=text(f"kind = {sql(EditionKind.ORIGINAL)} and state = {sql(EditionState.FROZEN)}"),
        ),
    )


class EditionFigure(Base):
    """A figure of an edition, with the columns of ``mart_targets__progress``; unit '' is the district."""

    __tablename__ = "edition_figure"
    edition_id: Mapped[int] = mapped_column(ForeignKey("ledger.edition.id"), primary_key=True)
    target_id: Mapped[str] = mapped_column(primary_key=True)
    goal_no: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[str] = mapped_column(primary_key=True)
    figure_id: Mapped[str]
    numerator: Mapped[int | None] = mapped_column(BigInteger)
    denominator: Mapped[int | None] = mapped_column(BigInteger)
    denominator_source: Mapped[str | None]
    denominator_on: Mapped[date | None]
    percent: Mapped[Decimal | None] = mapped_column(Numeric(9, 4))
    goal: Mapped[Decimal] = mapped_column(Numeric(7, 4))
    distance: Mapped[Decimal | None] = mapped_column(Numeric(9, 4))
    pace: Mapped[Decimal | None] = mapped_column(Numeric(9, 4))
    state: Mapped[str]
    suppressed: Mapped[bool] = mapped_column(Boolean)


class EditionDefinition(Base):
    """What a figure of an edition was taken to mean: the words beside it, and a hash of all that defines it."""

    __tablename__ = "edition_definition"
    edition_id: Mapped[int] = mapped_column(ForeignKey("ledger.edition.id"), primary_key=True)
    target_id: Mapped[str] = mapped_column(primary_key=True)
    goal_no: Mapped[int] = mapped_column(primary_key=True)
    definition: Mapped[str]
    content_hash: Mapped[str]


class EditionItem(Base):
    """What one item (organisation, report of a unit, department, area) added to a figure of an edition, and by which record."""

    __tablename__ = "edition_item"
    edition_id: Mapped[int] = mapped_column(ForeignKey("ledger.edition.id"), primary_key=True)
    figure_id: Mapped[str] = mapped_column(primary_key=True)
    item_key: Mapped[str] = mapped_column(primary_key=True)
    unit_id: Mapped[str]
    label: Mapped[str]
    record_id: Mapped[str]
    numerator: Mapped[int] = mapped_column(BigInteger)
    denominator: Mapped[int] = mapped_column(BigInteger)
    missing: Mapped[int] = mapped_column(SmallInteger)
    __table_args__ = (Index(None, "record_id"),)
