"""What a backup is on disk: a folder whose manifest names every file in it with its sha256.

The manifest is written last, so a folder without one was not finished and is none.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from public_credit.base import files

from .stack import StackError

MANIFEST = "manifest.json"
FORMAT = 1


def digest(path: Path) -> str:
    """Sha256 of a file."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _files(folder: Path) -> dict[str, Path]:
    return {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path != folder / MANIFEST
    }


def seal(folder: Path, known: dict[str, str], **facts: Any) -> None:
    """Write the manifest; ``known``: digests that need not be taken again (files linked from the backup before)."""
    listed = {
        name: {"sha256": known.get(name) or digest(path), "bytes": path.stat().st_size}
        for name, path in _files(folder).items()
    }
    content = {"format": FORMAT, **facts, "files": listed}
    files.write(folder / MANIFEST, json.dumps(content, ensure_ascii=False, indent=1))


def manifest(folder: Path) -> dict[str, Any]:
    """The manifest. Raises StackError where the folder is no finished backup of a form this version knows."""
    path = folder / MANIFEST
    if not path.is_file():
        raise StackError(f"{folder} 不是完整的备份（没有 {MANIFEST}）。")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if found.get("format") != FORMAT:
        raise StackError(f"{folder} 的备份格式为 {found.get('format')}，本版本只认 {FORMAT}。")
    return found


def verified(folder: Path) -> dict[str, Any]:
    """The manifest, after every file was read. Raises StackError naming what is missing, damaged or strange."""
    content, there = manifest(folder), _files(folder)
    for title, names in (
        ("缺少", content["files"].keys() - there.keys()),
        ("多出", there.keys() - content["files"].keys()),
        (
            "已损坏",
            {n for n, p in there.items() if n in content["files"] and digest(p) != content["files"][n]["sha256"]},
        ),
    ):
        if names:
            raise StackError(f"备份{title}文件：{'、'.join(sorted(names)[:5])}，共 {len(names)} 个。未恢复任何内容。")
    return content
