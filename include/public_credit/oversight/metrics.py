"""The state of the warehouse as Prometheus text (exposition format 0.0.4): ages, counts, durations, what waits for whom, room on disk.

All of it is read from the ledger when it is asked for, nothing is counted in memory; no label holds anything of a record or a person.
``docs/operations.md`` says what to watch. Times are seconds since 1970, sizes bytes, durations seconds.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from sqlalchemy import Connection, text

from ..base import settings
from ..base.run import Run, now
from ..ledger.states import IN_DOUBT, NOT_BACK, UNDERWAY, Difference, ReleaseState, Verdict, sql
from ..policy.workdays import WorkCalendar
from .audit.standing import standing
from .waits.open_list import items

PREFIX = "pcw_"


@dataclass(frozen=True)
class Metric:
    """A gauge read by SQL: the columns before ``value`` are its labels."""

    name: str
    help: str
    query: str


_DIFFERENCES = ", ".join(f"('{name}', r.{name})" for name in Difference)  # columns are called as the members
_DONE = sql((Verdict.OK, Verdict.WARNING, Verdict.NOTHING_DUE))
FROM_LEDGER = (
    Metric("batches", "批次数，按状态", "select state, count(*) as value from ledger.batch group by 1"),
    Metric(
        "dataset_last_receipt_timestamp_seconds",
        "数据集最近一次收到报送的时刻",
        "select unit_id as unit, dataset_id as dataset, extract(epoch from max(received_at)) as value from ledger.batch group by 1, 2",
    ),
    Metric(
        "dataset_cadence_seconds",
        "数据集约定的报送周期",
        "select unit_id as unit, dataset_id as dataset, cadence_days * 86400 as value from ledger.dataset",
    ),
    Metric(
        "quarantined_rows",
        "退回未改正的行数，按单位",
        f"select unit_id as unit, count(*) as value from ledger.quarantine where state in {sql(NOT_BACK)} group by 1",
    ),
    Metric(
        "steps_last_day",
        "最近 24 小时开始的步骤数，按步骤和结果（incomplete 为正在进行或已中断）",
        "select name as step, verdict, count(*) as value from ledger.step"
        " where started_at > clock_timestamp() - interval '1 day' group by 1, 2",
    ),
    Metric(
        "step_last_success_timestamp_seconds",
        "步骤最近一次正常结束的时刻",
        f"select name as step, extract(epoch from max(ended_at)) as value from ledger.step where verdict in {_DONE} group by 1",
    ),
    Metric(
        "step_last_duration_seconds",
        "步骤最近一次结束的用时",
        "select distinct on (name) name as step, extract(epoch from ended_at - started_at) as value from ledger.step"
        " where ended_at is not null order by name, id desc",
    ),
    Metric(
        "outbox_items",
        "待报送队列中的条数，按接收方和状态",
        f"select receiver, state, cast(sum(items) as bigint) as value from ledger.delivery_total where state in {sql(UNDERWAY)}"
        " group by 1, 2 having sum(items) > 0",
    ),
    Metric(
        "outbox_oldest_seconds",
        "待报送队列中最早一条已等待的时长，按接收方",
        "select i.receiver, extract(epoch from clock_timestamp() - min(i.released_at)) as value"
        " from ledger.delivery_state s join ledger.delivery_item i using (item_id) where s.underway group by 1",
    ),
    Metric(
        "outcomes_unknown",
        "已发出而结果不明的条数，按接收方",
        f"select receiver, cast(sum(items) as bigint) as value from ledger.delivery_total where state in {sql(IN_DOUBT)}"
        " group by 1 having sum(items) > 0",
    ),
    Metric(
        "releases_waiting",
        "等待审批的变更单数，按接收方",
        f"select receiver, count(*) as value from ledger.release where state = {sql(ReleaseState.WAITING)} group by 1",
    ),
    Metric(
        "reconciliation_timestamp_seconds",
        "最近一次对账的时刻，按接收方",
        "select receiver, extract(epoch from max(compared_at)) as value from ledger.reconciliation group by 1",
    ),
    Metric(
        "reconciliation_differences",
        "最近一次对账的差异条数：missing 对方缺、surplus 对方多、differing 版本不同、unsettled 结果不明",
        "select receiver, d.difference, d.value from (select distinct on (receiver) * from ledger.reconciliation"
        f" order by receiver, id desc) r cross join lateral (values {_DIFFERENCES}) d(difference, value)",
    ),
    Metric("database_size_bytes", "数据库占用", "select pg_database_size(current_database()) as value"),
)


def _escaped(value: object) -> str:
    return str(value).replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _samples(name: str, told: str, rows: Iterable[dict[str, Any]]) -> list[str]:
    lines = [f"# HELP {PREFIX}{name} {told}", f"# TYPE {PREFIX}{name} gauge"]
    for row in rows:
        labels = ",".join(f'{label}="{_escaped(value)}"' for label, value in row.items() if label != "value")
        lines.append(f"{PREFIX}{name}{{{labels}}} {float(row['value']):.10g}".replace("{}", ""))
    return lines


def _rows(connection: Connection, metric: Metric) -> list[dict[str, Any]]:
    found = connection.execute(text(metric.query)).mappings()
    rows = [dict(row) for row in found if row["value"] is not None]
    return sorted(rows, key=lambda row: [str(value) for value in row.values()])


def _beside(run: Run) -> Iterable[tuple[str, str, list[dict[str, Any]]]]:
    """What does not come from one query: whom something waits for, room, calendar, backup."""
    waiting = Counter(item.owner.partition(":")[0] for item in items(run.on))
    owners = ("department", "data_engineer", "leadership", "city")
    yield (
        "open_items",
        "待办事项数，按由谁办",
        [{"owner": owner, "value": waiting[owner]} for owner in sorted({*owners, *waiting})],
    )
    with settings.engine("reader").connect() as connection:
        audit = standing(connection)
    yield "audit_findings", "留痕复核发现而未了结的改动", [{"value": audit.count}]
    verified = {"whole": audit.whole_at, "any": audit.recent_at}
    yield (
        "audit_last_timestamp_seconds",
        "最近一次留痕复核的时刻：whole 全部、any 任何范围；从未复核的没有",
        [{"scope": scope, "value": at.timestamp()} for scope, at in sorted(verified.items()) if at],
    )
    room = shutil.disk_usage(settings.folder())
    yield "disk_free_bytes", "状态目录所在磁盘的可用空间", [{"value": room.free}]
    yield "disk_size_bytes", "状态目录所在磁盘的大小", [{"value": room.total}]
    until = datetime.combine(WorkCalendar.load().announced_through(), time.max, settings.TIMEZONE)
    yield "calendar_announced_until_timestamp_seconds", "放假安排已公布到的时刻", [{"value": until.timestamp()}]
    noted = settings.backup_note()
    backups = [{"value": noted.stat().st_mtime}] if noted.exists() else []
    yield "backup_last_success_timestamp_seconds", "最近一次完成的备份的时刻；从未备份的没有", backups
    yield "info", "程序版本", [{"code_version": run.code_version, "value": 1}]
    yield "collected_timestamp_seconds", "本文本的生成时刻", [{"value": now().timestamp()}]


def read(run: Run) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """Name, help and samples of all metrics as of now; silence is judged by the run's business date."""
    with settings.engine("reader").connect() as connection:
        told = [(metric.name, metric.help, _rows(connection, metric)) for metric in FROM_LEDGER]
    return [*told, *_beside(run)]


def exposition(run: Run) -> str:
    """All of them as Prometheus text."""
    lines = [line for name, told, rows in read(run) for line in _samples(name, told, rows)]
    return "\n".join(lines) + "\n"
