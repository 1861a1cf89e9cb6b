"""COPY into a table, of which the server's log learns nothing when it ends in an error of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import Connection, Copy


class _Stopped(Exception):
    """All that is told of an error: psycopg sends an exception's text to the server, which writes it to its log."""


@contextmanager
def copying(connection: Connection[Any], statement: str) -> Iterator[Copy]:
    """Run ``copy … from stdin``; an error of the block ends the statement and goes on, its text stays here."""
    fault: BaseException | None = None
    with connection.cursor() as cursor:
        try:
            with cursor.copy(statement) as copy:
                try:
                    yield copy
                except BaseException as error:
                    fault = error
                    raise _Stopped from None
        except BaseException:
            if fault is None:
                raise
    if fault is not None:
        raise fault
