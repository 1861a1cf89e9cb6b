"""Files of the state folder that only their owner may read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from public_credit.base import connections, files, secret_files, settings
from public_credit.base.connections import Connections


def connections_of(home: Path) -> Path:
    """The file of connections of a state folder."""
    return home / "secrets" / "connections.yaml"


def _own(home: Path, conn_id: str, receiver: bool) -> Path | None:
    """The file of its own a connection has, of a state folder that need not be that of the environment."""
    found, given = settings.own_file(conn_id, receiver), settings.current()
    if found is None or (given.receivers_file if receiver else given.database_folder):
        return found
    return home / "secrets" / found.relative_to(settings.connections_file().parent)


def file_of(home: Path, conn_id: str, receiver: bool = False) -> Path:
    """Where a connection stands, or is to stand: its own file, unless the one for all has its line and its own has none."""
    own, shared = _own(home, conn_id, receiver), connections_of(home)
    if own is None or conn_id in connections.read(shared).lines and conn_id not in connections.read(own).lines:
        return shared
    return own


def read_of(home: Path, conn_id: str) -> Connections:
    """The file a connection stands in, read. Raises UserError (code 3) when it cannot be understood."""
    return connections.read(file_of(home, conn_id))


def connection(home: Path, conn_id: str, receiver: bool = False) -> str:
    """The URI of a connection. Raises UserError (code 3) when none is named or its line is wrong."""
    path = file_of(home, conn_id, receiver)
    found = connections.read(path).uri(conn_id)
    if found is None:
        raise connections.not_named(conn_id, str(path))
    return found


def set_connections(home: Path, changes: dict[str, str], receiver: bool = False) -> None:
    """Set connections anew, each where it stands; other lines stay as they are. Raises UserError when a file cannot be understood."""
    files_of: dict[Path, dict[str, str]] = {}
    for conn_id, uri in changes.items():
        files_of.setdefault(file_of(home, conn_id, receiver), {})[conn_id] = uri
    for path, own in files_of.items():
        secret_files.set_in(path, own)


def secret_file(home: Path, name: str, make: Callable[[], str]) -> Path:
    """A generated secret, kept in the state folder; made at its first use."""
    path = home / "secrets" / name
    if not path.exists():
        files.write(path, make())
    return path
