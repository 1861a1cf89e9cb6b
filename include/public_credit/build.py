"""Build the warehouse: freeze what goes in, run dbt once in this process, book the outcome.

The inputs of a build (attempts to add, attempts a replay replaced) are frozen in one transaction before dbt starts. A
build that was killed is resumed as itself: every model is a transaction of its own and knows which build it has applied.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from . import evidence, resolve, settings
from .catalogue import load_catalogue
from .ledger.models import Build, PublishedDataset, PublishedUnit
from .ledger.session import lock, open_business_day, session, step
from .messages import UserError

_PENDING = """
    insert into ledger.build_input (build_id, batch_seq, attempt, operation, kind)
    select :build, b.seq, b.current_attempt, 'add', b.kind from ledger.batch b
    where b.state in ('accepted', 'accepted_with_quarantine') and not exists (
        select 1 from ledger.build_input i
        where i.batch_seq = b.seq and i.attempt = b.current_attempt and i.operation = 'add')
    union all
    select distinct :build, i.batch_seq, i.attempt, 'remove', i.kind
    from ledger.build_input i join ledger.batch b on b.seq = i.batch_seq
    where i.operation = 'add' and i.attempt <> b.current_attempt and not exists (
        select 1 from ledger.build_input gone
        where gone.batch_seq = i.batch_seq and gone.attempt = i.attempt and gone.operation = 'remove')"""


@dataclass(frozen=True)
class BuildResult:
    """What a build did; ``build_id`` is None when nothing was due."""

    build_id: int | None
    message: str
    models: int = 0
    seconds: float = 0.0


def _freeze(opened: Session, on: date) -> tuple[int | None, bool]:
    """The open build (resumed), or a new one with its frozen inputs; None when nothing is due."""
    lock(opened, "build")
    unfinished = opened.scalar(select(Build).where(Build.state == "open"))
    if unfinished is not None:
        return unfinished.build_id, True
    last = opened.scalar(select(func.max(Build.business_date)).where(Build.state == "built"))
    attempt = opened.begin_nested()
    build = Build(business_date=on, code_version=settings.code_version())
    opened.add(build)
    opened.flush()
    added = opened.execute(text(_PENDING), {"build": build.build_id}).rowcount
    if not added and last is not None and last >= on and not resolve.pending(opened):
        attempt.rollback()
        return None, False
    attempt.commit()
    return build.build_id, False


def _publish_units(opened: Session) -> None:
    rows = [{"unit_id": unit.id, "name": unit.name, "uscc": unit.uscc} for unit in load_catalogue().units.values()]
    statement = insert(PublishedUnit).values(rows)
    opened.execute(statement.on_conflict_do_update(
        index_elements=["unit_id"], set_={"name": statement.excluded.name, "uscc": statement.excluded.uscc}))


def _publish_datasets(opened: Session) -> None:
    plain = ("unit_id", "kind", "variant", "title", "sectors", "disclosure", "delivery_mode", "cadence_days")
    rows = [{"dataset_id": dataset.id, "unit_id": dataset.unit, "sectors": ";".join(dataset.sectors)}
            | {name: getattr(dataset, name) for name in plain if name not in ("unit_id", "sectors")}
            for dataset in load_catalogue().datasets.values()]
    statement = insert(PublishedDataset).values(rows)
    opened.execute(statement.on_conflict_do_update(
        index_elements=["dataset_id"], set_={name: getattr(statement.excluded, name) for name in plain}))


def environment() -> dict[str, str]:
    """What ``profiles.yml`` reads, from the builder's connection."""
    known = conninfo_to_dict(settings.dsn("builder"))
    return {"PCW_DBT_HOST": str(known["host"]), "PCW_DBT_PORT": str(known.get("port") or 5432),
            "PCW_DBT_USER": str(known["user"]), "PCW_DBT_PASSWORD": str(known["password"]),
            "PCW_DBT_DATABASE": str(known["dbname"]), "PCW_DBT_TARGET": str(settings.folder("dbt", "target")),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DBT_LOG_PATH": str(settings.folder("dbt", "logs"))}


def invoke(arguments: list[str], variables: dict[str, Any]) -> Any:
    """Run one dbt command in this process; its result. Raises UserError naming the models that failed.

    The project is parsed without variables first: dbt parses everything again, some seconds, when they differ from the
    last time, and ours differ in every build. They are read when a model is compiled, which comes after.
    """
    from dbt.cli.main import dbtRunner

    os.environ.update(environment())
    project = str(settings.checkout() / "dbt_project")
    common = ["--project-dir", project, "--profiles-dir", project, "--quiet", "--no-version-check", "--log-level-file", "info"]
    rendered = "{" + ", ".join(f"{name}: '{value}'" if isinstance(value, str) else f"{name}: {value}"
                               for name, value in variables.items()) + "}"
    result = dbtRunner().invoke(["parse", *common])
    if result.success:
        result = dbtRunner(manifest=result.result).invoke([*arguments, *common, "--vars", rendered])
    if not result.success:
        failed = [item.node.name for item in getattr(result.result, "results", [])
                  if str(item.status) in ("error", "fail")]
        raise UserError("dbt 构建失败：" + ("、".join(failed) or type(result.exception).__name__) + "。",
                        remedy="查看状态目录 dbt/logs/dbt.log；修正后重跑，构建将以同一编号续做。", code=1)
    return result.result


def _seeds_needed(opened: Session) -> bool:
    """Whether the seeds have to be loaded: first build, or a seed file is newer than the last finished build."""
    last = opened.scalar(select(func.max(Build.built_at)).where(Build.state == "built"))
    if last is None:
        return True
    folder = settings.checkout() / "dbt_project" / "seeds"
    return any(path.stat().st_mtime > last.timestamp() for path in folder.rglob("*.csv"))


def run(business_date: date, *, full_refresh: bool = False) -> BuildResult:
    """Build for a business date. Idempotent: with nothing pending and the same date it says so."""
    open_business_day("builder", business_date)
    with session("builder") as opened:
        build_id, resumed = _freeze(opened, business_date)
        if build_id is None and full_refresh:
            build_id = opened.scalar(select(func.max(Build.build_id)))
        if build_id is not None:
            _publish_units(opened)
            _publish_datasets(opened)
            evidence.publish(opened)
            business_date = opened.get_one(Build, build_id).business_date
            seeds = _seeds_needed(opened) or full_refresh
    if build_id is None:
        with step("builder", "build", business_date=business_date) as record:
            record.verdict, record.message = "nothing_due", "没有待构建的批次，业务日期未变"
        return BuildResult(None, record.message)
    with step("builder", "resolve", business_date=business_date, build_id=build_id) as record:
        record.counts = (resolve.full if full_refresh else resolve.run)(build_id, business_date)
        record.message = "主体归集完成" if record.counts else "本次构建的主体已归集"
    with step("builder", "build", business_date=business_date, build_id=build_id) as record:
        arguments = ["build", *(["--full-refresh"] if full_refresh else []),
                     *([] if seeds else ["--exclude-resource-type", "seed"])]
        arguments += ["--exclude-resource-type", "unit_test"]
        result = invoke(arguments, {"build_id": build_id, "business_date": business_date.isoformat()})
        ran = [item for item in result.results if item.node.resource_type == "model"]
        seconds = round(result.elapsed_time, 1)
        unresolved = resolve.follow_up(build_id, business_date)
        record.counts = {"models": len(ran), "seconds": seconds, "work_items": unresolved, "slowest": {
            item.node.name: round(item.execution_time, 2)
            for item in sorted(ran, key=lambda item: -item.execution_time)[:5]}}
        record.message = f"第 {build_id} 次构建{'（续做）' if resumed else ''}完成：{len(ran)} 个模型，{seconds} 秒"
        with session("builder") as opened:
            build = opened.get_one(Build, build_id)
            build.state, build.message = "built", record.message
            build.built_at = build.built_at or func.clock_timestamp()
        return BuildResult(build_id, record.message, len(ran), seconds)
