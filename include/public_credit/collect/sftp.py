"""SFTP: files on a department's server, read with a read-only account over a pinned host key.

Connection: ``sftp://user:password@host:port/[base]?host_key=<base64 of the public key>`` or, instead of a
password, ``&key_file=<path of a private key>``. Without ``host_key`` nothing is sent to the server.
"""

from __future__ import annotations

import base64
import binascii
import logging
import posixpath
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import BinaryIO
from urllib.parse import parse_qs, unquote, urlsplit

import paramiko
from paramiko.sftp import CMD_CLOSE, CMD_OPENDIR, CMD_READDIR

from ..base import names
from ..base.retry import Again, Patience
from ..catalogue.models import Sftp
from .base import CollectError, Intake, connection_uri, masked
from .files import Found, pull_files

CONNECT_SECONDS = 15.0
READ_SECONDS = 120.0
TRIES = 3
PATIENCE = partial(Patience, tries=TRIES, first=1.0)
logging.getLogger("paramiko").setLevel(logging.CRITICAL)


class _Client(paramiko.SFTPClient):  # type: ignore[misc]  # the library has no types
    """The library's client, for names that need not be UTF-8: it takes paths as bytes, but fails at a folder with such a name."""

    def listdir_attr(self, path: str | bytes = ".") -> list[paramiko.SFTPAttributes]:
        """Entries of a folder, their names as the system would give them (``names.from_raw``)."""
        _, answer = self._request(CMD_OPENDIR, self._adjust_cwd(path))
        handle = answer.get_binary()
        entries = []
        while True:
            try:
                _, answer = self._request(CMD_READDIR, handle)
            except EOFError:
                break
            for _ in range(answer.get_int()):
                name, _ = names.from_raw(answer.get_string()), answer.get_string()
                entries.append(paramiko.SFTPAttributes._from_msg(answer, name))
        self._request(CMD_CLOSE, handle)
        return [entry for entry in entries if entry.filename not in (".", "..")]


class Server:
    """An open SFTP session as a file source; paths are relative to the connection's base folder."""

    def __init__(self, client: paramiko.SFTPClient, base: str):
        self._client = client
        self._base = base

    def _path(self, path: str) -> bytes:
        return names.raw(posixpath.join(self._base, path) if self._base else path or ".")

    def list(self, folder: str) -> list[Found]:
        """Files of one folder below the root, [] for a folder that is not there."""
        try:
            entries = self._client.listdir_attr(self._path(folder))
        except FileNotFoundError:
            raise CollectError(
                f"SFTP 服务器上没有文件夹 {folder}。", "请来源单位建立该文件夹，或改正目录中的 folder。", "department"
            ) from None
        except PermissionError:
            raise CollectError(
                f"没有读取 SFTP 文件夹 {folder} 的权限。", "请来源单位授予只读权限。", "department"
            ) from None
        found = (self._found(posixpath.join(folder, entry.filename), entry) for entry in entries)
        return [item for item in found if item is not None]

    @staticmethod
    def _found(path: str, state: paramiko.SFTPAttributes) -> Found | None:
        mode = state.st_mode or stat.S_IFREG
        if stat.S_ISDIR(mode):
            return None
        return Found(path, state.st_size or 0, float(state.st_mtime or 0), stat.S_ISREG(mode))

    def look(self, path: str) -> Found | None:
        """The file as it is now, None when it is gone."""
        try:
            return self._found(path, self._client.lstat(self._path(path)))
        except FileNotFoundError:
            return None

    @contextmanager
    def open(self, path: str) -> Iterator[BinaryIO]:
        """The file's bytes. Raises UserError when it is gone or may not be read."""
        try:
            handle = self._client.open(self._path(path), "rb")
        except PermissionError:
            raise CollectError(
                f"没有读取文件 {masked(posixpath.basename(path))} 的权限。", "请来源单位授予只读权限。", "department"
            ) from None
        with handle:
            yield handle


def _pinned(value: str, conn_id: str) -> bytes:
    try:
        blob = base64.b64decode(value.replace(" ", "+"), validate=True)
    except binascii.Error:
        blob = b""
    if len(blob) < 8:
        raise CollectError(
            f"连接 {conn_id} 没有固定主机密钥（host_key）。",
            "向来源单位核实主机公钥，写入连接的 ?host_key=；未核实前不连接。",
            "data_engineer",
        )
    return blob


