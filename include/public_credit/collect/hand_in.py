"""Hand-in (人工报送).

One file a person names. The form reaches files of the hand-in folder only (``work.hand_in``).
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from ..base import names
from ..base.files import why
from ..base.messages import UserError
from ..base.run import Run
from ..catalogue import load_catalogue
from ..catalogue.models import Dataset
from . import refused
from .base import Intake, SourceChanged, masked, masked_path
from .files import Found, stream, too_large
from .streams import read_file


def turn_away(run: Run, dataset_id: str, path: Path) -> None:
    """Count a file of what is never collected, by the dataset it is meant for or by its name, and say why."""
    catalogue = load_catalogue()
    dataset = catalogue.datasets.get(dataset_id)
    refused_id = catalogue.refusal(names.readable(names.raw(path.name))) or (
        None if dataset else catalogue.refusal(dataset_id)
    )
    if refused_id is None:
        return
    if not path.is_file():
        raise UserError(f"没有文件 {masked(path.name)}。", remedy="检查路径；只能是普通文件。")
    try:
        with path.open("rb") as handle:
            found = Found(path.name, os.fstat(handle.fileno()).st_size, os.fstat(handle.fileno()).st_mtime)
            receipt = {
                "unit_id": dataset.unit if dataset else "",
                "dataset_id": dataset.id if dataset else "",
                "locator": f"hand_in:{masked_path(path.name)}",
                "source_version": found.version,
                "file_name": found.shown,
            }
            refused.book(run, refused_id, receipt, read_file(handle))
    except OSError as error:
        raise _unreadable(path, error) from None
    raise UserError(f"{refused.why(refused_id)}。文件内容未入库、未归档，只计数。", remedy=refused.REMEDY, code=4)


def _unreadable(path: Path, error: OSError) -> UserError:
    return UserError(f"无法读取文件 {masked(path.name)}（{why(error)}）。", remedy="检查文件是否存在、是否有读取权限。")


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise _unreadable(path, error) from None


def check(dataset: Dataset, path: Path) -> None:
    """Raises UserError for what is no file, cannot be read or is larger than the dataset takes: nothing is begun with it."""
    if path.exists() and not path.is_file():
        raise UserError(f"{masked(path.name)} 不是普通文件。", remedy="请给出一个文件，不是文件夹。")
    with os.fdopen(_open(path), "rb") as handle:
        state = os.fstat(handle.fileno())
    _not_too_large(dataset, Found(path.name, state.st_size, state.st_mtime))


def _not_too_large(dataset: Dataset, found: Found) -> None:
    if found.size > (most := dataset.channel.max_mb) * 1e6:
        raise UserError(f"文件过大：{too_large(found, most)}。", remedy="拆分为较小的文件后重新登记。")


def take(intake: Intake, path: Path) -> None:
    """Archive and book the file; the same file handed in twice is said to be known."""
    with os.fdopen(_open(path), "rb") as handle:

        def look() -> Found:
            state = os.fstat(handle.fileno())
            return Found(path.name, state.st_size, state.st_mtime, stat.S_ISREG(state.st_mode))

        found = look()
        _not_too_large(intake.dataset, found)
        digest = hashlib.sha256()
        for chunk in read_file(handle):
            digest.update(chunk)
        handle.seek(0)
        locator = f"hand_in:{masked_path(path.name)}"
        if intake.has(locator, found.version, digest.hexdigest()):
            intake.outcome.known += 1
            return
        try:
            intake.take(locator, found.version, found.shown, stream(handle, found, look))
        except SourceChanged:
            raise UserError(f"文件 {masked(path.name)} 正在被写入。", remedy="等文件写完后重新登记。") from None
