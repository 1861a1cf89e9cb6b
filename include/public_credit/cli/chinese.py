"""Usage, option help and errors of the command line in Chinese; what every command asks of its arguments.

Typer writes these texts in English and offers no way to translate them: help is written here from what it knows of a
command, errors from what kind they are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import typer
from rich.cells import cell_len
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException
from typer.models import CommandFunctionType

from ..base.messages import UserError
from . import output
from .start import admitted

LONGEST = 2_000  # characters of an argument
LARGEST = 2**63 - 1  # of a number: what a column of the ledger can hold
DAYS = (datetime(1900, 1, 1), datetime(2100, 12, 31))  # no calendar, term or cohort of ours reaches beyond
_KINDS = {"int": "整数", "float": "数字", "str": "文本", "Path": "路径", "datetime": "日期"}
_WANTED = {
    "int_parsing": "应为整数",
    "int_parsing_size": "应为整数，位数过多",
    "float_parsing": "应为数字",
    "greater_than_equal": "不得小于 {ge}",
    "less_than_equal": "不得大于 {le}",
    "value_error": "应为日期，如 2026-02-25",
}
_NAMES = {
    "account": "账号", "applicants": "名单", "batch": "批次", "case": "编号", "check": "检查项", "dataset": "数据集", "edition": "定稿",
    "judgement": "裁定", "key": "编号", "left": "主体", "name": "编号", "new": "后来的定稿", "number": "编号", "old": "先前的定稿",
    "paper": "报告", "release_id": "变更单", "right": "另一主体", "seq": "批次", "subject": "主体", "unit": "单位",
}  # fmt: skip


def called(param: Any) -> str:
    """A parameter as people call it: an option as it is written, an argument in Chinese."""
    return max(param.opts, key=len) if param.param_type_name == "option" else f"<{_NAMES.get(param.name, param.name)}>"


def _kind(param: Any) -> str:
    name = re.sub(r"[<>]", "", param.bare_type()).removeprefix("list[").removesuffix("]")
    return f"<{_KINDS.get(name, '文本')}>"


def _about(param: Any, ctx: Any) -> str:
    """What an option says in help, then whether it must be given, or what it is otherwise."""
    told = "显示本说明。" if param.name == "help" else (param.help or "")
    if param.required:
        return f"{told}（必填）"
    default = param.get_default(ctx, call=False)
    if default in (None, False, "", ()) or param.name == "help":
        return told
    return f"{told}（默认 {default}）"


def _usage(command: Any, ctx: Any) -> str:
    words = [
        f"<{param.metavar or param.name}>" for param in command.get_params(ctx) if param.param_type_name == "argument"
    ]
    words += ["<命令> …"] if isinstance(command, TyperGroup) else []
    return f"用法：{' '.join([ctx.command_path, '[选项]', *words])}"


def _columns(title: str, rows: list[tuple[str, str]]) -> list[str]:
    width = max((cell_len(name) for name, _ in rows), default=0)
    return ["", f"{title}：", *(f"  {output.pad(name, width)}  {told}" for name, told in rows)] if rows else []


def help_text(command: Any, ctx: Any) -> str:
    """Usage, what the command does, its arguments, options and subcommands."""
    params = command.get_params(ctx)
    arguments = [
        (f"{called(param)} {_kind(param)}", _about(param, ctx))
        for param in params
        if param.param_type_name == "argument"
    ]
    options = [
        ("、".join(param.opts) + ("" if param.is_flag else f" {_kind(param)}"), _about(param, ctx))
        for param in params
        if param.param_type_name == "option" and not param.hidden
    ]
    commands = [
        (name, found.help or "") for name, found in getattr(command, "commands", {}).items() if not found.hidden
    ]
    lines = [_usage(command, ctx), *(["", f"  {command.help}"] if command.help else [])]
    lines += _columns("参数", arguments) + _columns("选项", options) + _columns("命令", commands)
    return "\n".join(lines)


def _refused(param: Any, why: str) -> UserError:
    return UserError(f"{called(param)} 的值不可用：{why}。", remedy="改正后重试；加 --help 查看用法。")


def checked(params: dict[str, Any], known: dict[str, Any]) -> None:
    """Raises UserError (code 2) for a value no command can have use for: of a text, a number, a day, a path."""
    for name, value in params.items():
        for one in value if isinstance(value, list | tuple) else [value]:
            if isinstance(one, str | Path) and "\0" in str(one):
                raise _refused(known[name], "含有空字符")
            if isinstance(one, str | Path) and len(str(one)) > LONGEST:
                raise _refused(known[name], f"超过 {LONGEST:,} 个字符")
            if isinstance(one, str) and any(unicodedata.category(char) == "Cs" for char in one):
                raise _refused(known[name], "不是 UTF-8 文字")
            if isinstance(one, int) and not 0 <= one <= LARGEST:
                raise _refused(known[name], f"应为 0 至 {LARGEST} 的整数")
            if isinstance(one, datetime) and not DAYS[0] <= one <= DAYS[1]:
                raise _refused(known[name], f"应在 {DAYS[0]:%Y} 至 {DAYS[1]:%Y} 年之间")


def path(ctx: Any) -> str:
    """A command as the table of rights calls it: ``batches show``."""
    names = []
    while ctx.parent is not None:
        names.append(ctx.info_name)
        ctx = ctx.parent
    return " ".join(reversed(names))


class Command(TyperCommand):
    """A command whose help is in Chinese; its arguments and who calls it are looked at before it begins."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        formatter.write(help_text(self, ctx))

    def invoke(self, ctx: Any) -> Any:
        """Run it, unless an argument is of no use or the command is not for who calls it."""
        checked(ctx.params, {param.name: param for param in self.params})
        with admitted(path(ctx)):
            return super().invoke(ctx)


