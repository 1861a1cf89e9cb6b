"""Drop folder (共享文件夹).

Files a department puts into a folder this machine can read. Nothing is deleted or moved.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from ..base.files import why
from ..catalogue.models import DropFolder
from .base import CollectError, Intake, connection_uri
from .files import Found, pull_files


class Folder:
    """A folder and nothing outside it: links are not followed, neither as file nor on the way to it."""

    def __init__(self, base: Path):
        self.base = base.resolve()

    def _inside(self, path: str) -> Path:
        parent = (self.base / path).parent
        if parent.resolve() != parent or not parent.is_relative_to(self.base):
            raise CollectError("文件夹中的路径指向文件夹之外。", "请来源单位删除符号链接，只放普通文件。", "department")
        return self.base / path

    def list(self, folder: str) -> list[Found]:
        """Files of one folder below the root, [] for a folder that is not there."""
        place = self._inside(f"{folder}/x" if folder else "x").parent
        try:
            names = os.listdir(place)
        except FileNotFoundError:
            raise CollectError("共享文件夹不存在。", "检查挂载与连接中的路径。", "data_engineer") from None
        except PermissionError:
            raise CollectError("没有读取共享文件夹的权限。", "请来源单位授予只读权限。", "department") from None
        seen = (self.look(f"{folder}/{name}" if folder else name) for name in names)
        return [item for item in seen if item is not None]

    def look(self, path: str) -> Found | None:
        """The file as it is now, None when it is gone."""
        try:
            state = os.lstat(self._inside(path))
        except FileNotFoundError:
            return None
        if stat.S_ISDIR(state.st_mode):
            return None
        return Found(path, state.st_size, state.st_mtime, stat.S_ISREG(state.st_mode))

    def open(self, path: str) -> BinaryIO:
        """The file's bytes; links are not followed. Raises UserError when it is gone or may not be read."""
        try:
            number = os.open(self._inside(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise CollectError(
                f"无法读取共享文件夹中的文件（{why(error)}）。", "请来源单位检查文件权限。", "department"
            ) from None
        return os.fdopen(number, "rb")


def pull(intake: Intake) -> None:
    """Take in the folder's new files."""
    channel = intake.channel(DropFolder)
    conn_id = channel.connection
    parts = urlsplit(connection_uri(conn_id))
    if parts.scheme != "file" or not parts.path.startswith("/"):
        raise CollectError(
            f"连接 {conn_id} 应为 file:///绝对路径。", "改正 connections.yaml 中的这一行。", "data_engineer"
        )
    pull_files(intake, Folder(Path(unquote(parts.path))), channel, "", f"drop_folder:{conn_id}")
