"""``login``, ``logout``, ``whoami``: the command line in a person's name."""

from __future__ import annotations

import getpass
import sys
from typing import Annotated

import typer

from ..base import settings
from ..base.messages import UserError
from ..catalogue import load_catalogue
from ..desk import terminal
from ..ledger import words
from ..ledger.session import end_session
from . import output
from .chinese import App
from .overview import Json

_PROMPTS = {False: "口令（不显示）：", True: "一次性登录码（不显示）："}


def register(app: App) -> None:
    app.command("login", help="以本人的工作台账号登录命令行，八小时有效：口令，或工作台“命令行登录”页的一次性码。")(
        login
    )
    app.command("logout", help="退出命令行的登录。")(logout)
    app.command("whoami", help="命令行现在以谁的名义办理：账号、姓名、角色、单位、起止时间。")(whoami)


def login(
    account: Annotated[str, typer.Argument(help="账号，见 users list；用 --code 或 --local 时不写。")] = "",
    code: Annotated[
        bool, typer.Option("--code", help="用工作台“命令行登录”页显示的一次性码，不用口令（统一身份认证的账号用它）。")
    ] = False,
    local: Annotated[
        bool, typer.Option("--local", help="不经工作台：以 users.yml 中系统用户（unix）对应的账号登录。")
    ] = False,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="口令或一次性码从标准输入读一行，不在终端提示。")
    ] = False,
    hand_over: Annotated[
        bool, typer.Option("--print-session", help="只把会话令牌写到标准输出，不保存：由调用者经 PCW_SESSION 交回。")
    ] = False,
    as_json: Json = False,
) -> None:
    if local + code + bool(account.strip()) != 1:
        raise UserError("写账号、--code、--local 三者之一。", remedy="如 public-credit login wang。")
    if terminal.by_session_only() and (local or not hand_over):
        raise UserError(
            "这里人人是同一个系统用户：登录不能留在文件中，也不能凭系统用户登录。",
            remedy="在主机上用 deploy/credit login，或加 --print-session，经 PCW_SESSION 交回。",
            code=4,
        )
    proof = ""
    if local:
        token, _, proof = terminal.admit_locally()
    else:
        secret = _secret(code, password_stdin)
        token = terminal.ask_desk(code=secret) if code else terminal.ask_desk(account=account.strip(), password=secret)
    if hand_over:
        print(token)
        return
    if old := _replaced():
        end_session(old)
    terminal.keep(token)
    actor = terminal.of_login(token)
    until = f"{actor.until.astimezone(settings.TIMEZONE):%m-%d %H:%M}" if actor.until else ""
    said = f"已登录：{actor.who}，{_role(actor)}，{until} 结束。" + (f"凭{proof}认定。" if proof else "")
    output.done(as_json, said, account=actor.account, name=actor.name, role=actor.role, until=actor.until)


def _secret(code: bool, from_input: bool) -> str:
    if not from_input and sys.stdin.isatty():
        return getpass.getpass(_PROMPTS[code])
    return sys.stdin.readline().rstrip("\r\n")


def _replaced() -> str:
    """The login a new one takes the place of; a file that is not trusted is replaced unread."""
    try:
        return terminal.kept()
    except UserError:
        return ""


def _role(actor: terminal.Actor) -> str:
    unit = f"，{load_catalogue().unit_name(actor.unit_id)}" if actor.unit_id else ""
    return f"{words.AUDIENCE[actor.role]}{unit}" if actor.role else ""


def logout(as_json: Json = False) -> None:
    ended = any([end_session(token) for token in (settings.session_token(), _replaced()) if token])
    terminal.forget()
    output.done(as_json, "已退出登录。" if ended else "没有有效的登录。", ended=ended)


def whoami(as_json: Json = False) -> None:
    with terminal.acting() as actor:
        if as_json:
            told = {name: getattr(actor, name) for name in ("who", "account", "name", "role", "unit_id", "way")}
            output.as_json(told | {"since": actor.since, "until": actor.until, "must_sign_in": actor.must_sign_in})
            return
        print(actor.who)
        if actor.role is None:
            needed = "改动数据、查看自然人的记录须先登录。" if actor.must_sign_in else "辖区没有登记任何账号。"
            print(f"没有登录：{needed}")
            return
        print(f"账号  {actor.account}\n姓名  {actor.name}\n角色  {_role(actor)}\n凭据  {actor.way}")
        for title, at in (("登录", actor.since), ("结束", actor.until)):
            print(f"{title}  {at.astimezone(settings.TIMEZONE):%Y-%m-%d %H:%M}" if at else "")
