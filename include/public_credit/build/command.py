"""dbt's commands in this process: what they read of the environment, how they are called, and what keeps them cheap."""

from __future__ import annotations

import functools
import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from psycopg.conninfo import conninfo_to_dict

from ..base import settings
from ..base.messages import UserError
from ..base.progress import Paced

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

# A build computes whole tables in two sessions: sorts and hashes of a million rows in memory, both processors busy without
# helpers, and a sample of rows that tells the planner enough.
_SESSION = {
    "work_mem": "128MB",
    "maintenance_work_mem": "256MB",
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "default_statistics_target": "20",
}


def _environment(target: str) -> dict[str, str]:
    """What ``profiles.yml`` reads, from the builder's connection; ``target``: folder of the state folder for what dbt makes."""
    known, session = conninfo_to_dict(settings.dsn("builder")), settings.session_options()
    return {
        "PCW_DBT_HOST": str(known["host"]),
        "PCW_DBT_PORT": str(known.get("port") or 5432),
        "PCW_DBT_USER": str(known["user"]),
        "PCW_DBT_PASSWORD": str(known["password"]),
        "PCW_DBT_DATABASE": str(known["dbname"]),
        "PGAPPNAME": session["application_name"],  # not of the profile: dbt parses everything again when that differs
        "PGOPTIONS": " ".join([session["options"], *(f"-c {name}={value}" for name, value in _SESSION.items())]),
        "DBT_TARGET_PATH": str(settings.folder("dbt", target)),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_LOG_PATH": str(settings.folder("dbt", "logs")),
    }


@contextmanager
def environment(target: str = "target") -> Iterator[None]:
    """The environment dbt reads, while it runs in this process; afterwards it is as it was."""
    ours = _environment(target)
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@functools.cache
def _leave_out() -> None:
    """Take out of dbt, once a process, what costs a build more than the build (measured in docs/performance.md).

    - Its adapter adds its own flags of behaviour to one list in every command, and looks for the source of each of them in
      the source lines of the whole call stack. The source only stands in a warning.
    - It closes its connection after every model and test. Kept for the thread, rolled back and without what the session
      held, it saves a process of PostgreSQL that has to read the catalogue anew. They are closed at the end of the command.
    - It writes a line for every event of debugging, twice, and throws it away as it is below the level of the log. The one
      listener it always has waits for warnings.
    """
    from dbt.adapters.base.connections import BaseConnectionManager
    from dbt.adapters.contracts.connection import ConnectionState
    from dbt.adapters.postgres.connections import PostgresConnectionManager
    from dbt_common.behavior_flags import BehaviorFlagRendered
    from dbt_common.events.base_types import BaseEvent, EventLevel
    from dbt_common.events.event_manager import EventManager

    closing, firing = BaseConnectionManager.release, EventManager.fire_event

    def release(self: PostgresConnectionManager) -> None:
        connection = self.get_if_exists()
        if connection is None or connection.state != ConnectionState.OPEN:
            return closing(self)
        try:
            connection.handle.rollback()
            connection.transaction_open = False
            with connection.handle.cursor() as cursor:
                cursor.execute("discard temp; reset all")
            connection.handle.commit()
        except Exception:  # whatever is wrong with it: the next one opens its own
            closing(self)

    def fire_event(self: EventManager, e: BaseEvent, level: EventLevel | None = None, *more: Any, **named: Any) -> None:
        if (level or e.level_tag()) not in (EventLevel.DEBUG, EventLevel.TEST):
            firing(self, e, level, *more, **named)

    BehaviorFlagRendered._default_source = staticmethod(lambda: "dbt")  # type: ignore[method-assign]
    PostgresConnectionManager.release = release  # type: ignore[method-assign,assignment]
    EventManager.fire_event = fire_event  # type: ignore[method-assign]


@contextmanager
def cheaply() -> Iterator[None]:
    """For dbt in this process: without what it does for nothing, and without the search for garbage.

    Its manifest is a million objects that live as long as the command; each search goes through all of them.
    """
    from dbt.adapters.base.impl import DEFAULT_BASE_BEHAVIOR_FLAGS as flags

    _leave_out()
    flags[:] = {str(flag["name"]): flag for flag in flags}.values()
    searched = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searched:
            gc.enable()


# What dbt says at the end of each node, and the field that holds how many there are.
_DONE = {"LogModelResult": "total", "LogSeedResult": "total", "LogTestResult": "num_models"}


def invoke(arguments: list[str], variables: dict[str, Any], target: str = "target") -> Any:
    """Run one dbt command in this process; its result. Raises UserError naming the models that failed.

    What runs beside a build names a ``target`` of its own: dbt writes there what the other one reads.

    The project is parsed without variables first: dbt parses everything again, some seconds, when they differ from the
    last time, and ours differ in every build. They are read when a model is compiled, which comes after.
    """
    from dbt.cli.main import dbtRunner

    told = Paced("dbt")

    def tell(event: Any) -> None:
        """A line now and then of how many models and tests are done."""
        if event.info.name in _DONE:
            told.say(f"已完成 {event.data.index} / {getattr(event.data, _DONE[event.info.name])} 个模型与检验")

    project = str(settings.checkout() / "dbt_project")
    common = [
        "--project-dir",
        project,
        "--profiles-dir",
        project,
        "--quiet",
        "--no-version-check",
        "--log-level-file",
        "info",
    ]
    rendered = (
        "{"
        + ", ".join(
            f"{name}: '{value}'" if isinstance(value, str) else f"{name}: {value}" for name, value in variables.items()
        )
        + "}"
    )
    with environment(target), cheaply():
        result = dbtRunner().invoke(["parse", "--no-write-json", *common])
        if result.success:
            manifest: Manifest = cast(Any, result.result)
            result = dbtRunner(manifest=manifest, callbacks=[tell]).invoke([*arguments, *common, "--vars", rendered])
    if not result.success:
        failed = [
            item.node.name for item in getattr(result.result, "results", []) if str(item.status) in ("error", "fail")
        ]
        raise UserError(
            "dbt 构建失败：" + ("、".join(failed) or type(result.exception).__name__) + "。",
            remedy="查看状态目录 dbt/logs/dbt.log；修正后重跑，构建将以同一编号续做。",
            code=1,
        )
    return result.result
