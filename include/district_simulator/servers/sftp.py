"""SFTP server of four departments: one account each, chrooted, read-only, key pinned by the client."""

from __future__ import annotations

import asyncio
import base64
import os
from pathlib import Path

import asyncssh

_WRITE = asyncssh.FXF_WRITE | asyncssh.FXF_APPEND | asyncssh.FXF_CREAT | asyncssh.FXF_TRUNC


class _ReadOnly(asyncssh.SFTPServer):
    """Files can be listed and read; the departments write on their own side."""

    def open(self, path, pflags, attrs):  # noqa: A003
        if pflags & _WRITE:
            raise asyncssh.SFTPPermissionDenied("只读账号")
        return super().open(path, pflags, attrs)

    def open56(self, path, desired_access, flags, attrs):
        if desired_access & (asyncssh.ACE4_WRITE_DATA | asyncssh.ACE4_APPEND_DATA):
            raise asyncssh.SFTPPermissionDenied("只读账号")
        return super().open56(path, desired_access, flags, attrs)

    def _refuse(self, *args):
        raise asyncssh.SFTPPermissionDenied("只读账号")

    remove = rename = posix_rename = mkdir = rmdir = setstat = symlink = link = _refuse


def host_key(folder: Path) -> asyncssh.SSHKey:
    """The server's key, made once per home."""
    path = folder / "ssh_host_ed25519"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        key = asyncssh.generate_private_key("ssh-ed25519")
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as target:
            target.write(key.export_private_key())
    return asyncssh.read_private_key(path)


class SftpDepartments:
    """The SFTP side of the district."""

    def __init__(self, root: Path, key_folder: Path, accounts: dict[str, str]):
        self.root, self.accounts = root, accounts
        self.key = host_key(key_folder)
        self.down: set[str] = set()
        self._acceptor: asyncssh.SSHAcceptor | None = None
        for user in accounts:
            (root / user / "out").mkdir(parents=True, exist_ok=True)

    @property
    def public_key(self) -> str:
        """Base64 of the public host key, for pinning."""
        return base64.b64encode(self.key.public_data).decode()

    async def start(self, port: int) -> int:
        departments = self

        class Door(asyncssh.SSHServer):
            def begin_auth(self, username: str) -> bool:
                return True

            def password_auth_supported(self) -> bool:
                return True

            def validate_password(self, username: str, password: str) -> bool:
                return username not in departments.down and departments.accounts.get(username) == password

        def factory(chan: asyncssh.SSHServerChannel) -> asyncssh.SFTPServer:
            user = chan.get_extra_info("username")
            return _ReadOnly(chan, chroot=os.fsencode(self.root / user))

        self._acceptor = await asyncssh.create_server(
            Door, "127.0.0.1", port, server_host_keys=[self.key], sftp_factory=factory, allow_scp=False
        )
        return self._acceptor.get_port()

    async def stop(self) -> None:
        if self._acceptor is not None:
            self._acceptor.close()
            await asyncio.wait_for(self._acceptor.wait_closed(), 5)
