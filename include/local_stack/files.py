"""Files of the state folder that only their owner may read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from public_credit.base import connections, files


def set_connections(path: Path, changes: dict[str, str]) -> None:
    """Set connections anew; other lines of the file stay as they are. Raises UserError when the file cannot be understood."""
    before = path.read_bytes() if path.exists() else b""
    after = connections.updated(before, path.name, changes)
    if after != before:
        files.write(path, after.decode())


def secret_file(home: Path, name: str, make: Callable[[], str]) -> Path:
    """A generated secret, kept in the state folder; made at its first use."""
    path = home / "secrets" / name
    if not path.exists():
        files.write(path, make())
    return path
