"""Passwords of local accounts: argon2 hashes in one secrets file (0600), set from the command line, never shown again.

A password that somebody else than the account's person has set is kept with who and when: whoever sets one could act as that person,
so the account approves nothing for ``REST`` (``reset_of``), within which its person learns of it.
"""

from __future__ import annotations

import fcntl
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from threading import Semaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ..base import files, settings
from ..base.messages import UserError
from ..base.run import now

SHORTEST, LONGEST = 12, 200  # characters
REST = timedelta(hours=24)
_HASHER = PasswordHasher()
_AT_ONCE = Semaphore(2)  # each takes 64 MiB for a tenth of a second


def path() -> Path:
    """Where the hashes are."""
    return settings.home() / "secrets" / "desk_passwords.json"


@dataclass(frozen=True)
class Reset:
    """Who has set the password of somebody else's account, when, and until when that account approves nothing."""

    by: str
    at: datetime

    @property
    def until(self) -> datetime:
        """The end of ``REST``."""
        return self.at + REST


def _read() -> dict[str, dict[str, str]]:
    """Account → ``hash`` and, where another one has set it, ``set_by`` and ``set_at``; a bare text is a hash."""
    try:
        found = json.loads(path().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        raise UserError("工作台的口令文件读不了。", remedy=f"恢复 {path().name}，或逐个重设口令。", code=3) from None
    entries = found if isinstance(found, dict) else {}
    return {account: {"hash": kept} if isinstance(kept, str) else kept for account, kept in entries.items()}


def known() -> set[str]:
    """Accounts that have a password."""
    return set(_read())


def made_up() -> str:
    """A password nobody has to invent."""
    return secrets.token_urlsafe(12)


def check(password: str) -> None:
    """Raises UserError for a password that is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise UserError(f"口令应为 {SHORTEST} 至 {LONGEST} 个字符。", remedy="换一个，或加 --generate 由系统生成。")


def set_password(account: str, password: str, by: str = "") -> None:
    """Keep the hash of an account's password. ``by``: who sets it for somebody else, '' for the account's own person.

    What another one has set before stays noted: a change of one's own does not end ``REST``. Raises UserError for a password that is
    too short or too long.
    """
    check(password)
    path().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path().with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = _read()
        noted = {"set_by": by, "set_at": now().isoformat()} if by else kept.get(account, {})
        kept[account] = noted | {"hash": _HASHER.hash(password)}
        plain = {name: entry if "set_by" in entry else entry["hash"] for name, entry in kept.items()}
        files.write(path(), json.dumps(plain, indent=1, ensure_ascii=False))


def reset_of(account: str) -> Reset | None:
    """Who has set the account's password for it within ``REST``; None where nobody has."""
    entry = _read().get(account, {})
    if "set_by" not in entry:
        return None
    reset = Reset(entry["set_by"], datetime.fromisoformat(entry["set_at"]))
    return reset if now() < reset.until else None


@lru_cache(maxsize=1)
def _nobody() -> str:
    return _HASHER.hash(secrets.token_hex())


def fits(account: str, password: str) -> bool:
    """Whether it is the account's password; takes as long for an account that has none."""
    found = _read().get(account, {}).get("hash")
    with _AT_ONCE:
        try:
            return _HASHER.verify(found or _nobody(), password) and found is not None
        except (VerificationError, InvalidHashError):
            return False
