"""Build the warehouse: freeze what goes in, run dbt once in this process, book the outcome.

The inputs of a build (attempts to add, attempts that were replayed or withdrawn) are frozen in one transaction before dbt starts. A
build that was killed is resumed as itself: every model is a transaction of its own and knows which build it has applied.
One build runs at a time, from the freeze to the booking. Frozen with them are the records of which a correction was decided or undone.

A build remembers what it was made from: the seeds, the models, the district's facts and what it published of the catalogue,
by content, and when the shape of a kind was applied last. An edit makes a build due, and after an edited seed, model,
catalogue or shape that build computes everything again (the exports stay: what was offered is history), because what an
incremental model kept was computed from what stood there before.

``build --full -s`` computes a part of it again. A model is not computed again without what it is computed from, nor without
what is computed from it: incremental models read the changes of one build, so only the whole way gives every row again.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from .. import subjects as resolve
from ..base import settings
from ..base.messages import UserError
from ..base.run import Run
from ..catalogue import load_catalogue
from ..land import shapes
from ..ledger import locks, published
from ..ledger.models import Build, KindShape, LinkChange, PublishedDataset, PublishedUnit
from ..ledger.rights import compare as rights
from ..ledger.session import open_business_day, session, step, written
from ..ledger.states import GOOD, BatchState, BuildState, InputOperation, StepName, Verdict, sql
from ..policy import calendar_file
from . import command, inputs

_READ_BY_DBT = (".sql", ".py", ".csv", ".yml", ".yaml")
_PENDING = f"""
    with last as (
        select distinct on (batch_seq, attempt) batch_seq, attempt, kind, operation from ledger.build_input
        order by batch_seq, attempt, build_id desc)
    insert into ledger.build_input (build_id, batch_seq, attempt, operation, kind)
    select :build, b.seq, b.current_attempt, {sql(InputOperation.ADD)}, b.kind from ledger.batch b
    left join last on last.batch_seq = b.seq and last.attempt = b.current_attempt
    where b.state in {sql(GOOD)} and last.operation is distinct from {sql(InputOperation.ADD)}
    union all
    select :build, last.batch_seq, last.attempt, {sql(InputOperation.REMOVE)}, last.kind
    from last join ledger.batch b on b.seq = last.batch_seq
    where last.operation = {sql(InputOperation.ADD)}
      and (last.attempt <> b.current_attempt or b.state = {sql(BatchState.WITHDRAWN)})"""


@dataclass(frozen=True)
class BuildResult:
    """What a build did; ``build_id`` is None when nothing was due, ``whole`` tells whether it computed everything again."""

    build_id: int | None
    message: str
    models: int = 0
    seconds: float = 0.0
    whole: bool = False


@dataclass(frozen=True)
class _Frozen:
    """A build to run: ``why`` everything is computed again, '' for the daily way; ``first`` of the warehouse."""

    build_id: int
    business_date: date
    resumed: bool
    first: bool
    why: str


def _units() -> list[dict[str, Any]]:
    return [{"unit_id": unit.id, "name": unit.name, "uscc": unit.uscc} for unit in load_catalogue().units.values()]


def _datasets() -> list[dict[str, Any]]:
    plain, catalogue = ("kind", "variant", "title", "disclosure", "delivery_mode", "cadence_days"), load_catalogue()
    return [
        {
            "dataset_id": dataset.id,
            "unit_id": dataset.unit,
            "sectors": ";".join(dataset.sectors),
            "live_on": catalogue.district.live_on(dataset.id),
        }
        | {name: getattr(dataset, name) for name in plain}
        for dataset in catalogue.datasets.values()
    ]


def _content(*names: str) -> str:
    """Fingerprint of files and folders of the dbt project: what dbt reads there, by path and content, whatever their times."""
    project, digest = settings.checkout() / "dbt_project", hashlib.sha256()
    files = {
        path
        for name in names
        for path in ([project / name] if Path(name).suffix else (project / name).rglob("*"))
        if path.suffix in _READ_BY_DBT and not path.name.startswith(".") and path.is_file()
    }
    for path in sorted(files):
        digest.update(f"{path.relative_to(project).as_posix()}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _fingerprint(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def _applied() -> dict[str, str]:
    """When the shape of each kind was applied last."""
    with session("builder") as opened:
        return {kind: at.isoformat() for kind, at in opened.execute(select(KindShape.kind, KindShape.applied_at))}


def _not_applied() -> list[str]:
    """Kinds whose fields were changed in the catalogue and not in the database: models may name what is not there yet."""
    with session("builder") as opened:
        known = shapes.applied(opened)
    return [kind.id for kind in load_catalogue().kinds.values() if shapes.differs(kind, known.get(kind.id))]


def _district_calendar() -> str:
    """Fingerprint of the district's working days, '' where it has none of its own."""
    path = calendar_file.district_path()
    return _fingerprint(calendar_file.read(path))[:16] if path and path.exists() else ""


