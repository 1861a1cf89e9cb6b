"""Signing in and out: sessions and attempts in the database, written as ``pcw_desk`` alone.

A session at the desk ends ``IDLE`` after it was last used and ``LONGEST`` after it was opened, whatever happens in between, one at
the command line ``AT_COMMAND_LINE`` after it was opened; ``desk.who()`` asks for the same end. Too many attempts in ``WINDOW`` – of one account, or from one address – are turned away unseen.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, func, select, text, update

from ..base.messages import UserError
from ..catalogue import load_catalogue
from ..catalogue.users import Account
from ..ledger.models import DeskSession, LoginAttempt
from ..ledger.session import session
from ..ledger.states import Audience, Channel, SignIn, sql
from . import codes, passwords
from .person import Person

IDLE, LONGEST = timedelta(minutes=30), timedelta(hours=10)
AT_COMMAND_LINE = timedelta(hours=8)
WINDOW = timedelta(minutes=15)
OF_ACCOUNT, OF_ADDRESS = 5, 30  # attempts that failed, within the window
_opened_by: dict[
    bytes, list[bytes]
] = {}  # a session at the desk → those its codes opened, as long as this process lives
_TOUCHED = timedelta(minutes=1)  # a session that was seen just now is not written again
_FAILED = f"""select count(*) filter (where account = :account and at > coalesce((
        select max(at) from desk.login_attempt where account = :account and outcome = {sql(SignIn.ADMITTED)}), '-infinity')),
    count(*) filter (where address = :address)
    from desk.login_attempt where at > clock_timestamp() - :window and outcome = {sql(SignIn.REFUSED)}
        and (account = :account or address = :address)"""


def _hash(token: str) -> bytes:
    """What is kept of a token; ``desk.who()`` computes the same."""
    return hashlib.sha256(token.encode()).digest()


class Refused(UserError):
    """Nobody is signed in: the account or password is wrong, or there were too many attempts."""


def _too_many() -> Refused:
    minutes = WINDOW.seconds // 60
    return Refused("登录尝试次数过多。", remedy=f"请在 {minutes} 分钟后再试；忘记口令的，请数据管理员重设。", code=4)


def sign_in(account: str, password: str, address: str, channel: Channel = Channel.DESK) -> Person:
    """Open a session for whoever knows the account's password. Raises Refused; the attempt is booked in any case."""
    entry = load_catalogue().users.get(account)
    with session("desk") as opened:
        opened.execute(text("select pg_advisory_xact_lock(hashtext(:key))"), {"key": f"desk {account}"})
        asked = {"account": account, "address": address, "window": WINDOW}
        failed = opened.execute(text(_FAILED), asked).tuples().one()
        if failed[0] >= OF_ACCOUNT or failed[1] >= OF_ADDRESS:
            outcome = SignIn.THROTTLED
        else:
            outcome = SignIn.ADMITTED if passwords.fits(account, password) and entry else SignIn.REFUSED
        opened.add(LoginAttempt(account=account, address=address, outcome=outcome, at=func.clock_timestamp()))
    if outcome == SignIn.THROTTLED:
        raise _too_many()
    if outcome == SignIn.REFUSED or entry is None:
        raise Refused("账号或口令不对。", remedy="核对后重试；忘记口令的，请数据管理员重设。", code=4)
    return admit(entry, channel)


def admit_known(subject: str, address: str) -> Person:
    """Open a session for whom the identity provider vouches. Raises Refused for a subject no account names."""
    entry = next((entry for entry in load_catalogue().users.values() if entry.oidc == subject and subject), None)
    with session("desk") as opened:
        outcome = SignIn.ADMITTED if entry else SignIn.REFUSED
        opened.add(LoginAttempt(account=entry.account if entry else "", address=address, outcome=outcome))
    if entry is None:
        raise Refused("统一身份认证的这个用户没有工作台账号。", remedy="请数据管理员在 users.yml 中登记。", code=4)
    return admit(entry, Channel.DESK)


