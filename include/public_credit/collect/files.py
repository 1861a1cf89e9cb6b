"""File channels in common: which files are receipts, which are left alone, and taking them in order.

A file's receipt is path + size + modification time + sha256: a file replaced under its old name is a new
receipt, a file merely listed again is not. A file is left alone while its name marks it as temporary, while
it is younger than the settle window, or when it changes between listing and the last byte read.
"""

from __future__ import annotations

import posixpath
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import partial
from typing import BinaryIO, Protocol

from ..base import names
from ..catalogue import load_catalogue, slip_names
from ..catalogue.models import DropFolder, Sftp
from .base import CollectError, Intake, SourceChanged, masked, masked_path
from .streams import read_file

TEMPORARY = ("*.part", "*.tmp", "*.partial", "*.filepart", "*.crdownload", "~$*", ".*")
SYSTEMS_OWN = ("[Tt]humbs.db", "[Dd]esktop.ini")  # what systems put beside the files of a person
LONGEST_WATCH = 10.0


@dataclass(frozen=True)
class Found:
    """A file as the source lists it.

    ``path`` as the system gives it, whatever its bytes are; ``plain`` is False for links and anything else that is no regular
    file.
    """

    path: str
    size: int
    mtime: float
    plain: bool = True

    @property
    def name(self) -> str:
        """The file's name without its folder, as text."""
        return names.readable(names.raw(posixpath.basename(self.path)))

    @property
    def shown(self) -> str:
        """The name as people may see it: no person's number in it."""
        return masked(posixpath.basename(self.path))

    @property
    def version(self) -> str:
        """What tells one state of a file from the next: time and size."""
        return file_version(self.mtime, self.size)


class FileSource(Protocol):
    """What a file channel offers: list a folder, look at one file again, read it."""

    def list(self, folder: str) -> list[Found]:
        """Files of one folder below the root, [] for a folder that is not there."""

    def look(self, path: str) -> Found | None:
        """The file as it is now, None when it is gone."""

    def open(self, path: str) -> AbstractContextManager[BinaryIO]:
        """The file's bytes. Raises UserError when it is gone or may not be read."""


