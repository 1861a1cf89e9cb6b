"""Files of the state folder that only their owner may read."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from public_credit.base import connections


def write_private(path: Path, content: str) -> None:
    """Replace a file by one that only its owner may read; whoever reads it meanwhile sees the old or the new one whole."""
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
    with os.fdopen(descriptor, "w", encoding="utf-8") as target:
        target.write(content)
    os.replace(temporary, path)


def set_connections(path: Path, changes: dict[str, str]) -> None:
    """Set connections anew; other lines of the file stay as they are. Raises UserError when the file cannot be understood."""
    before = path.read_bytes() if path.exists() else b""
    after = connections.updated(before, path.name, changes)
    if after != before:
        write_private(path, after.decode())


def secret_file(home: Path, name: str, make: Callable[[], str]) -> Path:
    """A generated secret, kept in the state folder; made at its first use."""
    path = home / "secrets" / name
    if not path.exists():
        write_private(path, make())
    return path
