"""Places a root leaves to: the archive's store, the state folder, and, where the district names it, a receiver outside.

A root is one line of JSON: whoever received it can hand it back (``audit verify --against``). The connection ``audit`` names the
receiver outside as ``alert`` does (file, mail, webhook); a folder can be read back, a mail or webhook cannot.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import fsspec

from ...base import settings
from ...base.messages import UserError
from .. import alert_transport
from . import chain

CONNECTION = "audit"
_FOLDER = "roots"


@dataclass(frozen=True)
class Root:
    """A root as it left the house; ``sealed_at`` is UTC."""

    seal: int
    day: str
    sealed_at: str
    position: int
    previous: str
    root: str
    mac: str

    @property
    def moment(self) -> datetime:
        """When it was sealed."""
        return datetime.fromisoformat(self.sealed_at)

    @property
    def line(self) -> str:
        """The line of JSON that leaves."""
        return json.dumps(asdict(self), sort_keys=True)

    @property
    def name(self) -> str:
        """Its file: a chain that was restored or recomputed numbers again, and overwrites nothing."""
        return f"{self.day}-{self.seal:06d}-{self.root[:16]}.json"

    def as_json(self) -> dict[str, Any]:
        """For a webhook."""
        return asdict(self)


def of_seal(row: Any) -> Root:
    """The root of a row of ``ledger.chain_seal``."""
    return Root(
        row.seal_no, row.day.isoformat(), chain.moment(row.sealed_at), row.position, row.previous, row.root, row.mac
    )


def read(lines: Iterable[str]) -> Iterator[Root]:
    """The roots told in a text, wherever they stand in a line; what is none is passed over."""
    for line in lines:
        begin, end = line.find("{"), line.rfind("}")
        if begin < 0 or end < begin:
            continue
        try:
            told = json.loads(line[begin : end + 1])
            found = Root(**told)
            found.moment.utctimetuple()
        except (ValueError, TypeError, AttributeError):
            continue
        yield found


class Place(Protocol):
    """Where roots leave to; ``outside``: not within reach of whoever runs the warehouse; ``readable``: they can be read back."""

    name: str
    title: str
    outside: bool
    readable: bool

    def send(self, roots: Sequence[Root], on: date) -> str:
        """Send roots; '' or why they did not get there, without an address."""

    def roots(self) -> list[Root] | None:
        """The roots that lie there; None where they cannot be read back."""


class _Folder:
    """A folder of a store, one file per root."""

    readable = True

    def __init__(self, name: str, title: str, url: str, outside: bool):
        self.name, self.title, self.outside, self._url = name, title, outside, url.rstrip("/")

    def send(self, roots: Sequence[Root], on: date) -> str:
        try:
            filesystem, base = fsspec.core.url_to_fs(self._url)
            filesystem.makedirs(base, exist_ok=True)
            for each in roots:
                filesystem.pipe_file(f"{base}/{each.name}", f"{each.line}\n".encode())
        except OSError as error:
            return type(error).__name__
        return ""

    def roots(self) -> list[Root] | None:
        try:
            filesystem, base = fsspec.core.url_to_fs(self._url)
            if not filesystem.exists(base):  # where nothing at all lies beside it, the store is not mounted
                return [] if filesystem.glob(f"{base.rpartition('/')[0]}/*") else None
            names = filesystem.glob(f"{base}/*.json")
            return list(read(filesystem.cat_file(name).decode("utf-8", "replace") for name in sorted(names)))
        except OSError:
            return None


class _Receiver:
    """Mail or webhook of the district: it keeps the lines, we cannot ask for them."""

    name, title, outside, readable = "outside", "辖区的接收方", True, False

    def send(self, roots: Sequence[Root], on: date) -> str:
        body = "公共信用信息数仓证据链的根值，请原样留存；复核时交回比对。\n\n" + "\n".join(each.line for each in roots)
        try:
            alert_transport.send(alert_transport.Letter("证据链根值", body, roots, on), CONNECTION)
        except UserError as error:
            return error.text
        return ""

    def roots(self) -> list[Root] | None:
        return None


def local_folder() -> Path:
    """Where the state folder keeps roots."""
    return settings.folder("audit", _FOLDER)


def all_places() -> list[Place]:
    """The places of this warehouse. Raises UserError where the connection outside is wrong."""
    found: list[Place] = [
        _Folder("archive", "归档存储", f"{settings.archive_url().rstrip('/')}/{_FOLDER}", False),
        _Folder("home", "状态文件夹", f"file://{local_folder()}", False),
    ]
    if settings.names_connection(CONNECTION):
        parts = urlsplit(settings.connection(CONNECTION))
        if parts.scheme == "file":
            found.append(_Folder("outside", _Receiver.title, f"file://{unquote(parts.path)}", True))
        else:
            found.append(_Receiver())
    return found


def from_file(path: Path) -> list[Root]:
    """The roots an outside receiver hands back. Raises UserError for a file without any."""
    try:
        found = list(read(path.read_text(encoding="utf-8", errors="replace").splitlines()))
    except OSError:
        raise UserError(f"无法读取 {path.name}。", remedy="检查路径与读取权限。") from None
    if not found:
        raise UserError(f"{path.name} 中没有根值。", remedy="交回接收方当时收到的原文（每个根值一行）。")
    return found
