"""Sessions and steps on the ledger."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Connection, CursorResult, Result, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ..base import progress, settings
from ..base.messages import UserError
from ..base.run import Run
from ..identifiers import persons
from .models import BusinessDay, DeskSession, Step
from .states import Audience, Channel, Verdict
from .words import STEP, VERDICT
from .written import clean, clear

if TYPE_CHECKING:
    import psycopg

_COUNTED = {  # what a step counts, as its line of progress says it
    "rows_in": "收到行", "accepted": "放行", "quarantined": "退回", "duplicate": "重复", "refused": "拒收", "receipts": "回执",
    "landed": "入库", "batches": "批次", "slips": "退回单", "resubmissions_matched": "匹配更正",
    "adds": "新增", "mods": "变更", "dels": "撤下", "rejected": "被拒收", "models": "模型",
}  # fmt: skip


_SIGNED_IN = timedelta(minutes=10)  # a command that looks at one person's record; it signs out when it is done
_acting: ContextVar[tuple[str, str] | None] = ContextVar("acting", default=None)


@contextmanager
def session(role: str, token: str = "") -> Iterator[Session]:
    """One transaction as ``role``: committed at the end of the block, rolled back on an error.

    ``token``: of the person for whom it is (``desk.who()``). Within ``acting`` what would read as "reader" reads as the person.
    """
    acting = _acting.get()
    if acting is not None and role == "reader":
        role, token = acting[0], token or acting[1]
    with Session(settings.engine(role)) as opened, opened.begin():
        if token:
            opened.execute(select(func.set_config("pcw.session", token, True)))
        yield opened


@contextmanager
def acting(role: str, token: str) -> Iterator[None]:
    """While the block runs, ``session("reader")`` has the rights of ``role`` (an audience), for the person of a token."""
    before = _acting.set((role, token))
    try:
        yield
    finally:
        _acting.reset(before)


def not_signed_in(who: str) -> UserError:
    """What somebody is told who has to sign in first."""
    return UserError(
        f"没有登录：这项操作须以本人名义办理（{who} 没有对应的工作台账号）。",
        remedy="运行 public-credit login <账号> 登录；或在辖区的 users.yml 中为本人的账号写明 unix。",
        code=4,
    )


@dataclass(frozen=True)
class SignedIn:
    """What the database says of the session of a token. ``unit_id`` '' for everybody but clerks."""

    account: str
    name: str
    role: Audience
    unit_id: str
    channel: Channel
    opened_at: datetime
    ends_at: datetime


def session_of(token: str) -> SignedIn | None:
    """Whose session a token is, as the database says; None when it is none, or has ended."""
    with session("reader", token) as opened:
        found = opened.execute(text("select * from desk.session_told()")).one_or_none()
    if found is None:
        return None
    return SignedIn(
        found.account,
        found.name,
        Audience(found.role),
        found.unit_id or "",
        Channel(found.channel),
        found.opened_at,
        found.ends_at,
    )


def end_session(token: str) -> bool:
    """End the session of a token; whether there was one."""
    with session("reader", token) as opened:
        return bool(opened.scalar(text("select desk.end_session()")))


def acts_for_somebody() -> bool:
    """Whether this block runs with the rights of a person who is signed in."""
    acting = _acting.get()
    return acting is not None and bool(acting[1])


@contextmanager
def for_itself() -> Iterator[None]:
    """While the block runs, what the program has to know whoever it acts for is read with the rights of signing in."""
    with acting("desk", "") if _acting.get() else nullcontext():
        yield


@contextmanager
def signed_in(run: Run) -> Iterator[str]:
    """The token of the session in which a run looks at one person's record: its own, else one made for that, in the name of who runs it.

    The latter has the rights of an engineer: where nobody is named who could sign in, whoever can call the command line is one.
    Raises UserError (code 4) where somebody would have to sign in, and nobody has.
    """
    if run.token is None:
        raise not_signed_in(run.who)
    if run.token:
        yield run.token
        return
    token, who = secrets.token_urlsafe(32), persons.mask(run.who.strip())
    digest = hashlib.sha256(token.encode()).digest()
    values = {"account": who, "name": who, "role": Audience.ENGINEER, "channel": Channel.CLI}
    with session("desk") as opened:
        opened.add(DeskSession(token_hash=digest, ends_at=func.clock_timestamp() + _SIGNED_IN, **values))
    try:
        yield token
    finally:
        with session("desk") as opened:
            opened.execute(
                update(DeskSession).where(DeskSession.token_hash == digest).values(closed_at=func.clock_timestamp())
            )


def written(result: Result[Any]) -> int:
    """Rows an insert, update or delete has written (SQLAlchemy types the result of a text as one of a query)."""
    return cast(CursorResult[Any], result).rowcount


def driver(opened: Session | Connection) -> psycopg.Connection[Any]:
    """The driver's own connection behind a session or connection, for COPY."""
    connection = opened.connection() if isinstance(opened, Session) else opened
    return cast("psycopg.Connection[Any]", connection.connection.driver_connection)


