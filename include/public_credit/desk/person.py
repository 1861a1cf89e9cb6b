"""The person a request is answered for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ..base.run import Run
from ..ledger import words
from ..ledger.states import Audience


@dataclass(frozen=True)
class Person:
    """Who is signed in; ``token`` is the session's secret, ``unit_id`` '' for everybody but clerks."""

    account: str
    name: str
    role: Audience
    unit_id: str
    token: str

    @property
    def who(self) -> str:
        """How what this person does is booked."""
        return f"{self.name}（{self.account}）"

    @property
    def role_title(self) -> str:
        """The role as people call it."""
        return words.AUDIENCE[self.role]

    @property
    def csrf(self) -> str:
        """What every form of this session carries; says nothing about the token."""
        return hashlib.sha256(f"csrf {self.token}".encode()).hexdigest()

    def run(self, run: Run) -> Run:
        """A run in this person's name."""
        return run.by(self.who, self.role)
