"""Passwords of local accounts: argon2 hashes in one secrets file (0600), set from the command line, never shown again."""

from __future__ import annotations

import fcntl
import json
import secrets
from functools import lru_cache
from pathlib import Path
from threading import Semaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ..base import files, settings
from ..base.messages import UserError

SHORTEST, LONGEST = 12, 200  # characters
_HASHER = PasswordHasher()
_AT_ONCE = Semaphore(2)  # each takes 64 MiB for a tenth of a second


def path() -> Path:
    """Where the hashes are."""
    return settings.home() / "secrets" / "desk_passwords.json"


def _read() -> dict[str, str]:
    try:
        found = json.loads(path().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        raise UserError("工作台的口令文件读不了。", remedy=f"恢复 {path().name}，或逐个重设口令。", code=3) from None
    return found if isinstance(found, dict) else {}


def known() -> set[str]:
    """Accounts that have a password."""
    return set(_read())


def made_up() -> str:
    """A password nobody has to invent."""
    return secrets.token_urlsafe(12)


def set_password(account: str, password: str) -> None:
    """Keep the hash of an account's password. Raises UserError for one that is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise UserError(f"口令应为 {SHORTEST} 至 {LONGEST} 个字符。", remedy="换一个，或加 --generate 由系统生成。")
    path().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path().with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        files.write(path(), json.dumps(_read() | {account: _HASHER.hash(password)}, indent=1))


@lru_cache(maxsize=1)
def _nobody() -> str:
    return _HASHER.hash(secrets.token_hex())


def fits(account: str, password: str) -> bool:
    """Whether it is the account's password; takes as long for an account that has none."""
    found = _read().get(account)
    with _AT_ONCE:
        try:
            return _HASHER.verify(found or _nobody(), password) and found is not None
        except (VerificationError, InvalidHashError):
            return False
