"""Command line ``public-credit``: Chinese messages, ``--json`` for scripts, exit codes that mean something.

0 done · 1 something was found wrong · 2 wrong call or input · 3 something needed is missing ·
4 data held, refused or not found · 5 another side (department, city platform) fails ·
6 another one of the same kind is at it.
"""

from __future__ import annotations

import sys

import typer
from sqlalchemy.exc import OperationalError, ProgrammingError

from ..base import settings
from ..base.messages import UserError
from ..ledger.written import clean, clear, watch_logs
from . import batches, calendar, corrections, editions, operate, overview, people, publications, reports, subjects
from .catalogue import app as catalogue_app
from .trace import app as trace_app

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="公共信用信息数仓：采集、关卡、构建、报送、溯源。",
    rich_markup_mode=None,
)
app.add_typer(catalogue_app, name="catalogue", help="目录：检查、查看、领域覆盖、生成填报模板。")
app.add_typer(trace_app, name="trace")
overview.register(app)
batches.register(app)
corrections.register(app)
operate.register(app)
people.register(app)
report = typer.Typer(no_args_is_help=True, help="报告与发布：主体报告、本人报告、批量审查、领导看板。")
reports.register(report)
publications.register(report)
app.add_typer(report, name="report")
subjects.register(app)
editions.register(app)
calendar.register(app)


def main() -> None:
    """Run the command line; a user's mistake ends with a message and its exit code, never a traceback."""
    watch_logs()
    try:
        settings.current()
        app()
    except UserError as error:
        print(f"错误：{clean(error.text)}", file=sys.stderr)
        if error.remedy:
            print(f"处理办法：{clean(error.remedy)}", file=sys.stderr)
        sys.exit(error.code)
    except OperationalError:
        print("错误：连接不上数据库。", file=sys.stderr)
        print(
            "处理办法：先启动服务（./run serve 或 ./run demo），或用 public-credit doctor 检查连接。", file=sys.stderr
        )
        sys.exit(3)
    except ProgrammingError as error:
        name = type(error.orig).__name__
        if name in ("UndefinedTable", "InvalidSchemaName"):
            print("错误：数据库还没有建好所需的表。", file=sys.stderr)
            print("处理办法：运行 public-credit migrate；若是集市表，先运行 public-credit build。", file=sys.stderr)
            sys.exit(3)
        if name == "InsufficientPrivilege":
            print("错误：当前数据库角色没有这项权限。", file=sys.stderr)
            sys.exit(3)
        clear(error)
        raise
    except Exception as error:
        clear(error)
        raise
