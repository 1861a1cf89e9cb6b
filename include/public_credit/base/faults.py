"""Faults of one receipt: what ends that receipt and nothing else, and how it is told without a delivered value."""

from __future__ import annotations

import logging
import traceback

import psycopg
from sqlalchemy.exc import DBAPIError

from .messages import UserError

log = logging.getLogger(__name__)


def _of_database(error: BaseException) -> bool:
    """Whether the database itself is the trouble (gone, full, busy); a limit that one row exceeds (class 54) is not."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError) and not (
        cause.sqlstate or ""
    ).startswith("54")


def of_receipt(error: BaseException) -> bool:
    """Whether an error ends the receipt it arose at and nothing else.

    Not so: an interrupt or time limit, a condition a person can mend for all receipts alike (UserError: a key, a rule
    file), the database. A panic of a compiled library is no ``Exception`` and ends the receipt all the same.
    """
    if isinstance(error, UserError):
        return error.of_receipt
    if _of_database(error):
        return False
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"


def name(error: BaseException) -> str:
    """The error's type as people look it up (``zlib.error``); of a statement that failed, what the database said."""
    kind = type(error.orig if isinstance(error, DBAPIError) else error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def text(error: BaseException) -> str:
    """What the ledger says of it: a UserError's own text, otherwise the type only (the text may hold a delivered value)."""
    return str(error) if isinstance(error, UserError) else f"程序错误 {name(error)}"


def note(what: str, error: BaseException) -> None:
    """Write where an error arose to the log: the frames of it and of its causes, never its text."""
    lines: list[str] = []
    seen: BaseException | None = error
    while seen is not None:
        lines += [*traceback.format_tb(seen.__traceback__), f"{name(seen)}\n"]
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    log.error("%s\n%s", what, "".join(lines))
