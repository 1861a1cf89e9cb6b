"""What needs two persons and is done at once when both have spoken: a rekey, a purge."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from ..states import ApprovalState, Irreversible, sql
from .base import Base, _id, _now, _one_of


class Approval(Base):
    """One person asks, another one decides, the first one's command then does it.

    ``fingerprint``: what would be done, as it was shown; ``alone``: asked and decided by the same person, where the district
    states that it has one only.
    """

    __tablename__ = "approval"
    id: Mapped[int] = _id()
    action: Mapped[str]
    fingerprint: Mapped[str]
    about: Mapped[str]
    reason: Mapped[str]
    business_date: Mapped[date]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime] = _now()
    state: Mapped[str] = mapped_column(server_default=ApprovalState.WAITING)
    decided_by: Mapped[str] = mapped_column(server_default="")
    decided_at: Mapped[datetime | None]
    alone: Mapped[bool] = mapped_column(server_default="false")
    used_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint(_one_of("state", ApprovalState), name="state"),
        CheckConstraint(_one_of("action", Irreversible), name="action"),
        CheckConstraint(f"state = {sql(ApprovalState.WAITING)} or decided_by <> ''", name="decided"),
        CheckConstraint(
            f"alone or decided_by <> asked_by or state = {sql(ApprovalState.REJECTED)}", name="two_persons"
        ),
        Index(
            "uq_approval_open",
            "action",
            "fingerprint",
            unique=True,
            postgresql_where=text(f"state in {sql((ApprovalState.WAITING, ApprovalState.APPROVED))}"),
        ),
    )
