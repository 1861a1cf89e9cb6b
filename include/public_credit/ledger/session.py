"""Sessions and steps on the ledger."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Connection, CursorResult, Result, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ..base import settings
from .models import BusinessDay, Step
from .states import Verdict

if TYPE_CHECKING:
    import psycopg


@contextmanager
def session(role: str) -> Iterator[Session]:
    """One transaction as ``role``: committed at the end of the block, rolled back on an error."""
    with Session(settings.engine(role)) as opened, opened.begin():
        yield opened


def written(result: Result[Any]) -> int:
    """Rows an insert, update or delete has written (SQLAlchemy types the result of a text as one of a query)."""
    return cast(CursorResult[Any], result).rowcount


def driver(opened: Session | Connection) -> psycopg.Connection[Any]:
    """The driver's own connection behind a session or connection, for COPY."""
    connection = opened.connection() if isinstance(opened, Session) else opened
    return cast("psycopg.Connection[Any]", connection.connection.driver_connection)


def dag_run() -> str:
    """``<dag>/<run>`` of the Airflow task we run in, or ''."""
    dag, run = os.environ.get("AIRFLOW_CTX_DAG_ID", ""), os.environ.get("AIRFLOW_CTX_DAG_RUN_ID", "")
    return f"{dag}/{run}" if dag else ""


def whose() -> str:
    """Who works here, as others are told: the Airflow task, or who called the command line."""
    return dag_run() or f"{os.environ.get('PCW_USER') or getpass.getuser()}（命令行）"


class StepRecord:
    """The outcome of a running step, filled in by the code inside ``step``."""

    def __init__(self, step_id: int):
        self.id = step_id
        self.verdict = Verdict.OK
        self.message = ""
        self.owner = ""
        self.counts: dict[str, Any] = {}
        self.links: dict[str, Any] = {}


@contextmanager
def step(role: str, name: str, *, business_date: date, **links: Any) -> Iterator[StepRecord]:
    """Book a step: a row with verdict ``incomplete`` before, the outcome after.

    ``links`` are columns of ``ledger.step`` (unit_id, dataset_id, batch_seq, attempt, build_id, release_id). A step
    that raises is booked ``failed`` with the exception's type only (its text may hold a delivered value) unless it
    is a UserError, and the exception goes on. A killed step stays ``incomplete``.
    """
    from ..base.messages import UserError

    with session(role) as opened:
        row = Step(name=name, business_date=business_date, dag_run=dag_run(), **links)
        opened.add(row)
        opened.flush()
        record = StepRecord(row.id)
    try:
        yield record
    except BaseException as error:
        record.verdict = Verdict.FAILED
        record.message = str(error) if isinstance(error, UserError) else f"程序错误 {type(error).__name__}"
        record.owner = record.owner or "data_engineer"
        raise
    finally:
        with session(role) as opened:
            row = opened.get_one(Step, record.id)
            row.verdict, row.message, row.owner = record.verdict, record.message, record.owner
            row.counts = record.counts
            row.ended_at = datetime.now(UTC)
            for column, value in record.links.items():
                setattr(row, column, value)


def open_business_day(role: str, day: date) -> None:
    """Open a business date (idempotent)."""
    with session(role) as opened:
        opened.execute(insert(BusinessDay).values(day=day, opened_by=dag_run()).on_conflict_do_nothing())


def clock_day(role: str) -> date:
    """The business date of work outside a run; beside the demo, whose calendar is simulated, the newest day played."""
    if os.environ.get("PCW_CLOCK") == "logical" and not os.environ.get("PCW_BUSINESS_DATE"):
        return current_business_day(role)
    return settings.business_date()


def current_business_day(role: str) -> date:
    """The newest opened business date; today's when none was opened yet."""
    with session(role) as opened:
        return opened.execute(select(func.max(BusinessDay.day))).scalar() or settings.business_date()
