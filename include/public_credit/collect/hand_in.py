"""Hand-in (人工报送).

One file a person names. The form reaches files of the hand-in folder only (``work.hand_in``).
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from ..messages import UserError
from .base import Intake, SourceChanged, masked, masked_path
from .files import Found, stream
from .streams import read_file


def take(intake: Intake, path: Path) -> None:
    """Archive and book the file; the same file handed in twice is said to be known."""
    if path.exists() and not path.is_file():
        raise UserError(f"{masked(path.name)} 不是普通文件。", remedy="请给出一个文件，不是文件夹。")
    try:
        number = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise UserError(
            f"无法读取文件 {masked(path.name)}（{os.strerror(error.errno or 0)}）。",
            remedy="检查文件是否存在、是否有读取权限。",
        ) from None
    with os.fdopen(number, "rb") as handle:

        def look() -> Found:
            state = os.fstat(handle.fileno())
            return Found(path.name, state.st_size, state.st_mtime, stat.S_ISREG(state.st_mode))

        found = look()
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
            raise UserError(
                f"文件 {masked(path.name)} 正在被写入。", remedy="等文件写完后重新登记。"
            ) from None
