"""``./run backup DIR``: database, archive and the other files of the state folder, and apart from them the keys.

One folder per backup, named by its moment; the same name below the folder of the keys. It may run beside the stack and be
killed: what was not finished is removed by the next one. The databases come first, each as one snapshot, the archive after
them (docs/decisions/0065-backup.md).
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import fsspec
import psycopg
from public_credit.base import files, settings

from . import saved
from .postgres import Server, binaries
from .stack import StackError, only_stack

DATABASES = ("public_credit", "airflow", "exchange")  # the last in the demo only
# Of the state folder: what dumps, archive and keys hold, what is made again, what is the operator's, who is logged in.
_LEFT_OUT = {
    "postgres",
    "archive",
    "secrets",
    "airflow",
    "logs",
    "dbt",
    "cache",
    "hand_in",
    "logins",
    "stack.lock",
    "last_backup",
}
_OBJECT = re.compile(r"[^/]+/[0-9a-f]{32}\.pcw$")
_UNFINISHED = ".part"


@dataclass(frozen=True)
class Database:
    """Where PostgreSQL answers, and its superuser's password."""

    host: str
    port: int
    password: str

    def url(self, database: str, user: str = "postgres", password: str | None = None) -> str:
        return f"postgresql://{user}:{password or self.password}@{self.host}:{self.port}/{database}"

    def tool(self, name: str, database: str, *arguments: str) -> None:
        """Run a client program of PostgreSQL on a database. Raises StackError with the last it said."""
        done = subprocess.run(
            [
                str(binaries() / name),
                f"--host={self.host}",
                f"--port={self.port}",
                "--username=postgres",
                "--no-password",
            ]
            + [f"--dbname={database}", *arguments],
            env=os.environ | {"PGPASSWORD": self.password, "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise StackError(f"{name} 失败（{database}）：{done.stderr.strip()[-300:]}")

    def revision(self) -> str:
        """The migration the warehouse's database stands at."""
        with psycopg.connect(self.url("public_credit")) as connection:
            row = connection.execute("select version_num from ledger.alembic_version").fetchone()
        return str(row[0]) if row else ""

    def names(self) -> list[str]:
        """The databases of ours that are there."""
        with psycopg.connect(self.url("postgres")) as connection:
            there = {name for (name,) in connection.execute("select datname from pg_database")}
        return [name for name in DATABASES if name in there]


@contextmanager
def answering(home: Path) -> Iterator[Database]:
    """The server ``PCW_DB_HOST`` names, else that of the state folder, started for the while if nothing runs on it."""
    given = settings.current()
    if given.db_host:
        password = Path(os.environ["PCW_SUPERUSER_FILE"]).read_text(encoding="utf-8").strip()
        yield Database(given.db_host, given.db_port or 5432, password)
        return
    with ExitStack() as stack:
        try:
            stack.enter_context(only_stack(home))
        except StackError:  # the stack runs, and its server with it
            server = Server(home / "postgres", port=int((home / "postgres.port").read_text(encoding="ascii")))
        else:
            server = Server(home / "postgres")
            stack.callback(server.stop)
            server.start()
        yield Database("127.0.0.1", server.port, server.password)


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Hold the folder of backups; what a killed one left there is removed."""
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (target / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError("另一次备份正在写入这个文件夹。") from None
        for left in target.glob(f"*{_UNFINISHED}"):
            shutil.rmtree(left)
        yield


def _newest(target: Path) -> Path | None:
    return max((path.parent for path in target.glob(f"*/{saved.MANIFEST}")), default=None)


def _archive(folder: Path, before: Path | None) -> dict[str, str]:
    """Copy the archive, whose objects never change; the digests of those linked from the backup before."""
    filesystem, base = fsspec.core.url_to_fs(settings.archive_url())
    known = saved.manifest(before)["files"] if before else {}
    linked = {}
    for path in filesystem.find(base) if filesystem.exists(base) else []:
        found = _OBJECT.search(path)
        if not found:
            continue
        name = f"archive/{found[0]}"
        copy = folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if before and name in known and filesystem.size(path) == known[name]["bytes"]:
            os.link(before / name, copy)
            linked[name] = known[name]["sha256"]
            continue
        try:
            filesystem.get_file(path, str(copy))
        except FileNotFoundError:  # purged or swept meanwhile, as it will be again after a restore
            copy.unlink(missing_ok=True)
    return linked


def _state(home: Path, folder: Path) -> None:
    """Copy the other files of the state folder: slips, alerts, publications."""
    for path in home.iterdir():
        if path.name in _LEFT_OUT or path.name.startswith((".", "postgres.")):
            continue
        if path.is_dir():
            shutil.copytree(path, folder / "state" / path.name, ignore=shutil.ignore_patterns(".*", "*.part"))
        else:
            (folder / "state").mkdir(exist_ok=True)
            shutil.copy2(path, folder / "state" / path.name)


def _keys(home: Path, folder: Path) -> None:
    """Copy the keys and connections, those that ``PCW_KEY_<NAME>_FILE`` names under their usual names."""
    shutil.copytree(home / "secrets", folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*"))
    for name in ("archive", "vault", "lookup"):
        if given := os.environ.get(f"PCW_KEY_{name.upper()}_FILE"):
            shutil.copy2(given, folder / f"{name}.key")


def make(home: Path, target: Path, keys: Path) -> Path:
    """Make a backup below ``target``, its keys below ``keys``; the folder made.

    Raises StackError where the state folder holds no warehouse, one of the folders lies in the other, or a tool fails.
    """
    target, keys = target.resolve(), keys.resolve()
    if target == keys or target in keys.parents or keys in target.parents:
        raise StackError("密钥的文件夹不能与备份的文件夹相互包含：两者要分开存放。")
    if not (home / "secrets" / "connections.yaml").exists():
        raise StackError(f"{home} 中没有可备份的数仓。")
    name = datetime.now(settings.TIMEZONE).strftime("%Y%m%dT%H%M%S")
    with _alone(target), _alone(keys), answering(home) as database:
        part, part_of_keys = target / f"{name}{_UNFINISHED}", keys / f"{name}{_UNFINISHED}"
        (part / "database").mkdir(parents=True, mode=0o700)
        part_of_keys.mkdir(mode=0o700)
        revision = database.revision()
        _keys(home, part_of_keys)  # a key is older than what it encrypts
        for each in database.names():
            database.tool("pg_dump", each, "--format=custom", "--compress=1", f"--file={part}/database/{each}.dump")
        linked = _archive(part, _newest(target))
        _state(home, part)
        facts = {"made_at": name, "code_version": settings.code_version(), "revision": revision, "home": str(home)}
        saved.seal(part_of_keys, {}, **facts)
        saved.seal(part, linked, **facts)
        os.rename(part_of_keys, keys / name)
        os.rename(part, target / name)
    files.write(settings.backup_note(), f"{name}\n")
    return target / name
