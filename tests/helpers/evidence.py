"""Alter what evidence is, as the owner of a database can: with the triggers that refuse and book put to sleep."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg


@contextmanager
def asleep(owner: psycopg.Connection, *tables: str) -> Iterator[None]:
    """The triggers of the tables sleep while the block runs."""
    for name in tables:
        owner.execute(f"alter table {name} disable trigger user")
    yield
    for name in tables:
        owner.execute(f"alter table {name} enable trigger user")
