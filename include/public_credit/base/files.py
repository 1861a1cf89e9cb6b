"""The one way to write a file, whole or not at all, and to keep what was read of one as long as it is that file.

What is written goes beside the target under a hidden name that ends in ``.part``, is synced and moved into place. Whoever
reads meanwhile finds the old file or the new one; a writer that is killed leaves a ``.part`` that nobody reads.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache, wraps
from pathlib import Path
from typing import TypeVar

Content = TypeVar("Content")
PART = ".part"
PRIVATE, SHARED = 0o600, 0o644  # read by the owner only; by everybody who gets at the folder


_WHY = {
    FileNotFoundError: "没有这个文件",
    PermissionError: "没有权限",
    IsADirectoryError: "是文件夹",
    NotADirectoryError: "上级不是文件夹",
    TimeoutError: "超时",
}


def why(error: OSError) -> str:
    """Why a file cannot be read or written, in Chinese."""
    return _WHY.get(type(error)) or ("磁盘已满" if error.errno == errno.ENOSPC else f"系统错误 {error.errno}")


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


@contextmanager
def whole(target: Path, mode: int = PRIVATE) -> Iterator[Path]:
    """The path to write to in place of ``target``: moved there when the block ends well, removed when it raises.

    ``mode`` are the permissions of the file. Raises OSError where the folder cannot be written.
    """
    if target.exists() and not target.is_file():  # a device, a pipe: nothing to move a file onto
        yield target
        return
    target = target.resolve()  # a link stays one
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:40]}.", suffix=PART, dir=target.parent)  # mode 0600
    os.close(handle)
    part = Path(name)
    try:
        yield part
        part.chmod(mode)
        _sync(part)
        os.replace(part, target)
        _sync(target.parent)
    finally:
        part.unlink(missing_ok=True)


def write(target: Path, content: str | bytes, mode: int = PRIVATE) -> None:
    """Write a file with this content (text as UTF-8), whole or not at all."""
    with whole(target, mode) as part:
        part.write_bytes(content.encode() if isinstance(content, str) else content)


def kept_while_unchanged(read: Callable[[Path], Content]) -> Callable[[Path], Content]:
    """``read``, called once per file and state of it (time of change and size); the content must not be altered."""

    @lru_cache(maxsize=4)
    def kept(path: Path, _changed: int, _size: int) -> Content:
        return read(path)

    @wraps(read)
    def current(path: Path) -> Content:
        state = path.stat()
        return kept(path, state.st_mtime_ns, state.st_size)

    return current
