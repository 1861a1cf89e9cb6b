"""Real protocol servers for tests of receipts and deliveries.

SFTP, a signed HTTP API, MariaDB. None of them knows the product.
"""

from __future__ import annotations

import asyncio
import base64
import getpass
import hashlib
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncssh
import pymysql
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route


class Loop:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, coroutine: Any, timeout: float = 20) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(timeout)

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


class _Account(asyncssh.SSHServer):
    def __init__(self, owner: Sftp):
        self._owner = owner

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._owner.connections.append(conn)

    def begin_auth(self, username: str) -> bool:
        self._owner.logins.append(username)
        return True

    def password_auth_supported(self) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return self._owner.accepted_key is not None

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == self._owner.user and key == self._owner.accepted_key

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (self._owner.user, self._owner.password)


class Sftp:
    """SFTP server with one account over a folder; can drop the connection in the middle of a file."""

    user, password = "dept", "p@ss/word"

    def __init__(self, root: Path):
        self.root = root
        self.connections: list[asyncssh.SSHServerConnection] = []
        self.logins: list[str] = []
        self.reads: list[str] = []
        self.accepted_key: asyncssh.SSHKey | None = None
        self.forbidden: set[str] = set()
        self.cut_after: int | None = None
        self.on_read: Callable[[], None] | None = None
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        self._loop = Loop()
        owner = self

        class Files(asyncssh.SFTPServer):
            def open(self, path: bytes, pflags: int, attrs: Any) -> Any:
                owner.reads.append(Path(path.decode(errors="replace")).name)
                if Path(path.decode(errors="replace")).name in owner.forbidden:
                    raise asyncssh.SFTPPermissionDenied("no")
                return super().open(path, pflags, attrs)

            def scandir(self, path: bytes) -> Any:
                if Path(path.decode(errors="replace")).name in owner.forbidden:
                    raise asyncssh.SFTPPermissionDenied("no")
                return super().scandir(path)

            def read(self, file_obj: Any, offset: int, size: int) -> Any:
                if owner.on_read is not None:
                    owner.on_read()
                if owner.cut_after is not None and offset >= owner.cut_after:
                    owner.cut_after = None
                    owner.connections[-1].abort()
                return super().read(file_obj, offset, size)

        async def listen() -> asyncssh.SSHAcceptor:
            return await asyncssh.create_server(
                lambda: _Account(owner),
                "127.0.0.1",
                0,
                server_host_keys=[self.key],
                sftp_factory=lambda channel: Files(channel, chroot=str(root).encode()),
            )

        self._acceptor = self._loop.run(listen())
        self.port = self._acceptor.get_port()

    def uri(self, *, password: str | None = None, host_key: str | None = None) -> str:
        pinned = base64.b64encode(self.key.public_data).decode() if host_key is None else host_key
        shown = quote(password or self.password, safe="")
        return f"sftp://{self.user}:{shown}@127.0.0.1:{self.port}/?host_key={quote(pinned, safe='')}"

    def stop(self) -> None:
        async def close() -> None:
            self._acceptor.close()
            for connection in self.connections:
                connection.abort()
            await asyncio.sleep(0.05)

        self._loop.run(close())
        self._loop.stop()


