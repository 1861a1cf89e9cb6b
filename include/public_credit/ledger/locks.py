"""Locks: one name, one holder; who holds it since when; nothing of a holder that died goes on writing.

An advisory lock of PostgreSQL, held by a database session: it ends with that session, however the process ends. A process
that is killed in the middle of a long statement leaves the session of that statement behind, still writing. Therefore every
session of ours bears the name of its process (``settings.process_name``), whoever takes a lock next ends the sessions of its
last holder before doing anything, and the server looks every second whether the process behind a running statement lives.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, Row, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ..base import settings
from ..base.messages import UserError

BUILD = "build"
FIGURES = "figures"
GATE = "gate"
EDITION = "edition"
PUBLISH = "publish"
SEAL = "seal"
VAULT = "vault"  # shared by landings; whoever takes numbers out of the vault holds it alone
_KEY = "hashtextextended(:name, 16)"
_PATIENCE = 60.0
_LOCK_NOT_AVAILABLE = "55P03"
_LET_GO = text("update ledger.lock_holder set process = '', holder = '' where name = :name and process = :process")


class Busy(UserError):
    """Another one of the same kind is at work (exit code 6)."""

    def __init__(self, title: str, holder: Row[tuple[str, str, str]] | None):
        since = f"，自 {holder.since} 起由 {holder.holder} 进行" if holder is not None else ""
        super().__init__(f"另一个{title}正在运行{since}，本次不再启动。", remedy="等它结束后重试。", code=6)


def release(receiver: str) -> str:
    """Name of the lock of releases for one receiver."""
    return f"release {receiver}"


def delivery(receiver: str) -> str:
    """Name of the lock of deliveries to one receiver."""
    return f"deliver {receiver}"


def batch(seq: int) -> str:
    """Name of the lock of one receipt: whoever lands, judges, waives, sets aside or withdraws it holds it."""
    return f"batch {seq}"


def collecting(day: object, unit_id: str) -> str:
    """Name of the lock a department's collection of a business day holds."""
    return f"collecting {day} {unit_id}"


@contextmanager
def hold(role: str, name: str, *, shared: bool = False, waiting: str = "", holder: str = "") -> Iterator[bool]:
    """Hold the lock ``name`` while the block runs; yields False when another holds it.

    Held by a session of its own, as the work takes many transactions. With ``waiting`` the lock is waited for, and a person
    is told so once; ``shared`` holders do not exclude each other. ``holder`` is what others are told of us.
    """
    with settings.engine(role).connect() as plain:
        connection = plain.execution_options(isolation_level="AUTOCOMMIT")
        mine = _take(connection, name, shared)
        if not mine and waiting:
            print(waiting, file=sys.stderr, flush=True)
            connection.execute(text(f"select pg_advisory_lock{_kind(shared)}({_KEY})"), {"name": name})
            mine = True
        try:
            if mine and not shared:
                _succeed(connection, name, holder)
            yield mine
        finally:
            if mine:
                if not shared:
                    with suppress(DBAPIError):
                        connection.execute(_LET_GO, {"name": name, "process": settings.process_name()})
                with suppress(DBAPIError):  # the connection is gone, and the lock with it
                    connection.execute(text(f"select pg_advisory_unlock{_kind(shared)}({_KEY})"), {"name": name})


@contextmanager
def alone(role: str, name: str, title: str, holder: str) -> Iterator[None]:
    """Hold the lock ``name`` while the block runs. Raises Busy when another holds it; ``title`` says what it is in Chinese."""
    with hold(role, name, holder=holder) as mine:
        if not mine:
            raise Busy(title, _holder(role, name))
        yield


def require(role: str, name: str) -> None:
    """Raises UserError (code 5) when the lock ``name`` is no longer this process's (its session broke, another took it)."""
    with settings.engine(role).connect() as connection:
        mine = text("select process = :process from ledger.lock_holder where name = :name")
        if not connection.execute(mine, {"name": name, "process": settings.process_name()}).scalar():
            raise UserError("数据库会话中断过，另一个任务已经接手。", remedy="重跑；已完成的部分会接着做。", code=5)


@contextmanager
def between_builds(role: str) -> Iterator[None]:
    """Wait until no build is running, and let none begin while the block runs: what is read in it is of one build."""
    with hold(role, FIGURES, shared=True, waiting="构建正在进行，等它完成后再读取数字。"):
        yield


def lock(opened: Connection | Session, name: str, *, shared: bool = False) -> None:
    """Wait for the lock ``name`` and keep it until the transaction ends: it sits in the session that writes."""
    opened.execute(text(f"select pg_advisory_xact_lock{_kind(shared)}({_KEY})"), {"name": name})


def lock_within(opened: Connection | Session, name: str, seconds: float) -> bool:
    """Take the lock ``name`` until the transaction ends; False, and the transaction rolled back, when another keeps it so long."""
    if opened.execute(text(f"select pg_try_advisory_xact_lock({_KEY})"), {"name": name}).scalar():
        return True
    try:
        if seconds:
            opened.execute(text(f"set local lock_timeout = {int(seconds * 1000)}"))
            lock(opened, name)
            opened.execute(text("set local lock_timeout = default"))
            return True
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
    opened.rollback()
    return False


def held(opened: Session, names: Iterable[str]) -> set[str]:
    """Which of the locks somebody holds now."""
    return set(
        opened.scalars(
            text("""
        select n.name from unnest(cast(:names as text[])) n (name)
        where exists (select 1 from pg_locks l
                      where l.locktype = 'advisory' and l.granted and l.objsubid = 1
                        and l.database = (select oid from pg_database where datname = current_database())
                        and (cast(l.classid as bigint) << 32) | cast(l.objid as bigint) = hashtextextended(n.name, 16))"""),
            {"names": list(names)},
        )
    )


def _kind(shared: bool) -> str:
    return "_shared" if shared else ""


def _take(connection: Connection, name: str, shared: bool) -> bool:
    return bool(
        connection.execute(text(f"select pg_try_advisory_lock{_kind(shared)}({_KEY})"), {"name": name}).scalar()
    )


def _succeed(connection: Connection, name: str, holder: str) -> None:
    """End what the last holder has left running under our role, and write down that the lock is ours.

    Raises UserError (code 5) when a session of it does not end.
    """
    left = text("""
        select count(pg_terminate_backend(a.pid)) from ledger.lock_holder h join pg_stat_activity a
        on a.application_name = h.process and a.usename = current_user and a.datname = current_database()
        where h.name = :name and h.process not in ('', :process)""")
    known = {"name": name, "process": settings.process_name()}
    deadline = time.monotonic() + _PATIENCE
    while connection.execute(left, known).scalar():
        if time.monotonic() > deadline:
            raise UserError("上一次运行留下的数据库会话无法结束。", remedy="请数据库管理员结束该会话后重试。", code=5)
        time.sleep(0.1)
    connection.execute(
        text("""
        insert into ledger.lock_holder (name, process, holder) values (:name, :process, :holder)
        on conflict (name) do update
        set process = excluded.process, holder = excluded.holder, since = clock_timestamp()"""),
        known | {"holder": holder},
    )


def _holder(role: str, name: str) -> Row[tuple[str, str, str]] | None:
    """Who holds a lock, and since when on the district's clock."""
    with settings.engine(role).connect() as connection:
        return connection.execute(
            text("""
            select holder, to_char(since at time zone :zone, 'YYYY-MM-DD HH24:MI:SS') as since
            from ledger.lock_holder where name = :name and holder <> ''"""),
            {"name": name, "zone": settings.TIMEZONE.key},
        ).one_or_none()