def made_from() -> dict[str, Any]:
    """What a build is made from beside the delivered rows, as fingerprints; the catalogue's row by row."""
    rows = {f"unit {row['unit_id']}": row for row in _units()} | {
        f"dataset {row['dataset_id']}": row for row in _datasets()
    }
    facts = {table.__tablename__: given for table, given in inputs.facts().given.items()}
    return {
        "facts": _fingerprint(facts)[:16],
        "seeds": _content("seeds"),
        "calendar": _district_calendar(),
        "models": _content("models", "macros", "snapshots", "dbt_project.yml"),
        "published": published.contract(),
        "kinds": _applied(),
        "catalogue": {name: _fingerprint(row)[:8] for name, row in rows.items()},
    }


def _remembering(opened: Session, now: dict[str, Any]) -> dict[str, Any]:
    """With the units and datasets that left the catalogue as they were: one that comes back changed is an edit."""
    last = opened.scalar(
        select(Build.made_from).where(Build.state == BuildState.BUILT).order_by(Build.build_id.desc()).limit(1)
    )
    known = last.get("catalogue") if isinstance(last, dict) else None
    return now | {"catalogue": known | now["catalogue"]} if isinstance(known, dict) else now


def _edited(before: Any, now: dict[str, Any]) -> tuple[str, bool]:
    """What was edited since a build, in words ('' for nothing), and whether what it computed has to be computed again.

    A unit or dataset that was added has no records yet; one that left the catalogue stays published, as its records do. What
    reads the district's facts (``inputs``) is computed anew in every build.
    """
    if not isinstance(before, dict) or not isinstance(before.get("catalogue"), dict):
        return "此前的构建没有记下种子与模型的内容", True
    known = before["catalogue"]
    parts = [title for title, name in (("种子", "seeds"), ("模型", "models")) if before.get(name) != now[name]]
    parts += ["辖区的工作日历"] if before.get("calendar", "") != now["calendar"] else []
    parts += (
        ["目录中的单位或数据集"] if any(known.get(row, mark) != mark for row, mark in now["catalogue"].items()) else []
    )
    shaped = sorted(kind for kind, at in (before.get("kinds") or {}).items() if now["kinds"].get(kind, at) != at)
    parts += [f"{'、'.join(shaped)} 的字段"] if shaped else []
    parts += ["程序读取的结构"] if before.get("published") != now["published"] and not parts else []
    if parts:
        return "、".join(parts) + "有改动", True
    added = [
        title
        for title, true in (
            ("目录中新增了单位或数据集", bool(now["catalogue"].keys() - known.keys())),
            ("辖区的事实有改动", before.get("facts") != now["facts"]),
        )
        if true
    ]
    return "、".join(added), False