def file_version(mtime: float, size: int) -> str:
    """Source version of a file: modification time (UTC) and size."""
    moment = datetime.fromtimestamp(mtime, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z/{size}"


def stream(handle: BinaryIO, expected: Found, look: Callable[[], Found | None]) -> Iterator[bytes]:
    """A file's bytes; raises SourceChanged when it is not, to the last byte, the file that was listed.

    A file that grows faster than it is read is left at the first byte beyond the size it had.
    """
    received = 0
    for chunk in read_file(handle):
        received += len(chunk)
        if received > expected.size:
            raise SourceChanged
        yield chunk
    if received != expected.size or look() != expected:
        raise SourceChanged


def places(folder: str, patterns: list[str]) -> dict[str, list[str]]:
    """Folders to list with the name patterns wanted in each; the catalogue lets none lead out of the source's folder."""
    found: dict[str, list[str]] = {}
    for pattern in patterns:
        whole = pattern if folder and pattern.startswith(f"{folder}/") else posixpath.join(folder, pattern)
        parent, name = posixpath.split(whole)
        found.setdefault(parent, []).append(name)
    return found


@dataclass
class _Listing:
    """Files a pattern wants, oldest first; those of what is never collected, by path; names no pattern of anybody wants."""

    files: list[Found]
    refused: dict[str, Found]
    unmatched: list[str]


def _wanted_by_anybody(channel: Sftp | DropFolder) -> list[str]:
    """Name patterns of all datasets that come by the same connection."""
    catalogue = load_catalogue()
    return [
        name
        for dataset in catalogue.datasets.values()
        if isinstance(dataset.channel, Sftp | DropFolder) and dataset.channel.connection == channel.connection
        for name in (*map(posixpath.basename, dataset.channel.patterns), *slip_names.patterns(catalogue, dataset))
    ]


def _listed(source: FileSource, folder: str, channel: Sftp | DropFolder, dataset_id: str) -> _Listing:
    catalogue = load_catalogue()
    files: dict[str, Found] = {}
    refused: dict[str, Found] = {}
    unmatched: dict[str, str] = {}
    slips = slip_names.patterns(catalogue, catalogue.datasets[dataset_id])
    anybody = [*_wanted_by_anybody(channel), *SYSTEMS_OWN]
    for parent, wanted in places(folder, channel.patterns).items():
        for item in source.list(parent):
            if any(fnmatchcase(item.name, sign) for sign in TEMPORARY):
                continue
            if item.plain and catalogue.refusal(item.name):
                refused[item.path] = item
            elif any(fnmatchcase(item.name, name) for name in (*wanted, *slips)):
                files[item.path] = item
            elif item.plain and not any(fnmatchcase(item.name, name) for name in anybody):
                unmatched[item.path] = item.shown
    oldest_first = sorted(files.values(), key=lambda item: (item.mtime, item.path))
    return _Listing(oldest_first, refused, [unmatched[path] for path in sorted(unmatched)])


def _settled(source: FileSource, files: list[Found], settle: float, listed_at: float) -> set[str]:
    """Paths that have been still for the settle window.

    Judged by the file's age on our clock or, where the window is short, by watching it for that long, which
    does not depend on the two clocks agreeing.
    """
    still = {item.path for item in files if time.time() - item.mtime >= settle}
    young = [item for item in files if item.path not in still]
    if young and settle <= LONGEST_WATCH:
        time.sleep(max(0.0, settle - (time.monotonic() - listed_at)))
        still |= {item.path for item in young if source.look(item.path) == item}
    return still


def too_large(item: Found, most_mb: float) -> str:
    """What is said of a file beyond the bound of its channel."""
    return f"{item.shown}（{item.size / 1e6:,.1f} MB，超过 {most_mb:g} MB，请拆分后报送，或调大目录中的 max_mb）"


def _turn_away(intake: Intake, source: FileSource, item: Found, where: str) -> None:
    refused_id = load_catalogue().refusal(item.name)
    if refused_id is None:  # the catalogue was edited meanwhile: the next run takes the file
        return
    try:
        with source.open(item.path) as handle:
            intake.turn_away(
                refused_id,
                f"{where}/{masked_path(item.path)}",
                item.version,
                item.shown,
                stream(handle, item, lambda: source.look(item.path)),
            )
    except (SourceChanged, FileNotFoundError, CollectError):
        return  # still being written, gone or unreadable: nothing came in, the files beside it are taken all the same


def pull_files(intake: Intake, source: FileSource, channel: Sftp | DropFolder, folder: str, where: str) -> None:
    """Take in every settled file that is not booked yet, oldest first; ``where`` begins the locators."""
    outcome = intake.outcome
    listed_at = time.monotonic()
    listing = _listed(source, folder, channel, intake.dataset.id)
    files, never = listing.files, listing.refused
    outcome.turned_away.clear()
    outcome.unmatched = listing.unmatched
    outcome.refused = [item.shown for item in files if not item.plain]
    outcome.waiting.clear()
    plain = {f"{where}/{masked_path(item.path)}": item for item in files if item.plain}
    booked = intake.known(list(plain))
    new = {locator: item for locator, item in plain.items() if (locator, item.version) not in booked}
    outcome.known = len(plain) - len(new) - len(outcome.receipts)
    large = {locator: item for locator, item in new.items() if item.size > channel.max_mb * 1e6}
    outcome.refused += [too_large(item, channel.max_mb) for item in large.values()]
    new = {locator: item for locator, item in new.items() if locator not in large}
    still = _settled(source, [*new.values(), *never.values()], channel.settle_seconds, listed_at)
    for item in never.values():
        if item.path in still:
            _turn_away(intake, source, item, where)
    for locator, item in new.items():
        if item.path not in still:
            outcome.waiting.append(item.shown)
            continue
        try:
            with source.open(item.path) as handle:
                intake.take(locator, item.version, item.shown, stream(handle, item, partial(source.look, item.path)))
        except (SourceChanged, FileNotFoundError):
            outcome.waiting.append(item.shown)