class Group(TyperGroup):
    """A group of commands; what it does without one of them is looked at the same way."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        formatter.write(help_text(self, ctx))

    def invoke(self, ctx: Any) -> Any:
        """Run it, unless an argument is of no use."""
        checked(ctx.params, {param.name: param for param in self.params})
        if ctx.parent is None or ctx._protected_args:  # a command of the group follows, and passes the gate itself
            return super().invoke(ctx)
        with admitted(path(ctx)):
            return super().invoke(ctx)


class App(typer.Typer):
    """A group of commands in Chinese."""

    def __init__(self, **options: Any):
        super().__init__(
            cls=Group, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, **options
        )

    def command(self, *given: Any, **options: Any) -> Callable[[CommandFunctionType], CommandFunctionType]:
        """Register a command."""
        return super().command(*given, cls=Command, **options)


def _name(error: Any) -> str:
    param = getattr(error, "param", None)
    if param is None:
        return str(getattr(error, "param_hint", None) or "参数")
    return called(param)


def _wrong_value(error: Any) -> str:
    """What a value has to be, from pydantic's finding; the value is not repeated."""
    cause = error.__cause__
    if cause is None or not hasattr(cause, "errors"):
        return "格式不对"
    fault = cause.errors(include_input=False, include_url=False)[0]
    return _WANTED.get(fault["type"], "格式不对").format_map(fault.get("ctx", {}))


def told(error: TyperException) -> str:
    """An error of a call in one Chinese sentence."""
    kind, text = type(error).__name__, error.message
    if kind == "NoSuchOption":
        near = "、".join(getattr(error, "possibilities", None) or [])
        return f"没有选项 {text.rpartition(': ')[2]}" + (f"，是否应为 {near}？" if near else "。")
    if kind == "MissingParameter":
        return f"缺少{'选项' if _name(error).startswith('-') else '参数'} {_name(error)}。"
    if kind == "BadParameter":
        return f"{_name(error)} 的值不可用：{_wrong_value(error)}。"
    if kind == "BadOptionUsage":
        missing = "requires" in text
        return f"选项 {getattr(error, 'option_name', '')} {'缺少值' if missing else '不带值'}。"
    if found := re.match(r"No such command '(.*?)'\.?(?: Did you mean (.*)\?)?$", text):
        near = "、".join(re.findall(r"'(.*?)'", found[2] or ""))
        return f"没有命令 {found[1]}" + (f"，是否应为 {near}？" if near else "。")
    if found := re.match(r"Got unexpected extra argument\(s\) \((.*)\)$", text, re.DOTALL):
        return f"多余的参数：{found[1][:80]}。"
    return "缺少命令。" if text.startswith("Missing command") else "命令的写法不对。"
