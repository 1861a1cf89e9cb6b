"""``public-credit users``: who may sign in at the desk, and their passwords."""

from __future__ import annotations

import getpass
import sys
from typing import Annotated

import typer
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from ..base import settings
from ..base.messages import UserError, key_given
from ..base.names import shown
from ..catalogue import load_catalogue
from ..desk import passwords, sessions, signins
from ..ledger import words
from ..ledger.models import Step
from ..ledger.session import session, step
from ..ledger.states import StepName
from . import output
from .chinese import App
from .overview import Json
from .start import run_of, who_sets_password


def register(app: App) -> None:
    commands = App(no_args_is_help=True)
    commands.command("list", help="账号：姓名、角色、单位，有没有设口令。")(show)
    commands.command("set-password", help="为一个账号设口令：从键盘或标准输入读一行，或由系统生成。")(set_password)
    commands.command(
        "signins", help="登录记录：何时、哪个账号、来自哪里、结果如何，以及谁设了口令；与工作台的“登录记录”相同。"
    )(show_signins)
    app.add_typer(commands, name="users", help="工作台的账号（辖区文件夹的 users.yml）与口令。")


def show(as_json: Json = False) -> None:
    catalogue, known = load_catalogue(), passwords.known()
    rows = [
        {
            "account": entry.account,
            "name": entry.name,
            "role": entry.role,
            "unit_id": entry.unit,
            "password": entry.account in known,
            "oidc": bool(entry.oidc),
            "unix": list(entry.unix),
            "airflow": list(entry.airflow),
        }
        for entry in catalogue.users.values()
    ]
    if as_json:
        output.as_json(rows)
    elif not rows:
        print("没有账号：辖区文件夹中没有 users.yml，或其中没有可用的条目。")
    else:
        output.table(
            ["账号", "姓名", "角色", "单位", "口令", "系统用户", "Airflow 用户"],
            [
                [
                    row["account"],
                    row["name"],
                    words.AUDIENCE[str(row["role"])],
                    catalogue.unit_name(str(row["unit_id"])),
                    "已设" if row["password"] else "未设",
                    "、".join(catalogue.users[str(row["account"])].unix),
                    "、".join(catalogue.users[str(row["account"])].airflow),
                ]
                for row in rows
            ],
        )


def show_signins(
    account: Annotated[str | None, typer.Option("--account", help="只列这个账号的。")] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=3660, help="最近多少天的。")] = 30,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=100_000, help="至多列出多少次，最近的在前。")
    ] = signins.SHOWN,
    as_json: Json = False,
) -> None:
    rows = signins.attempts(key_given(account, "账号") if account is not None else None, days, limit)
    if as_json:
        output.as_json([row | {"at": row["at"].isoformat()} for row in rows])
    elif not rows:
        print("没有登录记录。")
    else:
        output.table(
            ["时间", "账号", "来自", "结果"],
            [
                [
                    row["at"].astimezone(settings.TIMEZONE).strftime("%Y-%m-%d %H:%M:%S"),
                    shown(row["account"]),
                    row["address"],
                    signins.OUTCOMES[row["outcome"]],
                ]
                for row in rows
            ],
        )


def set_password(
    account: Annotated[str, typer.Argument(help="账号，见 users list。")],
    generate: Annotated[bool, typer.Option("--generate", help="由系统生成，显示一次。")] = False,
    as_json: Json = False,
) -> None:
    account = key_given(account, "账号")
    users = load_catalogue().users
    if account not in users:
        raise UserError(f"没有账号 {account[:40]}。", remedy="先在辖区文件夹的 users.yml 中登记。", code=4)
    anybody_has_one = bool(passwords.known() & users.keys())
    actor = who_sets_password(users[account], anybody_has_one)
    if generate:
        password = passwords.made_up()
    elif sys.stdin.isatty():
        password = getpass.getpass("新口令：")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    passwords.check(password)
    by = actor.who if account != actor.account else ""
    booked = anybody_has_one or bool(actor.token) or _ledger_is_there()
    if booked:
        with step(run_of(), "owner", StepName.SET_PASSWORD) as record:
            record.message = f"{actor.who}设置 {users[account].who}的口令"
            record.counts = {"account": account, "by": actor.who}
            with session("owner") as opened:  # first: a password nobody is told of must not be there
                record.write(opened)
            passwords.set_password(account, password, by)
            sessions.close_all(account, but=actor.token)
    else:
        passwords.set_password(account, password, by)
    said = f"{account} 的口令已设。" + (f"口令：{password}" if generate else "")
    said += "" if booked else "数据库还不可用（尚未 migrate），这次设置没有登记入台账。"
    said += "此后 24 小时内该账号不能批准。" if by else ""
    output.done(as_json, said, account=account, booked=booked, **({"password": password} if generate else {}))


def _ledger_is_there() -> bool:
    """Whether there is a ledger to book in; before the first ``migrate`` there is none."""
    try:
        with session("owner") as opened:
            opened.scalar(select(Step.id).limit(1))
    except (UserError, SQLAlchemyError):
        return False
    return True
