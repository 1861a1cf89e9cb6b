"""What commands begin with: who acts and whether he may, their run (business date, and who runs it), and the ids they are given."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from datetime import date, datetime
from typing import Annotated

import typer
from sqlalchemy import select

from ..base import settings
from ..base.messages import UserError, key_given
from ..base.run import Run
from ..catalogue import load_catalogue
from ..catalogue.users import Account
from ..desk import passwords, rights, terminal
from ..ledger import words
from ..ledger.models import Batch
from ..ledger.session import acting, newest_business_day, not_signed_in, session
from ..ledger.states import Audience

On = Annotated[datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="业务日期，默认今天。")]


_actor: ContextVar[terminal.Actor | None] = ContextVar("actor", default=None)


@contextmanager
def admitted(command: str) -> Iterator[None]:
    """The gate of every command (``desk/rights.py``): who acts while it runs, and whether his role may.

    What only reads, reads with the rights of the role of whoever is signed in, as pages do; where nobody is, with the reader's.
    Raises UserError (code 4) where nobody is signed in who would have to be, and for a role the command is not for.
    """
    rule = rights.COMMANDS[command]
    if rule is None:
        yield
        return
    with terminal.acting() as actor:
        if actor.must_sign_in and rule.signed:
            raise not_signed_in(actor.who)
        if actor.role is not None and actor.role not in rule.audience:
            who = f"{actor.who}的角色是{words.AUDIENCE[actor.role]}"
            raise UserError(
                f"{who}，不能运行 {command}。", remedy="请有此职责的人办理；登录的是谁，见 whoami。", code=4
            )
        before = _actor.set(actor)
        try:
            with nullcontext() if rule.signed or actor.role is None else acting(actor.role, actor.token):
                yield
        finally:
            _actor.reset(before)


def _who_acts() -> terminal.Actor:
    return _actor.get() or terminal.unnamed()


def own_dataset(dataset: str) -> None:
    """Raises UserError (code 4) where a clerk works on a dataset of another unit than his."""
    actor = _who_acts()
    if actor.role is Audience.CLERK and dataset.partition(".")[0] != actor.unit_id:
        raise UserError("报送员只能办理本单位的数据集。", remedy="请该单位的报送员或数据工程师办理。", code=4)


def who_sets_password(entry: Account, anybody_has_one: bool) -> terminal.Actor:
    """Who sets the password of an account. Raises UserError (code 4) for somebody who is neither its person nor an engineer.

    Without a login only the first one of the district is set, before which nobody could sign in: ``anybody_has_one`` is false, and
    the account itself has no other way (identity provider, user of the machine).
    """
    actor = _who_acts()
    if actor.must_sign_in and anybody_has_one:
        raise not_signed_in(actor.who)
    if actor.must_sign_in and (entry.oidc or (entry.unix and not terminal.by_session_only())):
        raise UserError(
            f"{entry.who}凭统一身份认证或系统用户登录，未登录时不能为其设口令。",
            remedy="由本人登录后设置，或请已登录的数据工程师设置。",
            code=4,
        )
    if actor.role not in (None, Audience.ENGINEER) and entry.account != actor.account:
        raise UserError("只能设本人账号的口令。", remedy="他人的口令请数据工程师重设。", code=4)
    return actor


def landing_alone() -> None:
    """Raises UserError (code 4) where a clerk would have a receipt judged: the gate is run by an engineer or the scheduler."""
    if _who_acts().role is Audience.CLERK:
        raise UserError("报送员只登记入库，裁决由关卡统一进行。", remedy="加上 --land-only。", code=4)


def answered_for() -> Run:
    """The run of who answers for a paper: a person with an account; a user of the system (root) answers for none."""
    run = run_of()
    if not run.token:
        raise UserError(
            "没有经办人：报告上印经办人的姓名，系统用户不能作经办人。",
            remedy="在辖区的 users.yml 中登记本人的账号，运行 public-credit login 登录后再出具。",
            code=4,
        )
    return run


def run_of(given: datetime | date | None = None) -> Run:
    """The run of this command, on a given business date or the clock's.

    Beside the demo, whose calendar is simulated, the clock's is the newest day played.
    """
    on = given.date() if isinstance(given, datetime) else given or settings.business_date()
    if on is None and settings.simulated_clock():
        on = newest_business_day("reader")
    actor = _who_acts()
    token = None if actor.must_sign_in else actor.token
    return Run(on or settings.today(), "", settings.code_version(), actor.who, token, actor.role or "")


def approving() -> Run:
    """The run of a command that approves what another one prepared.

    Raises UserError (code 4) for an account whose password another one has set lately: he could be the one who approves.
    """
    account = _who_acts().account
    if account and (reset := passwords.reset_of(account)):
        raise UserError(
            f"{account} 的口令于 {_clock(reset.at)} 由{reset.by}设置，24 小时内不能批准。",
            remedy=f"请另一位批准人办理，或在 {_clock(reset.until)} 之后再批准；自行改口令不缩短这一期限。",
            code=4,
        )
    return run_of()


def _clock(at: datetime) -> str:
    return f"{at.astimezone(settings.TIMEZONE):%Y-%m-%d %H:%M}"


def newest_day() -> date:
    """The newest opened business date, the clock's when none was opened yet: that of work on what is there already."""
    return newest_business_day("reader") or settings.business_date() or settings.today()


