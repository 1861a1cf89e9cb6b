"""What a simulated service tells the stack: the connections it offers."""

from __future__ import annotations

import os
from pathlib import Path

import yaml


def offer(path: Path, connections: dict[str, str]) -> None:
    """Write ``conn_id: uri`` as YAML, readable by the owner only; who sees the file sees all of it."""
    temporary = path.with_name(f"{path.name}.part")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as target:
        yaml.safe_dump(connections, target, allow_unicode=True, width=1000)
    os.replace(temporary, path)
