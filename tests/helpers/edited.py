"""Edit a copy of the checkout, and look at everything that was built."""

from __future__ import annotations

import json
import os
from pathlib import Path

from .records import Records


def edit(path: Path, old: str, new: str, *, times: bool = True) -> None:
    """Replace text that is there; ``times=False`` leaves the file's times as they were, as a copy or an archive does."""
    before, text = path.stat(), path.read_text(encoding="utf-8")
    assert old in text, (path, old)
    path.write_text(text.replace(old, new), encoding="utf-8")
    if not times:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def tables(records: Records) -> dict[str, list[str]]:
    """Everything built that is no history of builds and does not speak of one build alone, without the builds' numbers."""
    names = records.query(
        "select schemaname || '.' || tablename from pg_tables where schemaname in ('marts', 'intermediate', 'policy') "
        "and tablename !~ '__(changes|touched|compared|gone|moved)$'"
    )
    return {
        name: sorted(
            json.dumps({key: value for key, value in row.items() if key != "build_id"}, sort_keys=True)
            for (row,) in records.query(f"select to_jsonb(t) from {name} t")
        )
        for (name,) in names
    }
