"""``./run restore BACKUP --keys KEYS``: an empty state folder becomes the warehouse of a backup.

Nothing is touched before every file of the backup has been read and agrees with its manifest. A restore that was killed
leaves a mark; run again, it begins anew. Afterwards the stack is started as ever: it migrates, collects again what came
since, and asks the city (docs/operations.md).
"""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import fsspec
import psycopg
from public_credit.base import files, settings

from . import saved
from .backup import Database, answering
from .bootstrap import bootstrap
from .stack import StackError

_MARK = "restore.unfinished"
_MAY_BE_THERE = {"stack.lock", _MARK, "hand_in"}  # the last is a folder of the operator's, mounted


def _empty(home: Path) -> None:
    """Make sure the state folder is empty. Raises StackError; what an unfinished restore left is removed."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    parts = [path for path in home.iterdir() if path.name not in _MAY_BE_THERE]
    there = [path for part in parts for path in (part, *part.rglob("*")) if not path.is_dir()]  # a mounted folder stays
    if there and not (home / _MARK).exists():
        raise StackError(f"{home} 不是空的，恢复只写入空的状态文件夹；用 PCW_HOME 另指一个。未作任何改动。")
    files.write(home / _MARK, "")
    for path in there:
        path.unlink()


def _secrets(home: Path, keys: Path, then: str) -> None:
    """Put keys and connections into place, addresses below the state folder that was put right."""
    shutil.copytree(keys, home / "secrets", dirs_exist_ok=True, ignore=shutil.ignore_patterns(saved.MANIFEST))
    for path in (home / "secrets").rglob("*"):
        path.chmod(0o700 if path.is_dir() else files.PRIVATE)
    connections = home / "secrets" / "connections.yaml"
    text = connections.read_text(encoding="utf-8")
    files.write(connections, text.replace(Path(then).as_uri() + "/", home.as_uri() + "/"))


def _same_keys(keys: Path) -> None:
    """Raises StackError where a key that the environment names is not the backup's."""
    for name in ("archive", "vault", "lookup"):
        given = os.environ.get(f"PCW_KEY_{name.upper()}_FILE")
        if given and Path(given).read_text(encoding="ascii").strip() != (keys / f"{name}.key").read_text().strip():
            raise StackError(f"PCW_KEY_{name.upper()}_FILE 的密钥与备份的不同：先放回备份时的密钥。未恢复任何内容。")


def _no_warehouse(database: Database, unfinished: bool) -> None:
    """Make sure the server holds no database of ours; one of an unfinished restore is dropped. Raises StackError."""
    names = database.names()
    if names and not unfinished:
        raise StackError(f"数据库服务器上已有 {'、'.join(names)}，恢复只写入空的服务器。未作任何改动。")
    with psycopg.connect(database.url("postgres"), autocommit=True) as admin:
        for name in names:
            admin.execute(psycopg.sql.SQL("drop database {} with (force)").format(psycopg.sql.Identifier(name)))


def _archive(folder: Path) -> None:
    """Put the objects where the archive is now."""
    filesystem, base = fsspec.core.url_to_fs(settings.archive_url())
    for path in sorted((folder / "archive").rglob("*.pcw")):
        place = f"{base.rstrip('/')}/{path.relative_to(folder / 'archive').as_posix()}"
        filesystem.makedirs(place.rsplit("/", 1)[0], exist_ok=True)
        filesystem.put_file(str(path), place)


def _note(database: Database, made_at: str) -> None:
    """Note the restore in the chain of evidence: which root was the last, and since when nothing is known.

    A backup of a version without the chain has nothing to note in: its chain begins when it is migrated.
    """
    moment = datetime.strptime(made_at, "%Y%m%dT%H%M%S").replace(tzinfo=settings.TIMEZONE)
    with psycopg.connect(database.url("public_credit")) as connection:
        if connection.execute("select to_regclass('ledger.chain_seal') is null").fetchone() == (True,):
            return
        connection.execute(
            """select ledger.chain_note('restored', jsonb_build_object('made_at', cast(%s as text),
                   'last_seal', (select max(seal_no) from ledger.chain_seal),
                   'last_root', (select root from ledger.chain_seal order by seal_no desc limit 1)))""",
            [moment.isoformat()],
        )


def run(home: Path, folder: Path, keys: Path) -> dict[str, str]:
    """Restore a backup into the state folder; the manifest's facts.

    Raises StackError before anything is written where a file is missing or damaged, the keys are those of another
    backup, or state folder or server are not empty.
    """
    facts, of_keys = saved.verified(folder), saved.verified(keys)
    if facts["made_at"] != of_keys["made_at"]:
        raise StackError(f"密钥属于 {of_keys['made_at']} 的备份，不是 {facts['made_at']} 的。未恢复任何内容。")
    _same_keys(keys)
    unfinished = (home / _MARK).exists()
    with ExitStack() as stack:
        if settings.current().db_host:
            _no_warehouse(stack.enter_context(answering(home)), unfinished)
        _empty(home)
        _secrets(home, keys, facts["home"])
        if (folder / "state").exists():
            shutil.copytree(folder / "state", home, dirs_exist_ok=True)
        _archive(folder)
        database = stack.enter_context(answering(home))
        dumps = sorted((folder / "database").glob("*.dump"))
        bootstrap(
            database.url("postgres"),
            database.url,
            home,
            tuple(dump.stem for dump in dumps if dump.stem != "public_credit"),
        )
        for dump in dumps:
            database.tool("pg_restore", dump.stem, "--exit-on-error", "--jobs=2", str(dump))
        _note(database, facts["made_at"])
    (home / _MARK).unlink()
    return {name: facts[name] for name in ("made_at", "code_version", "revision")}
