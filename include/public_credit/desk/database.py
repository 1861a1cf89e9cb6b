"""The only place that opens a database session for a page: in the name of the person who asked for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.orm import Session

from ..ledger.session import session
from .person import Person


@contextmanager
def opened(person: Person) -> Iterator[Session]:
    """A read transaction of a person: the database knows who asks by ``desk.who()``, from the token, for this transaction."""
    with session("reader") as read:
        read.execute(text("select set_config('pcw.session', :token, true)"), {"token": person.token})
        yield read
