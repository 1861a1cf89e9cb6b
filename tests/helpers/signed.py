"""Somebody signed in at the command line, as tests need it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from unittest import mock

from public_credit.base import settings
from public_credit.base.messages import UserError
from public_credit.catalogue import load_catalogue
from public_credit.desk import sessions
from public_credit.ledger.session import session_of as told
from public_credit.ledger.states import Channel
from sqlalchemy.exc import SQLAlchemyError

_made: dict[tuple[str, str], str] = {}


def token_of(account: str) -> str:
    """The token of a session of an account of the district; one an account and warehouse."""
    key = (settings.dsn("desk"), account)
    if key not in _made or told(_made[key]) is None:  # a test may have restored an older database, or ended it
        _made[key] = sessions.admit(load_catalogue().users[account], Channel.CLI).token
    return _made[key]


def session_of(account: str) -> dict[str, str]:
    """What the environment says of it: a session that is none where there is no warehouse, nothing where nobody has an account."""
    if os.environ.get("PCW_SESSION"):
        return {}
    try:
        if not (users := load_catalogue().users):
            return {}
        if account not in users:
            account = next(entry.account for entry in users.values() if entry.role == "engineer")
        return {"PCW_SESSION": token_of(account)}
    except (UserError, SQLAlchemyError):
        return {"PCW_SESSION": "no-warehouse"}


@contextlib.contextmanager
def signed(account: str) -> Iterator[str]:
    """The command line acts for an account while the block runs; how what it does is booked."""
    with mock.patch.dict("os.environ", PCW_SESSION=token_of(account)):
        yield load_catalogue().users[account].who