def _freeze(run: Run, opened: Session, now: dict[str, Any], full_refresh: bool) -> _Frozen | None:
    """The open build (resumed), or a new one with its frozen inputs; None when nothing is due."""
    built = select(Build).where(Build.state == BuildState.BUILT)
    last = opened.scalar(built.order_by(Build.build_id.desc()).limit(1))
    edited, again = ("", False) if last is None else _edited(last.made_from, now)
    why = edited if again else "按要求" if full_refresh else ""
    unfinished = opened.scalar(select(Build).where(Build.state == BuildState.OPEN))
    if unfinished is not None:
        if unfinished.made_from != now:
            unfinished.made_from, why = None, why or "中断的构建开始后种子、模型或目录有改动"
        return _Frozen(unfinished.build_id, unfinished.business_date, True, last is None, why)
    latest = opened.scalar(select(func.max(Build.business_date)).where(Build.state == BuildState.BUILT))
    attempt = opened.begin_nested()
    build = Build(business_date=run.on, code_version=run.code_version, made_from=now)
    opened.add(build)
    opened.flush()
    added = written(opened.execute(text(_PENDING), {"build": build.build_id}))
    added += written(
        opened.execute(update(LinkChange).where(LinkChange.build_id.is_(None)).values(build_id=build.build_id))
    )
    if added or edited or latest is None or latest < run.on or resolve.pending(opened):
        attempt.commit()
        return _Frozen(build.build_id, run.on, False, last is None, why)
    attempt.rollback()
    return _Frozen(last.build_id, last.business_date, False, False, why) if full_refresh and last is not None else None


def _publish_units(opened: Session) -> None:
    if not (rows := _units()):
        return
    statement = insert(PublishedUnit).values(rows)
    opened.execute(
        statement.on_conflict_do_update(
            index_elements=["unit_id"], set_={"name": statement.excluded.name, "uscc": statement.excluded.uscc}
        )
    )


def _publish_datasets(opened: Session) -> None:
    if not (rows := _datasets()):
        return
    statement = insert(PublishedDataset).values(rows)
    opened.execute(
        statement.on_conflict_do_update(
            index_elements=["dataset_id"],
            set_={name: getattr(statement.excluded, name) for name in rows[0] if name != "dataset_id"},
        )
    )


def chosen(select: tuple[str, ...]) -> list[str]:
    """The models and seeds that dbt's selectors choose, by name. Raises UserError when one of them chooses nothing."""
    names: list[str] = []
    for selector in select:
        with contextlib.redirect_stdout(io.StringIO()):  # dbt prints what it lists
            listed = command.invoke(
                [
                    "list",
                    "--select",
                    selector,
                    "--resource-type",
                    "model",
                    "--resource-type",
                    "seed",
                    "--output",
                    "name",
                ],
                {"build_id": 0, "business_date": "2000-01-01"},
            )
        if not listed:
            raise UserError(
                f"没有模型或种子符合“{selector}”。",
                remedy="写 dbt 的选择式：模型名（mart_lists__entry）、种子名、path:models/lists、group:targets 等。",
            )
        names += listed
    return list(dict.fromkeys(names))


def run(run: Run, *, full_refresh: bool = False, select: tuple[str, ...] = ()) -> BuildResult:
    """Build for the run's business date. Idempotent: with nothing pending, nothing edited and the same date it says so.

    ``full_refresh`` computes everything again, with ``select`` (dbt selectors) the chosen models with what they are
    computed from and what is computed from them, after the build that is due, if any. Raises UserError for a selector that
    chooses nothing, Busy while another build runs; who is reading figures is waited for.
    """
    open_business_day(run, "builder")
    with (
        locks.alone("builder", locks.BUILD, "构建", run.holder),
        locks.hold("builder", locks.FIGURES, waiting="有任务正在读取数字，等它读完后构建。"),
    ):
        names = chosen(select) if full_refresh and select else []
        if not names:
            return _run(run, full_refresh)
        built = _run(run, False)
        return built if built.whole else _again(run, names)


@contextmanager
def _unpublished(build_id: int) -> Iterator[None]:
    """While the models of a finished build are computed again, what it published counts for nothing.

    When that fails, or is killed, it stays so: the gate reads the raw tables, and the next build computes everything.
    """
    with session("builder") as opened:
        build = opened.get_one(Build, build_id)
        before = build.made_from if build.state == BuildState.BUILT else None
        if before is not None:
            build.made_from = {name: mark for name, mark in before.items() if name != "published"}
    yield
    if before is not None:
        with session("builder") as opened:
            opened.get_one(Build, build_id).made_from = before


