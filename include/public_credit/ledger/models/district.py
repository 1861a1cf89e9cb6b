"""Tables of what the district's folder says and dbt reads, put there anew before every build (``build.inputs``)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..states import UnitRole
from .base import Base, _id, _one_of


class MilestoneEvidence(Base):
    """When a milestone came to 推进中 or 已完成, by which document, and who booked it."""

    __tablename__ = "milestone_evidence"
    id: Mapped[int] = _id()
    milestone_id: Mapped[str]
    state: Mapped[str]
    state_on: Mapped[date]
    evidence: Mapped[str | None]
    document_no: Mapped[str]
    entered_by: Mapped[str]


class CalendarDay(Base):
    """A day the seed of working days does not tell, or tells otherwise: of the district's calendar, or by its weekday."""

    __tablename__ = "calendar_day"
    day: Mapped[date] = mapped_column(primary_key=True)
    is_workday: Mapped[bool]
    note: Mapped[str]
    source: Mapped[str]
    announced: Mapped[bool]


class KeyDepartment(Base):
    """A department the plan names (T19), the unit it is now, and by which document it was connected before this warehouse."""

    __tablename__ = "key_department"
    department: Mapped[str] = mapped_column(primary_key=True)
    unit_id: Mapped[str | None]
    connected_on: Mapped[date | None]
    evidence: Mapped[str | None]


class ReportArea(Base):
    """An area of credit reports the plan names (T20), and by which document it was introduced before this warehouse."""

    __tablename__ = "report_area"
    area: Mapped[str] = mapped_column(primary_key=True)
    first_on: Mapped[date | None]
    evidence: Mapped[str | None]


class TargetUnit(Base):
    """A unit that answers for a figure of the target ledger or a milestone, or contributes to it; ``place`` is the order they are shown in."""

    __tablename__ = "target_unit"
    figure_id: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    unit_id: Mapped[str]
    __table_args__ = (CheckConstraint(_one_of("role", UnitRole), name="role"),)


class DistrictFile(Base):
    """A file of the district's folder as it was when it was good last: what stays in force while it has a mistake."""

    __tablename__ = "district_file"
    name: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[str]
