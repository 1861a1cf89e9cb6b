"""Table of who holds which lock."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base


class LockHolder(Base):
    """The last holder of a lock (``ledger.locks``); ``process`` and ``holder`` are '' once it has let go."""

    __tablename__ = "lock_holder"
    name: Mapped[str] = mapped_column(primary_key=True)
    process: Mapped[str]
    holder: Mapped[str] = mapped_column(server_default="")
    since: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
