"""Who acts at the command line: by the session it was given, the login of this user of the machine, or the map in ``users.yml``.

Whoever it is, the database is asked whose session a token is (``desk.session_told``), and ``users.yml`` whether the account still is
what it was. No variable names a person: ``PCW_SESSION`` is a secret that is checked, the user of the machine is that of the process.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_urlsafe

from sqlalchemy import text

from ..base import files, settings
from ..base.messages import UserError
from ..base.run import NOBODY
from ..catalogue import load_catalogue
from ..catalogue.users import Account
from ..ledger.session import SignedIn, end_session, session, session_of
from ..ledger.states import Audience, Channel
from . import sessions

DEFAULT_PORT = 8090
_ONE_COMMAND = timedelta(hours=24)  # of a mapped user's session; it is ended with the command
_PATIENCE = 20.0  # seconds the desk may take


@dataclass(frozen=True)
class Actor:
    """Who a command acts for. ``token``: of his session; ``account`` '' and ``role`` None where no person is named.

    ``way``: how he is known. ``must_sign_in``: nobody is named here, though ``users.yml`` names people.
    """

    who: str
    way: str
    token: str = ""
    account: str = ""
    name: str = ""
    role: Audience | None = None
    unit_id: str = ""
    since: datetime | None = None
    until: datetime | None = None
    must_sign_in: bool = False


def kept_at() -> Path:
    """The file of this user's login: one for every user of the machine."""
    return settings.home() / "logins" / str(os.getuid())


def keep(token: str) -> None:
    """Keep a token for the commands that follow, readable by this user of the machine alone."""
    settings.folder("logins")
    forget()  # a link that somebody put there is not written through
    files.write(kept_at(), token)


def forget() -> None:
    """Keep none any longer."""
    kept_at().unlink(missing_ok=True)


def kept() -> str:
    """The token of this user's login, '' where there is none. Raises UserError (code 4) for a file somebody else may have written or read."""
    try:
        opened = os.open(kept_at(), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return ""
    except OSError:
        raise _not_trusted("不能读取") from None
    try:
        found = os.fstat(opened)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid():
            raise _not_trusted("不属于本系统用户")
        if found.st_mode & 0o077:
            raise _not_trusted("其他系统用户可以读写")
        return os.read(opened, 200).decode("ascii", "replace").strip()
    finally:
        os.close(opened)


def _not_trusted(why: str) -> UserError:
    return UserError(
        f"登录文件 {kept_at()} {why}，不予采用。", remedy="删去该文件，再运行 public-credit login 登录。", code=4
    )


def _ended(way: str) -> UserError:
    return UserError(
        f"{way}已结束、已退出，或账号已停用、改变。",
        remedy="运行 public-credit login 重新登录，或 logout 退出。",
        code=4,
    )


def _of_session(token: str, way: str) -> Actor:
    """Who a token stands for. Raises UserError (code 4) for one that is none, has ended, or whose account is not what it was."""
    told = session_of(token) if token.isascii() and token.isprintable() else None
    entry = load_catalogue().users.get(told.account) if told else None
    if told is None or entry is None or (entry.name, entry.role, entry.unit) != (told.name, told.role, told.unit_id):
        raise _ended(way)
    return _actor(entry, told, token, way)


def _actor(entry: Account, told: SignedIn, token: str, way: str) -> Actor:
    return Actor(entry.who, way, token, told.account, told.name, told.role, told.unit_id, told.opened_at, told.ends_at)


def mapped(user: str) -> Account | None:
    """The account a user of the machine is mapped to."""
    return next((entry for entry in load_catalogue().users.values() if user in entry.unix), None)


def by_session_only() -> bool:
    """Whether only a session that is handed over says who acts: where everybody is the same user of the machine (``PCW_LOGIN``)."""
    return settings.current().login == "session"


def unnamed() -> Actor:
    """The user of the machine, plainly marked as that: no person is named."""
    who = f"{NOBODY}{settings.os_user()}"
    return Actor(who, "没有登录", must_sign_in=bool(load_catalogue().users))


def of_login(token: str) -> Actor:
    """Who a login that was just made stands for."""
    return _of_session(token, "本系统用户在命令行的登录")


@contextlib.contextmanager
def acting() -> Iterator[Actor]:
    """Who a command acts for while the block runs. Raises UserError (code 4) for a session or login that is no longer good."""
    if token := settings.session_token():
        yield _of_session(token, "环境变量 PCW_SESSION 中的登录")
    elif by_session_only():
        yield unnamed()
    elif token := kept():
        yield of_login(token)
    elif entry := mapped(settings.os_user()):
        token = sessions.admit(entry, Channel.CLI, _ONE_COMMAND).token
        try:
            yield _of_session(token, f"系统用户 {settings.os_user()} 的登录")
        finally:
            end_session(token)
    else:
        yield unnamed()


def address() -> str:
    """Where the desk of this machine answers."""
    note = settings.home() / "desk_port"
    port = settings.current().desk_port or (int(note.read_text(encoding="ascii")) if note.is_file() else DEFAULT_PORT)
    return f"http://127.0.0.1:{port}"


def ask_desk(**given: str) -> str:
    """The token of a session the desk opens for an account and password, or for a one-time code. Raises UserError."""
    import httpx

    from . import guard

    before = token_urlsafe(18)
    form = given | {"csrf": guard.before_token(before)}
    try:
        answer = httpx.post(
            f"{address()}/api/login", data=form, cookies={guard.BEFORE: before}, trust_env=False, timeout=_PATIENCE
        )
        told = answer.json()
    except (httpx.HTTPError, json.JSONDecodeError):
        raise UserError(
            f"工作台（{address()}）没有应答。",
            remedy="先启动服务，或用 public-credit login --local 以系统用户的对应账号登录（见 users.yml 的 unix）。",
            code=5,
        ) from None
    if answer.status_code != 200:
        raise UserError(told.get("error") or "工作台没有接受登录。", remedy=told.get("remedy", ""), code=4)
    return str(told["token"])


def proved_user() -> tuple[str, str]:
    """(user of the machine, who proves it): PostgreSQL's socket where it knows its peer, else the real id of this process."""
    with session("desk") as opened:
        peer = str(opened.scalar(text("select system_user")) or "")
    if peer.startswith("peer:"):
        return peer.removeprefix("peer:"), "数据库的本机套接字"
    return settings.os_user(), "本进程的系统用户"


def admit_locally() -> tuple[str, Account, str]:
    """(token, account, who proves it) of a session for the account this user of the machine is mapped to; the desk is not asked.

    Raises UserError (code 4) for a user nobody is mapped to.
    """
    user, proof = proved_user()
    entry = mapped(user)
    sessions.book_local(entry, user)
    if entry is None:
        raise UserError(
            f"系统用户 {user} 没有对应的工作台账号。",
            remedy="在辖区文件夹的 users.yml 中为本人的账号写明 unix: ["
            + user
            + "]，或启动工作台后运行 public-credit login。",
            code=4,
        )
    return sessions.admit(entry, Channel.CLI).token, entry, proof
