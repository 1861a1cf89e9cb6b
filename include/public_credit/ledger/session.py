"""Sessions, steps and locks on the ledger."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import date
from typing import Any
from zlib import crc32

from sqlalchemy import Connection, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ..base import settings
from ..base.run import Run
from .models import BusinessDay, Step


@contextmanager
def session(role: str) -> Iterator[Session]:
    """One transaction as ``role``: committed at the end of the block, rolled back on an error."""
    with Session(settings.engine(role)) as opened, opened.begin():
        yield opened


def lock(connection: Connection | Session, name: str, *, wait: bool = True) -> bool:
    """Take the transaction-scoped advisory lock ``name``; False when it is taken and ``wait`` is False."""
    key = crc32(name.encode())
    if wait:
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": key})
        return True
    return bool(connection.execute(text("select pg_try_advisory_xact_lock(:key)"), {"key": key}).scalar())


_LOCK = "hashtextextended(:name, 16)"
BUILDING = "build"


@contextmanager
def hold(role: str, name: str, *, shared: bool = False, waiting: str = "") -> Iterator[bool]:
    """Hold the advisory lock ``name`` while the block runs; False when another holds it.

    Session-scoped on a connection of its own: the work may take long and must not keep a transaction open. The lock ends
    with the process, however that ends. With ``waiting`` the lock is waited for, and a person is told so once;
    ``shared`` holders do not exclude each other.
    """
    key, kind = {"name": name}, "_shared" if shared else ""
    with settings.engine(role).connect() as plain:
        connection = plain.execution_options(isolation_level="AUTOCOMMIT")
        mine = bool(connection.execute(text(f"select pg_try_advisory_lock{kind}({_LOCK})"), key).scalar())
        if not mine and waiting:
            print(waiting, file=sys.stderr, flush=True)
            connection.execute(text(f"select pg_advisory_lock{kind}({_LOCK})"), key)
            mine = True
        try:
            yield mine
        finally:
            if mine:
                with suppress(DBAPIError):  # the connection is gone, and the lock with it
                    connection.execute(text(f"select pg_advisory_unlock{kind}({_LOCK})"), key)


def held(opened: Session, names: Iterable[str]) -> set[str]:
    """Which of the advisory locks somebody holds now (``hold``)."""
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


def between_builds(role: str) -> AbstractContextManager[bool]:
    """Wait until no build is running, and let none begin while the block runs: what is read in it is of one build."""
    return hold(role, BUILDING, shared=True, waiting="构建正在进行，等它完成后再读取数字。")


class StepRecord:
    """The outcome of a running step, filled in by the code inside ``step``."""

    def __init__(self, step_id: int):
        self.id = step_id
        self.verdict = "ok"
        self.message = ""
        self.owner = ""
        self.counts: dict[str, Any] = {}
        self.links: dict[str, Any] = {}


@contextmanager
def step(run: Run, role: str, name: str, **links: Any) -> Iterator[StepRecord]:
    """Book a step of ``run``: a row with verdict ``incomplete`` before, the outcome after.

    ``links`` are columns of ``ledger.step`` (unit_id, dataset_id, batch_seq, attempt, build_id, release_id). A step
    that raises is booked ``failed`` with the exception's type only (its text may hold a delivered value) unless it
    is a UserError, and the exception goes on. A killed step stays ``incomplete``.
    """
    from ..base.messages import UserError

    with session(role) as opened:
        row = Step(name=name, business_date=run.on, dag_run=run.dag_run, **links)
        opened.add(row)
        opened.flush()
        record = StepRecord(row.id)
    try:
        yield record
    except BaseException as error:
        record.verdict = "failed"
        record.message = str(error) if isinstance(error, UserError) else f"程序错误 {type(error).__name__}"
        record.owner = record.owner or "data_engineer"
        raise
    finally:
        with session(role) as opened:
            row = opened.get_one(Step, record.id)
            row.verdict, row.message, row.owner = record.verdict, record.message, record.owner
            row.counts = record.counts
            row.ended_at = func.clock_timestamp()
            for column, value in record.links.items():
                setattr(row, column, value)


def open_business_day(run: Run, role: str) -> None:
    """Open the run's business date (idempotent)."""
    with session(role) as opened:
        opened.execute(insert(BusinessDay).values(day=run.on, opened_by=run.dag_run).on_conflict_do_nothing())


def newest_business_day(role: str) -> date | None:
    """The newest business date that was opened, None when none was yet."""
    with session(role) as opened:
        return opened.execute(select(func.max(BusinessDay.day))).scalar()
