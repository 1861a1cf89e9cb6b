"""Tables of the desk: who is signed in, and who tried to be. Only ``pcw_desk`` writes them (decision 0079)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from ..states import Audience, Channel, SignIn
from .base import Base, _id, _now, _one_of


class DeskSession(Base):
    """A person who is signed in; of the token only its SHA-256 is kept.

    Live while ``closed_at`` is empty and ``ends_at`` is to come; what the database says of a token is ``desk.who()``.
    ``unit_id``: the unit of a clerk, empty for everybody else.
    """

    __tablename__ = "session"
    id: Mapped[int] = _id()
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    account: Mapped[str]
    name: Mapped[str]
    role: Mapped[str]
    unit_id: Mapped[str | None]
    channel: Mapped[str]
    opened_at: Mapped[datetime] = _now()
    seen_at: Mapped[datetime] = _now()
    ends_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint(_one_of("role", Audience), name="role"),
        CheckConstraint(_one_of("channel", Channel), name="channel"),
        CheckConstraint(f"(role = '{Audience.CLERK}') = (unit_id is not null)", name="unit_of_clerk"),
        Index("ix_session_account", "account"),
        {"schema": "desk"},
    )


class LoginAttempt(Base):
    """Somebody tried to sign in: as which account, from where, and what came of it."""

    __tablename__ = "login_attempt"
    id: Mapped[int] = _id()
    at: Mapped[datetime] = _now()
    account: Mapped[str]
    address: Mapped[str]
    outcome: Mapped[str]
    __table_args__ = (
        CheckConstraint(_one_of("outcome", SignIn), name="outcome"),
        Index("ix_login_attempt_account", "account", "at"),
        Index("ix_login_attempt_address", "address", "at"),
        {"schema": "desk"},
    )
