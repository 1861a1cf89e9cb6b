"""The only place that opens a database session for a page: in the name of the person who asked for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from ..ledger.session import acting, session
from .person import Person


@contextmanager
def opened(person: Person) -> Iterator[Session]:
    """A read transaction of a person, with the rights of the own role; ``desk.who()`` says who it is, from the token."""
    with acting(person.role, person.token), session("reader") as read:
        yield read