def admit_by_code(code: str, address: str) -> Person:
    """Open a session at the command line for whom the desk has shown a one-time code. Raises Refused; the attempt is booked."""
    with session("desk") as opened:
        asked = {"account": "", "address": address, "window": WINDOW}
        throttled = opened.execute(text(_FAILED), asked).tuples().one()[1] >= OF_ADDRESS
        giver = None if throttled else codes.giver_of(code)
        lasts = giver is not None and opened.scalar(_open_session(DeskSession.id, giver.token)) is not None
        entry = load_catalogue().users.get(giver.account) if giver and lasts else None
        outcome = SignIn.THROTTLED if throttled else SignIn.ADMITTED if entry else SignIn.REFUSED
        opened.add(
            LoginAttempt(
                account=entry.account if entry else "", address=address, outcome=outcome, at=func.clock_timestamp()
            )
        )
    if throttled:
        raise _too_many()
    if entry is None or giver is None:
        raise Refused("登录码不对、已用过或已过期。", remedy="在工作台的“命令行登录”页另取一个，五分钟内使用。", code=4)
    person = admit(entry, Channel.CLI)
    _opened_by.setdefault(_hash(giver.token), []).append(_hash(person.token))
    return person


def _open_session(column: Any, token: str) -> Select[Any]:
    """A query for the open session at the desk of a token."""
    return select(column).where(
        DeskSession.token_hash == _hash(token),
        DeskSession.channel == Channel.DESK,
        DeskSession.closed_at.is_(None),
        DeskSession.ends_at > func.clock_timestamp(),
    )


def book_local(entry: Account | None, user: str) -> None:
    """Book that a user of the machine tries to sign in without the desk, as the account he is mapped to or as nobody's."""
    with session("desk") as opened:
        outcome = SignIn.ADMITTED if entry else SignIn.REFUSED
        opened.add(LoginAttempt(account=entry.account if entry else "", address=f"unix:{user}", outcome=outcome))


def admit(entry: Account, channel: Channel, life: timedelta = AT_COMMAND_LINE) -> Person:
    """Open a session for an account; its token is known to the person alone. ``life``: of one at the command line."""
    token = secrets.token_urlsafe(32)
    with session("desk") as opened:
        opened.add(
            DeskSession(
                token_hash=_hash(token),
                account=entry.account,
                name=entry.name,
                role=entry.role,
                unit_id=entry.unit or None,
                channel=channel,
                ends_at=func.clock_timestamp() + (IDLE if channel == Channel.DESK else life),
            )
        )
    return Person(entry.account, entry.name, Audience(entry.role), entry.unit, token)


def of(token: str) -> Person | None:
    """Who the token of a session at the desk stands for; None when the session has ended, or the account is not what it was when it began."""
    with session("desk") as opened:
        found = opened.scalar(_open_session(DeskSession, token))
        if found is None:
            return None
        entry = load_catalogue().users.get(found.account)
        if entry is None or (entry.name, entry.role, entry.unit) != (found.name, found.role, found.unit_id or ""):
            found.closed_at = func.clock_timestamp()
            return None
        opened.execute(
            update(DeskSession)
            .where(DeskSession.id == found.id, DeskSession.seen_at < func.clock_timestamp() - _TOUCHED)
            .values(
                seen_at=func.clock_timestamp(),
                ends_at=func.least(func.clock_timestamp() + IDLE, DeskSession.opened_at + LONGEST),
            )
        )
        return Person(found.account, found.name, Audience(found.role), found.unit_id or "", token)


def close_all(account: str, but: str = "") -> None:
    """End every session of an account, at the desk and at the command line; ``but``: the token of one that goes on."""
    with session("desk") as opened:
        opened.execute(
            update(DeskSession)
            .where(
                DeskSession.account == account, DeskSession.token_hash != _hash(but), DeskSession.closed_at.is_(None)
            )
            .values(closed_at=func.clock_timestamp())
        )


def known_by(token: str) -> str:
    """By what a session can be ended without its token (``close_known``), for whoever must remember it."""
    return _hash(token).hex()


def close(token: str) -> None:
    """End the session of a token, and those at the command line that its one-time codes have opened."""
    close_known(known_by(token))


def close_known(known: str) -> None:
    """``close`` for a session of which only ``known_by`` is known."""
    ended = [bytes.fromhex(known), *_opened_by.pop(bytes.fromhex(known), ())]
    with session("desk") as opened:
        opened.execute(
            update(DeskSession)
            .where(DeskSession.token_hash.in_(ended), DeskSession.closed_at.is_(None))
            .values(closed_at=func.clock_timestamp())
        )