class StepRecord:
    """The outcome of a running step, filled in by the code inside ``step``."""

    def __init__(self, step_id: int):
        self.id = step_id
        self.verdict = Verdict.OK
        self.message = ""
        self.owner = ""
        self.counts: dict[str, Any] = {}
        self.links: dict[str, Any] = {}

    def write(self, opened: Session | Connection) -> None:
        """Write message, owner, counts and links in a transaction of the caller's: they stand as soon as what they tell of does."""
        told = {"message": self.message, "owner": self.owner, "counts": self.counts}
        opened.execute(update(Step).where(Step.id == self.id).values(told | self.links))


@contextmanager
def step(run: Run, role: str, name: str, **links: Any) -> Iterator[StepRecord]:
    """Book a step of ``run``: a row with verdict ``incomplete`` before, the outcome after.

    ``links`` are columns of ``ledger.step`` (unit_id, dataset_id, batch_seq, attempt, build_id, release_id). A step
    that raises is booked ``failed`` with the exception's type only (its text may hold a delivered value) unless it
    is a UserError, and the exception goes on. A killed step stays ``incomplete``. The outcome is a line of progress, too.
    """
    with session(role) as opened:
        row = Step(name=name, business_date=run.on, dag_run=run.dag_run, **links)
        opened.add(row)
        opened.flush()
        record = StepRecord(row.id)
    try:
        yield record
    except BaseException as error:
        clear(error)
        record.verdict = Verdict.FAILED
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
            about = row.dataset_id or row.unit_id or ""
            about += f" 批次 {row.batch_seq}" if row.batch_seq else ""
        said = f"：{record.message}" if record.message else ""
        counts = "，".join(
            f"{_COUNTED[key]} {value:,}" for key, value in record.counts.items() if key in _COUNTED and value
        )
        progress.say(
            clean(
                f"{STEP.get(name, name)}{f' {about.strip()}' if about else ''}  {VERDICT[record.verdict]}{said}{f'（{counts}）' if counts else ''}"
            )
        )


@contextmanager
def booked(run: Run, role: str, name: str, **links: Any) -> Iterator[tuple[StepRecord, Session]]:
    """A step of one transaction: what is done in the block is there with what the record says of it, or neither is.

    For what a person does, and whatever is read of a step later: a process that ends before the step does has left both.
    """
    with step(run, role, name, **links) as record, session(role) as opened:
        yield record, opened
        record.write(opened)


def open_business_day(run: Run, role: str) -> None:
    """Open the run's business date (idempotent)."""
    with session(role) as opened:
        opened.execute(insert(BusinessDay).values(day=run.on, opened_by=run.dag_run).on_conflict_do_nothing())


def newest_business_day(role: str) -> date | None:
    """The newest business date that was opened, None when none was yet."""
    with session(role) as opened:
        return opened.execute(select(func.max(BusinessDay.day))).scalar()
