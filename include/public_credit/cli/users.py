"""``public-credit users``: who may sign in at the desk, and their passwords."""

from __future__ import annotations

import getpass
import sys
from typing import Annotated

import typer

from ..base import settings
from ..base.messages import UserError, key_given
from ..base.names import shown
from ..catalogue import load_catalogue
from ..desk import passwords, signins
from ..ledger import words
from . import output
from .chinese import App
from .overview import Json
from .start import own_account


def register(app: App) -> None:
    commands = App(no_args_is_help=True)
    commands.command("list", help="账号：姓名、角色、单位，有没有设口令。")(show)
    commands.command("set-password", help="为一个账号设口令：从键盘或标准输入读一行，或由系统生成。")(set_password)
    commands.command("signins", help="登录记录：何时、哪个账号、来自哪里、结果如何；与工作台的“登录记录”相同。")(
        show_signins
    )
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
        }
        for entry in catalogue.users.values()
    ]
    if as_json:
        output.as_json(rows)
    elif not rows:
        print("没有账号：辖区文件夹中没有 users.yml，或其中没有可用的条目。")
    else:
        output.table(
            ["账号", "姓名", "角色", "单位", "口令", "系统用户"],
            [
                [
                    row["account"],
                    row["name"],
                    words.AUDIENCE[str(row["role"])],
                    catalogue.unit_name(str(row["unit_id"])),
                    "已设" if row["password"] else "未设",
                    "、".join(catalogue.users[str(row["account"])].unix),
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
                    words.SIGN_IN[row["outcome"]],
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
    if account not in load_catalogue().users:
        raise UserError(f"没有账号 {account[:40]}。", remedy="先在辖区文件夹的 users.yml 中登记。", code=4)
    own_account(account, account in passwords.known())
    if generate:
        password = passwords.made_up()
    elif sys.stdin.isatty():
        password = getpass.getpass("新口令：")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    passwords.set_password(account, password)
    said = f"{account} 的口令已设。" + (f"口令：{password}" if generate else "")
    output.done(as_json, said, account=account, **({"password": password} if generate else {}))
