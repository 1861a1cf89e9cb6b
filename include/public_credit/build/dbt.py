"""``public-credit dbt``: dbt's own commands with the builder's connection and the variables of the last build.

What dbt would do to a warehouse that its own bookkeeping forbids is refused here: no model before a build, none while a build
is open, no full refresh past ``build --full`` (an incremental model holds what earlier builds gave it, decision 0047).
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, cast

from sqlalchemy import select

from ..base import settings
from ..base.messages import UserError
from ..base.run import Run
from ..ledger import locks, published
from ..ledger.models import Build
from ..ledger.session import session
from ..ledger.states import BuildState
from . import command

READING = ("ls", "list", "parse", "compile", "show", "test", "docs", "source")
WRITING = ("run", "build", "seed")
_OFFLINE = ("ls", "list", "parse")
_OURS = ("--vars", "--target", "--profile", "--profiles-dir", "--project-dir", "--target-path", "-t")


def _looked_at(arguments: list[str]) -> str:
    """The command that is called. Raises UserError (code 2) for one that is not offered, and for options set here."""
    name = next((word for word in arguments if not word.startswith("-")), "")
    if name not in READING + WRITING:
        raise UserError(
            f"这里不运行 dbt 的 {name or '空'} 命令。",
            remedy="可用：" + "、".join(READING + WRITING) + "；如 dbt build -s mart_lists__entry。",
        )
    for word in arguments:
        option = word.partition("=")[0]
        if option in _OURS:
            raise UserError(f"{option} 由本系统给出，不能另写。", remedy="去掉该选项；连接与变量取自最近一次构建。")
        if option == "--full-refresh" or option == "-f":
            raise UserError(
                "单独全量重算会丢掉以前各次构建的内容。",
                remedy="用 public-credit build --full -s <选择式>：连同上下游一起重算，报送过的内容保留。",
            )
    return name


def _last_build() -> tuple[int, str]:
    """Number and business date of the last build. Raises UserError (code 3) before the first, and while one is open."""
    with session("builder") as opened:
        newest = opened.scalar(select(Build).order_by(Build.build_id.desc()).limit(1))
        if newest is None:
            raise UserError("还没有完成过构建，模型没有可读的输入。", remedy="先运行 public-credit build。", code=3)
        if newest.state != BuildState.BUILT:
            raise UserError(
                f"第 {newest.build_id} 次构建没有完成。", remedy="先运行 public-credit build，以同一编号续做。", code=3
            )
        published.require(opened)
        return newest.build_id, newest.business_date.isoformat()


def call(run: Run, arguments: list[str]) -> bool:
    """Run one dbt command in this process, its output on the terminal; whether it succeeded.

    Raises UserError for what is refused, Busy while a build runs.
    """
    from dbt.cli.main import dbtRunner

    name = _looked_at(arguments)
    build_id, day = (0, "2026-01-01") if name in _OFFLINE else _last_build()
    project = str(settings.checkout() / "dbt_project")
    common = ["--project-dir", project, "--profiles-dir", project, "--no-version-check", "--log-level-file", "info"]
    variables = f"{{build_id: {build_id}, business_date: '{day}'}}"
    with ExitStack() as held:
        if name in WRITING:
            held.enter_context(locks.alone("builder", locks.BUILD, "构建", run.holder))
            held.enter_context(locks.hold("builder", locks.FIGURES, waiting="有任务正在读取数字，等它读完后运行。"))
        held.enter_context(command.environment())
        held.enter_context(command.cheaply())
        # Parsed without variables first, like a build: dbt keeps what it has parsed, and does it again when they differ.
        parsed = dbtRunner().invoke(["parse", "--no-write-json", "--quiet", *common])
        result: Any = parsed
        if parsed.success:
            result = dbtRunner(manifest=cast(Any, parsed.result)).invoke([*arguments, *common, "--vars", variables])
    if type(result.exception).__name__ == "DbtUsageException":
        raise UserError("dbt 命令的写法不对。", remedy=f"{str(result.exception).splitlines()[0]}（dbt {name} --help）")
    return bool(result.success)
