"""Roles, databases, keys and their connections; on one machine and, as ``python -m local_stack.bootstrap``, on a server.

The server's one-shot service reads ``PCW_DB_HOST``, ``PCW_DB_PORT``, the superuser's password from the file
``PCW_SUPERUSER_FILE`` names and the first Airflow password from ``PCW_ADMIN_PASSWORD_FILE``. It may run on every start.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psycopg
from public_credit.base import connections, files, settings
from public_credit.base.messages import UserError

from .files import connections_of, read_of, set_connections

ROLES = tuple(f"pcw_{role}" for role in settings.ROLES)
KEYS = ("archive", "vault", "lookup")

Url = Callable[[str, str, str], str]


def _ensure_role(admin: psycopg.Connection, role: str, password: str) -> None:
    known = admin.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone()
    verb = "alter" if known else "create"
    admin.execute(
        psycopg.sql.SQL(f"{verb} role {{}} login password {{}}").format(
            psycopg.sql.Identifier(role), psycopg.sql.Literal(password)
        )
    )


def _ensure_database(admin: psycopg.Connection, name: str, owner: str) -> None:
    if not admin.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
        admin.execute(
            psycopg.sql.SQL("create database {} owner {}").format(
                psycopg.sql.Identifier(name), psycopg.sql.Identifier(owner)
            )
        )
    admin.execute(psycopg.sql.SQL("revoke connect on database {} from public").format(psycopg.sql.Identifier(name)))


def make_keys(folder: Path) -> None:
    """Make the keys that are missing, but those whose file the environment names."""
    for name in KEYS:
        if not os.environ.get(f"PCW_KEY_{name.upper()}_FILE") and not (folder / f"{name}.key").exists():
            files.write(folder / f"{name}.key", secrets.token_hex(32) + "\n")


def bootstrap(superuser: str, url: Url, home: Path, others: tuple[str, ...] = ("airflow",)) -> dict[str, str]:
    """Make what is missing; the connections. Safe to run again on every start (ports change).

    ``superuser``: libpq URI; ``url(database, role, password)`` makes the URIs of the connections; ``others`` are
    databases with a role of the same name. Keys are made only where no file of theirs is named in the environment.
    """
    folder = home / "secrets"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    shared = connections.read(connections_of(home))
    made: dict[str, str] = {}
    make_keys(folder)

    def password_of(conn_id: str) -> str:
        """The password a role has; a new one where its line names none or cannot be read."""
        with suppress(psycopg.ProgrammingError, KeyError):
            return str(psycopg.conninfo.conninfo_to_dict(read_of(home, conn_id).known[conn_id])["password"])
        return secrets.token_urlsafe(18)

    with psycopg.connect(superuser, autocommit=True) as admin:
        for role in (*ROLES, *others):
            conn_id = f"pcw_db_{role.removeprefix('pcw_')}" if role in ROLES else f"{role}_db"
            password = password_of(conn_id)
            _ensure_role(admin, role, password)
            made[conn_id] = url("public_credit" if role in ROLES else role, role, password)
        for database, owner in (("public_credit", "pcw_owner"), *((name, name) for name in others)):
            _ensure_database(admin, database, owner)
        for role in ROLES[1:]:
            admin.execute(f"grant connect on database public_credit to {role}")
    if "alert" not in shared.lines:
        made["alert"] = (home / "alerts").as_uri()
    set_connections(home, made)
    return connections.read(connections_of(home)).known | made


def _reachable(url: str, patience: float = 120.0) -> None:
    """Wait until the server answers. Raises RuntimeError."""
    deadline = time.monotonic() + patience
    while True:
        try:
            psycopg.connect(url, connect_timeout=3).close()
            return
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL 在限定时间内没有应答：{type(error).__name__}") from None
            time.sleep(1)


def _run(*command: str) -> None:
    subprocess.run([sys.executable, "-m", *command], check=True)


def main() -> None:
    """The server's one-shot: database, keys, migrations of both databases, Airflow's first password."""
    settings.current()
    home = Path(os.environ["PCW_HOME"])
    where = f"{os.environ['PCW_DB_HOST']}:{os.environ.get('PCW_DB_PORT', '5432')}"
    password = Path(os.environ["PCW_SUPERUSER_FILE"]).read_text(encoding="utf-8").strip()

    def url(database: str, role: str, secret: str) -> str:
        return f"postgresql://{role}:{secret}@{where}/{database}"

    superuser = url("postgres", "postgres", password)
    _reachable(superuser)
    bootstrap(superuser, url, home)
    airflow = Path(os.environ["AIRFLOW_HOME"])
    airflow.mkdir(parents=True, exist_ok=True, mode=0o700)
    admin = Path(os.environ["PCW_ADMIN_PASSWORD_FILE"]).read_text(encoding="utf-8").strip()
    files.write(airflow / "passwords.json", json.dumps({"admin": admin}))
    _run("public_credit.cli", "migrate")
    _run("airflow", "db", "migrate")
    print("初始化完成。")


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"错误：{error.text}\n处理办法：{error.remedy}")