def _again(run: Run, names: list[str]) -> BuildResult:
    """Compute the named models again as of the newest finished build, which stays what it is."""
    with session("builder") as opened:
        last = opened.scalars(
            select(Build).where(Build.state == BuildState.BUILT).order_by(Build.build_id.desc()).limit(1)
        ).one()
        build_id, day = last.build_id, last.business_date
    with step(run, "builder", StepName.BUILD, build_id=build_id) as record:
        # A table that is made anew takes the views over it along: all views are made anew too.
        selected = [*(f"@{name}" for name in names), "config.materialized:view"]
        with _unpublished(build_id):
            result = command.invoke(
                ["build", "--full-refresh", "--exclude-resource-type", "unit_test", "--select", *selected],
                {"build_id": build_id, "business_date": day.isoformat()},
            )
            rights.require("builder")
        ran = [item for item in result.results if item.node.resource_type == "model"]
        seconds = round(result.elapsed_time, 1)
        record.counts = {"models": len(ran), "seconds": seconds, "chosen": names}
        record.message = f"第 {build_id} 次构建按要求重算 {'、'.join(names[:5])}" + (
            f" 等 {len(names)} 个" if len(names) > 5 else ""
        )
        record.message += f" 及其上下游：{len(ran)} 个模型，{seconds} 秒" + f"（{run.who}）"
    return BuildResult(build_id, record.message, len(ran), seconds)


def _run(run: Run, full_refresh: bool) -> BuildResult:
    now = made_from()
    with session("builder") as opened:
        now = _remembering(opened, now)
        frozen = _freeze(run, opened, now, full_refresh)
        if frozen is not None:
            _publish_units(opened)
            _publish_datasets(opened)
            inputs.publish(opened, frozen.business_date)
    if frozen is None:
        with step(run, "builder", StepName.BUILD) as record:
            record.verdict, record.message = (
                Verdict.NOTHING_DUE,
                "没有待构建的批次，业务日期、种子、模型、目录与辖区的事实未变",
            )
        return BuildResult(None, record.message)
    build_id, run = frozen.build_id, run.at(frozen.business_date)
    with step(run, "builder", StepName.RESOLVE, build_id=build_id) as record:
        record.counts = (resolve.full if full_refresh else resolve.run)(run, build_id)
        record.message = "主体归集完成" if record.counts else "本次构建的主体已归集"
    with step(run, "builder", StepName.BUILD, build_id=build_id) as record:
        arguments = [
            "build",
            *(["--full-refresh"] if frozen.why else []),
            *(
                [] if frozen.why or frozen.first else ["--exclude", "path:seeds"]
            ),  # nor the tests that look at seeds alone
        ]
        arguments += ["--exclude-resource-type", "unit_test"]
        try:
            with _unpublished(build_id):
                result = command.invoke(arguments, {"build_id": build_id, "business_date": run.on.isoformat()})
        except UserError as error:
            if waiting := _not_applied():
                error.remedy = (
                    f"{'、'.join(waiting)} 的字段尚未套用，先运行 public-credit catalogue apply；否则：{error.remedy}"
                )
            raise
        ran = [item for item in result.results if item.node.resource_type == "model"]
        seconds = round(result.elapsed_time, 1)
        unresolved = resolve.follow_up(run, build_id) if ran else {}
        record.counts = {
            "models": len(ran),
            "seconds": seconds,
            "work_items": unresolved,
            "slowest": {
                item.node.name: round(item.execution_time, 2)
                for item in sorted(ran, key=lambda item: -item.execution_time)[:5]
            },
        }
        record.message = (
            f"第 {build_id} 次构建{'（续做）' if frozen.resumed else ''}完成：{len(ran)} 个模型，{seconds} 秒"
            + (f"；{frozen.why}，全量重建" if frozen.why else "")
            + (f"（{run.who}）" if full_refresh else "")
        )
        rights.require("builder")
        locks.require("builder", locks.BUILD)
        with session("builder") as opened:
            build = opened.get_one(Build, build_id)
            build.state, build.message, build.made_from = BuildState.BUILT, record.message, now
            build.built_at = build.built_at or func.clock_timestamp()
        return BuildResult(build_id, record.message, len(ran), seconds, bool(frozen.why))