def known_unit(unit: str | None) -> str | None:
    """A unit to look at: one of the catalogue, or one that left it and has receipts. Raises UserError (code 4) for others."""
    if unit is not None and (unit := key_given(unit, "单位编号")) not in load_catalogue().units:
        with session("reader") as opened:
            if opened.scalar(select(Batch.seq).where(Batch.unit_id == unit).limit(1)) is None:
                raise _unknown("单位", unit, sorted(load_catalogue().units))
    return unit


def known_dataset(dataset: str | None) -> str | None:
    """A dataset to look at: one of the catalogue, or one that left it and has receipts. Raises UserError (code 4) for others."""
    if dataset is not None and (dataset := key_given(dataset, "数据集编号")) not in load_catalogue().datasets:
        with session("reader") as opened:
            if opened.scalar(select(Batch.seq).where(Batch.dataset_id == dataset).limit(1)) is None:
                raise _unknown("数据集", dataset, sorted(load_catalogue().datasets))
    return dataset


def known_batch(seq: int | None) -> int | None:
    """A receipt to look at. Raises UserError (code 4) for a number none has."""
    if seq is not None:
        with session("reader") as opened:
            if opened.get(Batch, seq) is None:
                raise UserError(f"没有批次 {seq}。", remedy="用 public-credit batches 查看批次序号。", code=4)
    return seq


def unit_of_catalogue(unit: str) -> str:
    """A unit to work for. Raises LeftOut while its file has a mistake, UserError (code 4) for one the catalogue does not have."""
    unit = key_given(unit, "单位编号")
    load_catalogue().sound(unit)
    if unit not in load_catalogue().units:
        raise _unknown("单位", unit, sorted(load_catalogue().units))
    return unit


def dataset_of_catalogue(dataset: str) -> str:
    """A dataset to work on. Raises LeftOut while its unit's file has a mistake, UserError (code 4) for one the catalogue does not have."""
    dataset = key_given(dataset, "数据集编号")
    load_catalogue().sound(dataset.partition(".")[0])
    if dataset not in load_catalogue().datasets:
        raise _unknown("数据集", dataset, sorted(load_catalogue().datasets))
    own_dataset(dataset)
    return dataset


def _unknown(what: str, given: str, known: list[str]) -> UserError:
    near = difflib.get_close_matches(given, known, 3)
    return UserError(
        f"没有{what} {given[:80]}。",
        remedy=(f"是否应为 {'、'.join(near)}？" if near else "") + "全部编号见 public-credit catalogue show。",
        code=4,
    )
