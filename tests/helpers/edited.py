"""Edit a copy of the checkout."""

from __future__ import annotations

import os
from pathlib import Path


def edit(path: Path, old: str, new: str, *, times: bool = True) -> None:
    """Replace text that is there; ``times=False`` leaves the file's times as they were, as a copy or an archive does."""
    before, text = path.stat(), path.read_text(encoding="utf-8")
    assert old in text, (path, old)
    path.write_text(text.replace(old, new), encoding="utf-8")
    if not times:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
