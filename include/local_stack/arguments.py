"""Arguments of ``./run``, whose help and refusals are in Chinese: argparse itself speaks English."""

from __future__ import annotations

import argparse
import re
import sys
from typing import Any, NoReturn


class _Formatter(argparse.HelpFormatter):
    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, "用法：" if prefix is None else prefix)

    def format_help(self) -> str:
        return re.sub(r"^(\w+):$", r"\1：", super().format_help(), flags=re.MULTILINE)


class Parser(argparse.ArgumentParser):
    """A parser that speaks Chinese; the parsers of its subcommands do, too."""

    def __init__(self, *given: Any, **named: Any):
        chinese: dict[str, Any] = {"formatter_class": _Formatter, "add_help": False}
        super().__init__(*given, **chinese | named)
        self._positionals.title, self._optionals.title = "参数", "选项"
        self.add_argument("-h", "--help", action="help", help="显示本说明")

    def error(self, message: str) -> NoReturn:
        """End with the message and how to get help; argparse says only in English what is missing or unknown."""
        said = message.partition(": ")[2] if "端口" in message else "命令的写法不对。"
        print(f"错误：{said}\n处理办法：用 {self.prog} --help 查看用法。", file=sys.stderr)
        sys.exit(2)
