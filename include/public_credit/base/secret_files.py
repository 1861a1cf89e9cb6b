"""Connections in files of their own: one per database role, one for receivers; from one file for all to that.

Where they stand is said by ``settings.own_file``. A line that stands in the one file still counts while the file of its own has none.
"""

from __future__ import annotations

import stat
from collections.abc import Collection, Iterator
from pathlib import Path

from . import connections, files, settings
from .messages import UserError


def set_in(path: Path, changes: dict[str, str]) -> None:
    """Set connections of a file anew; its other lines stay as they are. Raises UserError when it cannot be understood or written."""
    before = path.read_bytes() if path.exists() else b""
    after = connections.updated(before, path.name, changes)
    if after == before:
        return
    try:
        path.parent.mkdir(exist_ok=True, mode=0o700)
        files.write(path, after)
    except OSError as error:
        raise UserError(f"无法写入 {path.name}（{files.why(error)}）。", remedy="检查文件夹的权限。", code=3) from None


def left(receivers: Collection[str]) -> list[str]:
    """Ids that stand in the one file and have a file of their own to stand in."""
    known = connections.read(settings.connections_file())
    return [conn_id for conn_id in known.lines if settings.own_file(conn_id, conn_id in receivers)]


def split(receivers: Collection[str]) -> dict[str, list[str]]:
    """Move every such line to its own file; file name → ids that left the one file. ``receivers``: ids of receivers' connections.

    Files of their own are written before the lines go; what stands there already stays. Run again it does what is left.
    Raises UserError (code 3) for a line that is wrong, with nothing moved.
    """
    source = settings.connections_file()
    content = source.read_bytes() if source.exists() else b""
    found = connections.parse(content, source.name)
    moves: dict[Path, dict[str, str]] = {}
    for conn_id in found.lines:
        if target := settings.own_file(conn_id, conn_id in receivers):
            moves.setdefault(target, {})[conn_id] = found.uri(conn_id) or ""
    for target, uris in moves.items():
        there = connections.parse(target.read_bytes(), target.name).lines if target.exists() else {}
        set_in(target, {conn_id: uri for conn_id, uri in uris.items() if conn_id not in there})
    gone = [conn_id for uris in moves.values() for conn_id in uris]
    if gone:
        files.write(source, connections.without(content, source.name, gone))
    return {target.name: list(uris) for target, uris in moves.items()}


def places() -> list[Path]:
    """The files of connections that are there: the one for all, those of databases, that of receivers."""
    own = sorted(settings.database_folder().glob("*.yaml")) if settings.database_folder().is_dir() else []
    found = dict.fromkeys((settings.connections_file(), *own, settings.receivers_file()))
    return [path for path in found if path.exists()]


def open_to_others() -> Iterator[Path]:
    """Files of secrets that others than their owner may read: connections, keys, tokens."""
    folder = settings.home() / "secrets"
    below = [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
    for path in sorted({*places(), *below}):
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield path