def _private_key(path: str, conn_id: str) -> paramiko.PKey:
    try:
        return paramiko.PKey.from_path(path)
    except (OSError, ValueError, paramiko.SSHException):
        raise CollectError(
            f"连接 {conn_id} 的私钥文件无法读取。", "检查 key_file 的路径、权限与格式。", "data_engineer"
        ) from None


def _start(transport: paramiko.Transport, pinned: bytes, conn_id: str) -> None:
    """Agree on a session and compare the host key before any credential is sent."""
    algorithm = pinned[4 : 4 + int.from_bytes(pinned[:4], "big")].decode("ascii", "replace")
    wanted = ("rsa-sha2-512", "rsa-sha2-256") if algorithm == "ssh-rsa" else (algorithm,)
    options = transport.get_security_options()
    known = tuple(kind for kind in wanted if kind in options.key_types)
    if known:
        options.key_types = known
    try:
        transport.start_client(timeout=CONNECT_SECONDS)
        same = transport.get_remote_server_key().asbytes() == pinned
    except paramiko.ssh_exception.IncompatiblePeer:
        same = False
    if not same:
        raise CollectError(
            f"连接 {conn_id} 的主机密钥与固定的不一致，已中止连接。",
            "向来源单位当面核实：更换过服务器则更新 host_key，否则按疑似冒充处置。",
            "data_engineer",
        )


@contextmanager
def _session(conn_id: str) -> Iterator[tuple[paramiko.SFTPClient, str]]:
    parts = urlsplit(connection_uri(conn_id))
    if parts.scheme != "sftp" or not parts.hostname:
        raise CollectError(
            f"连接 {conn_id} 应为 sftp://用户:口令@主机。", "改正 connections.yaml 中的这一行。", "data_engineer"
        )
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    pinned = _pinned(query.get("host_key", ""), conn_id)
    key = _private_key(query["key_file"], conn_id) if "key_file" in query else None
    connected = socket.create_connection((parts.hostname or "", parts.port or 22), timeout=CONNECT_SECONDS)
    transport = paramiko.Transport(connected)
    transport.banner_timeout = transport.auth_timeout = CONNECT_SECONDS
    try:
        _start(transport, pinned, conn_id)
        user = unquote(parts.username or "")
        if key is not None:
            transport.auth_publickey(user, key)
        else:
            transport.auth_password(user, unquote(parts.password or ""))
        client = _Client.from_transport(transport)
        if client is None:
            raise paramiko.SSHException
        client.get_channel().settimeout(READ_SECONDS)
        yield client, parts.path.rstrip("/")
    finally:
        transport.close()
        if transport.is_alive():
            transport.join(CONNECT_SECONDS)  # what comes next forks, which a process with a second thread must not


def _unreachable(conn_id: str) -> CollectError:
    return CollectError(
        f"SFTP 服务器（连接 {conn_id}）无法连接或中途断开，已重试 {TRIES} 次。",
        "请来源单位检查服务器与网络；已收齐的文件不受影响，下次接着收。",
        "department",
    )


def pull(intake: Intake) -> None:
    """Take in new files; a broken connection is opened again, files already booked are not fetched twice."""
    channel = intake.channel(Sftp)
    conn_id = channel.connection

    def once() -> None:
        try:
            with _session(conn_id) as (client, base):
                pull_files(intake, Server(client, base), channel, channel.folder, f"sftp:{conn_id}")
        except socket.gaierror:
            raise CollectError(
                f"连接 {conn_id} 的主机名无法解析。", "检查连接中的主机名与本机 DNS。", "data_engineer"
            ) from None
        except paramiko.AuthenticationException:
            raise CollectError(
                f"SFTP 服务器拒绝了连接 {conn_id} 的账号或口令。",
                "与来源单位核对账号，更新 connections.yaml。",
                "data_engineer",
            ) from None
        except (paramiko.SSHException, EOFError, OSError):
            raise Again from None

    try:
        PATIENCE().call(once)
    except Again:
        raise _unreachable(conn_id) from None