class Api:
    """A department's HTTP API with signature, pages and versions.

    ``moods`` are answers given before the real one; ``answer`` sees page number and document and may give another response.
    """

    key, secret = "app-key", "s3cr3t/+"

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.version = "2026-02-25T18:00:00"
        self.moods: deque[tuple[int, dict[str, str]]] = deque()
        self.before: Callable[[Api, int], None] | None = None
        self.answer: Callable[[int, dict[str, Any]], Response | None] | None = None
        self.announced: int | None = None
        self.code: str | None = None
        self.per_second: int | None = None
        self.calls: list[dict[str, str]] = []
        self.times: list[float] = []
        app = Starlette(routes=[Route("/api/v1/{interface}", self._get)])
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        self._server = uvicorn.Server(
            uvicorn.Config(app, log_level="error", access_log=False, lifespan="off", timeout_graceful_shutdown=1)
        )
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]}, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)

    def uri(self, secret: str | None = None) -> str:
        return f"http://{quote(self.key)}:{quote(secret or self.secret, safe='')}@127.0.0.1:{self.port}"

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)

    async def _get(self, request: Request) -> Response:
        query = dict(request.query_params)
        now = time.monotonic()
        self.calls.append(query)
        self.times.append(now)
        if self.per_second and sum(now - moment < 1 for moment in self.times) > self.per_second:
            return PlainTextResponse("slow down", 429, {"Retry-After": "1"})
        if self.moods:
            status, headers = self.moods.popleft()
            return PlainTextResponse("mood", status, headers)
        expected = hashlib.md5(f"{self.key}{self.secret}{query['time']}".encode()).hexdigest()
        if query.get("appKey") != self.key or query.get("sign") != expected:
            return JSONResponse({"code": "96", "msg": "bad signature", "data": None})
        if self.code:
            return JSONResponse({"code": self.code, "msg": "no", "data": None})
        page, size = int(query["page"]), int(query["size"])
        if self.before is not None:
            self.before(self, page)
        rows = [row for row in self.rows if row["SJC"] > query.get("since", "")]
        total = len(rows) if self.announced is None else self.announced
        document = {
            "code": "00",
            "msg": "ok",
            "data": {
                "total": total,
                "page": page,
                "pages": max(1, -(-len(rows) // size)),
                "version": self.version,
                "rows": rows[(page - 1) * size : page * size],
            },
        }
        other = self.answer(page, document) if self.answer else None
        return JSONResponse(document) if other is None else other


def api_rows(count: int, version: str = "2026-02-25T09:00:00", start: int = 0) -> list[dict[str, Any]]:
    """Rows of an interface with a few official codes."""
    return [
        {"XK_XDR_MC": f"示范企业{number}", "XK_WSH": f"示审许〔2026〕{number}号", "BZ": None, "SJC": version}
        for number in range(start, start + count)
    ]


@contextmanager
def mariadb(folder: Path) -> Iterator[dict[str, Any]]:
    """A MariaDB server of our own on 127.0.0.1: connection arguments of its administrator."""
    data, log = folder / "data", folder / "log"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    user = getpass.getuser()
    server, install = _mariadb_program("mariadbd"), _mariadb_program("mariadb-install-db")
    with log.open("wb") as output:
        subprocess.run(
            [
                install,
                "--no-defaults",
                f"--datadir={data}",
                f"--user={user}",
                "--skip-test-db",
                "--auth-root-authentication-method=normal",
            ],
            check=True,
            stdout=output,
            stderr=output,
        )
        child = subprocess.Popen(
            [
                server,
                "--no-defaults",
                f"--datadir={data}",
                f"--user={user}",
                f"--port={port}",
                "--bind-address=127.0.0.1",
                f"--socket={folder / 's'}",
                f"--pid-file={folder / 'pid'}",
                "--innodb-buffer-pool-size=16M",
                "--innodb-flush-log-at-trx-commit=0",
                "--skip-log-bin",
            ],
            stdout=output,
            stderr=output,
        )
    try:
        arguments = {"host": "127.0.0.1", "port": port, "user": "root", "password": ""}
        deadline = time.monotonic() + 30
        while True:
            try:
                pymysql.connect(**arguments).close()
                break
            except pymysql.OperationalError:
                if child.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(log.read_text(errors="replace")[-2000:]) from None
                time.sleep(0.1)
        yield arguments
    finally:
        child.terminate()
        child.wait(20)


def _mariadb_program(name: str) -> str:
    return shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin") or name


def has_mariadb() -> bool:
    """Whether MariaDB's programs are on this machine."""
    return bool(shutil.which(_mariadb_program("mariadbd")) and shutil.which(_mariadb_program("mariadb-install-db")))


def certificate(folder: Path) -> Path:
    """A self-signed certificate for 127.0.0.1 with its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


class Mailbox:
    """A minimal SMTP server that keeps what it gets; over TLS from the start when it has a certificate."""

    def __init__(self, certificate: Path | None = None) -> None:
        context = None
        if certificate is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate)
        self.messages: list[str] = []
        self.recipients: list[str] = []
        self.commands: list[str] = []
        self.refuse = False
        self._loop = Loop()
        self._server = self._loop.run(asyncio.start_server(self._talk, "127.0.0.1", 0, ssl=context))
        self.port = self._server.sockets[0].getsockname()[1]

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mailbox\r\n")
        while line := (await reader.readline()).decode().rstrip("\r\n"):
            verb = line[:4].upper()
            self.commands.append(verb)
            if verb == "RCPT":
                self.recipients.append(line.partition("<")[2].partition(">")[0])
            if verb == "DATA" and not self.refuse:
                writer.write(b"354 go on\r\n")
                self.messages.append((await reader.readuntil(b"\r\n.\r\n")).decode())
            greeting = b"250-mailbox\r\n250 AUTH PLAIN\r\n"
            answer = {
                "EHLO": greeting,
                "AUTH": b"235 welcome\r\n",
                "QUIT": b"221 bye\r\n",
                "DATA": b"554 no\r\n" if self.refuse else b"250 kept\r\n",
            }
            writer.write(answer.get(verb, b"250 ok\r\n"))
            await writer.drain()
            if verb == "QUIT":
                break
        writer.close()

    def stop(self) -> None:
        async def close() -> None:
            self._server.close()

        self._loop.run(close())
        self._loop.stop()
