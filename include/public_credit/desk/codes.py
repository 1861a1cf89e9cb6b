"""One-time codes for the command line: shown by the desk to whoever is signed in there, by password or identity provider.

They live in this process, good once and for five minutes, and only while the session lasts that asked for them; of a code its SHA-256 is kept. 60 bits: none is guessed in that time.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from dataclasses import dataclass
from datetime import timedelta

GOOD_FOR = timedelta(minutes=5)
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none is taken for another
_GROUPS, _EACH = 3, 4
_lock = threading.Lock()


@dataclass(frozen=True)
class Giver:
    """Whose code it is, and the token of the session at the desk that showed it."""

    account: str
    token: str


_given: dict[bytes, tuple[Giver, float]] = {}


def _kept_as(code: str) -> bytes:
    return hashlib.sha256(code.upper().replace("-", "").replace(" ", "").encode()).digest()


def made_for(account: str, token: str) -> str:
    """A new code for an account, shown in the session of a token; one the account was given before is good for nothing more."""
    code = "-".join("".join(secrets.choice(_LETTERS) for _ in range(_EACH)) for _ in range(_GROUPS))
    with _lock:
        for old in [
            key for key, (whose, until) in _given.items() if whose.account == account or until < time.monotonic()
        ]:
            del _given[old]
        _given[_kept_as(code)] = (Giver(account, token), time.monotonic() + GOOD_FOR.total_seconds())
    return code


def giver_of(code: str) -> Giver | None:
    """Whose code it is, which uses it up; None for none that is good."""
    with _lock:
        giver, until = _given.pop(_kept_as(code), (None, 0.0))
    return giver if until >= time.monotonic() else None
