"""``public-credit secrets``: connections of databases and receivers in files of their own (decision 0086)."""

from __future__ import annotations

from ..base import secret_files
from ..catalogue import load_catalogue
from . import output
from .chinese import App
from .overview import Json


def register(app: App) -> None:
    commands = App(no_args_is_help=True)
    commands.command("split", help="把连接文件中数据库各角色和接收方的行移到各自的文件；可以重复运行。")(split)
    app.add_typer(commands, name="secrets", help="连接与密钥的文件。")


def split(as_json: Json = False) -> None:
    moved = secret_files.split({receiver.connection for receiver in load_catalogue().receivers.values()})
    count = sum(map(len, moved.values()))
    said = (
        f"{count} 项连接已移到各自的文件：{'、'.join(sorted(moved))}。" if moved else "没有要移的：各在自己的文件中。"
    )
    output.done(as_json, said, moved=moved)
