"""Command line ``public-credit``: Chinese messages, ``--json`` for scripts, exit codes that mean something.

0 done · 1 something was found wrong · 2 wrong call or input · 3 something needed is missing ·
4 data held, refused or not found · 5 another side (department, city platform) fails ·
6 another one of the same kind is at it.
"""

from __future__ import annotations

import functools
import logging
import sys
from typing import Annotated, cast

import typer
from sqlalchemy.exc import DataError, OperationalError, ProgrammingError
from typer.completion import completion_init
from typer.core import TyperGroup
from typer.exceptions import Abort, TyperException

from ..base import faults, progress, settings
from ..base.messages import PROGRAM, UserError, program, spoken
from ..ledger.written import clean, clear, watch_logs
from . import (
    approvals,
    batches,
    calendar,
    chinese,
    corrections,
    desk,
    editions,
    lineage,
    operate,
    overview,
    people,
    publications,
    reports,
    secret_files,
    signing,
    subjects,
    users,
    waivers,
)
from .audit import app as audit_app
from .catalogue import app as catalogue_app
from .trace import app as trace_app

app = chinese.App(no_args_is_help=True)
app.add_typer(catalogue_app, name="catalogue", help="目录：检查、查看、领域覆盖、生成填报模板。")
app.add_typer(trace_app, name="trace", help="看板数字从哪里来。")
app.add_typer(audit_app, name="audit", help="留痕与防篡改：封存证据链、查看根值、全面复核。")
overview.register(app)
lineage.register(app)
batches.register(app)
corrections.register(app)
approvals.register(app)
operate.register(app)
waivers.register(app)
people.register(app)
report = chinese.App(no_args_is_help=True, help="报告与发布：主体报告、本人报告、批量审查、领导看板。")
reports.register(report)
publications.register(report)
app.add_typer(report, name="report")
subjects.register(app)
editions.register(app)
calendar.register(app)
users.register(app)
signing.register(app)
secret_files.register(app)
desk.register(app)


def _version(asked: bool) -> None:
    if asked:
        print(f"{PROGRAM} {settings.code_version()}")
        raise typer.Exit()


@app.callback(help="公共信用信息数仓：采集、关卡、构建、报送、溯源。")
def _begin(
    version: Annotated[bool, typer.Option("--version", help="显示版本。", callback=_version, is_eager=True)] = False,
) -> None:
    pass


@functools.cache
def _command() -> TyperGroup:
    """The commands, put together once; shells that complete them are known."""
    completion_init()
    return cast(TyperGroup, typer.main.get_command(app))


def _say_progress() -> None:
    """Lines of work that goes on, on the error output: results stay apart."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s  %(message)s", "%H:%M:%S"))
    progress.log.handlers[:] = [handler]
    progress.log.setLevel(logging.INFO)
    progress.log.propagate = False


def _end(text: str, remedy: str, code: int) -> None:
    """Leave with a message, what to do about it, and the exit code."""
    print(spoken(f"错误：{clean(text)}"), file=sys.stderr)
    if remedy:
        print(spoken(f"处理办法：{clean(remedy)}"), file=sys.stderr)
    sys.exit(code)


def main() -> None:
    """Run the command line; whatever happens ends with a message and an exit code, never a traceback."""
    watch_logs()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a file name that is no UTF-8 is shown escaped
    try:
        settings.current()
        _say_progress()
        code = _command().main(
            prog_name=program(), complete_var=f"_{PROGRAM.replace('-', '_').upper()}_COMPLETE", standalone_mode=False
        )
        sys.exit(code if isinstance(code, int) else 0)
    except UserError as error:
        _end(error.text, error.remedy, error.code)
    except TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            print(error.message)
            sys.exit(2)
        path = getattr(getattr(error, "ctx", None), "command_path", program())
        _end(chinese.told(error), f"用 {path} --help 查看用法。", 2)
    except Abort:
        _end("已取消。", "", 1)
    except OperationalError:
        away = settings.unreachable()
        _end(away.text, away.remedy, away.code)
    except ProgrammingError as error:
        name = type(error.orig).__name__
        if name in ("UndefinedTable", "UndefinedFunction", "InvalidSchemaName"):
            _end(
                "数据库还没有建好所需的表。", "运行 public-credit migrate；若是集市表，先运行 public-credit build。", 3
            )
        if name == "InsufficientPrivilege":
            _end("当前数据库角色没有这项权限。", "由数据管理员以本人账号运行。", 3)
        _of_ours(error)
    except DataError:
        _end("参数的值超出数据库能表示的范围。", "核对编号、日期与数字。", 2)
    except Exception as error:
        _of_ours(error)


def _of_ours(error: Exception) -> None:
    """An error of ours: where it arose goes to a file for who mends it, one line to who called."""
    clear(error)
    path = settings.folder("logs") / "command-line.log"
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s  %(message)s"))
    faults.log.addHandler(handler)
    try:
        faults.note("command line", error)
    finally:
        faults.log.removeHandler(handler)
        handler.close()
    _end(f"程序内部错误（{faults.name(error)}）。", f"请把 {path} 交给数据工程师。", 1)
