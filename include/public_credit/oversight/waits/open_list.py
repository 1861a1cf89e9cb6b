"""The list itself: every source asked once, in one transaction, ordered by owner and worst first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, text

from ...base.run import now
from ...catalogue import Catalogue, load_catalogue
from ...ledger import words
from ...ledger.session import session
from ...ledger.states import StepName, Verdict, sql
from . import district, evidence, intake, onward, returns
from .item import Item, Rank, about, ordered, owner_of, told

STALE = timedelta(hours=3)  # what is unfinished for longer was killed, or hangs
LONGER = {  # steps that may take longer: the time limit of their task, and some
    StepName.AUDIT: timedelta(hours=7),
    StepName.BUILD: timedelta(hours=4),
    StepName.DELIVER: timedelta(hours=4),
}
# Steps whose troubles are told row by row: by dataset, receipt, release or record.
_TOLD = (StepName.COLLECT, StepName.RECEIVE, StepName.GATE, StepName.GATE_RUN, StepName.ALERT, StepName.ATTEST)
_TOLD_UNLESS_FAILED = (
    StepName.RELEASE,
    StepName.DELIVER,
    StepName.RECEIPT,
    StepName.RECONCILE,
    StepName.EDITION,
    StepName.AUDIT,
)
_TROUBLE = (Verdict.FAILED, Verdict.HELD, Verdict.WARNING, Verdict.INCOMPLETE)
_STEPS = f"""
    with done as (
        select *, coalesce(unit_id, '') as unit from ledger.step
        where name not in {sql(_TOLD)} and batch_seq is null
          and (ended_at is not null or started_at < :stale - coalesce(cast(cast(:longer as jsonb) ->> name as interval), interval '0'))),
    fine as (select name, unit, max(id) filter (where verdict not in {sql(_TROUBLE)}) as id from done group by 1, 2),
    since as (
        select d.name, d.unit, min(d.business_date) as since from done d join fine using (name, unit)
        where d.id > coalesce(fine.id, 0) group by 1, 2)
    select * from (
        select distinct on (d.name, d.unit) d.name, d.unit, d.verdict, d.message, d.owner, d.ended_at is null as unended, since.since, d.dag_run
        from done d left join since using (name, unit) order by d.name, d.unit, d.id desc) latest
    where verdict in {sql(_TROUBLE)}
      and (name not in {sql(_TOLD_UNLESS_FAILED)} or verdict in {sql((Verdict.FAILED, Verdict.INCOMPLETE))})"""


_IN_AIRFLOW = "看 Airflow 中该次运行的任务日志；修正后下一次运行重试"
_BY_HAND = "这一步由人在命令行或工作台运行：按说明修正后，再次运行该命令"


def _steps(connection: Connection, catalogue: Catalogue, stale: datetime, units_told: set[str]) -> Iterator[Item]:
    """Other steps whose latest outcome asks for somebody: failed, held, warning, or interrupted."""
    longer = {name: f"{(limit - STALE).total_seconds()} seconds" for name, limit in LONGER.items()}
    for row in connection.execute(text(_STEPS), {"stale": stale, "longer": json.dumps(longer)}):
        if row.unit and row.unit not in catalogue.units or row.name == StepName.COLLECT_UNIT and row.unit in units_told:
            continue
        unit = about(catalogue, row.unit, None)
        message = "任务中断，未写明结果" if row.unended else row.message
        failed = row.verdict in (Verdict.FAILED, Verdict.INCOMPLETE)
        yield Item(
            f"step/{row.name}/{row.unit}",
            row.verdict,
            Rank.OUR_FAULT if failed else Rank.NOTICE,
            owner_of(row.owner, row.unit),
            f"{words.STEP.get(row.name, row.name)}{f'（{unit}）' if unit else ''}：{message}",
            _IN_AIRFLOW if row.dag_run else _BY_HAND,
            row.since,
            row.unit,
        )


def items(on: date, unit: str | None = None) -> list[Item]:
    """Everything that waits on a business date, or what concerns one unit; free of persons' numbers."""
    catalogue, stale = load_catalogue(), now() - STALE
    with session("reader") as opened:
        connection = opened.connection()
        taken = [*intake.collections(connection, catalogue, stale), *intake.receipts(connection, catalogue, stale)]
        found = [
            *district.files(catalogue, on),
            *taken,
            *intake.landed_again(opened, catalogue),
            *_steps(connection, catalogue, stale, {item.unit_id for item in taken if item.rank != Rank.NOTICE}),
            *intake.signals(connection, catalogue),
            *intake.silence(connection, catalogue, on),
            *returns.slips(connection, catalogue, on),
            *returns.corrections(connection, catalogue),
            *onward.rejected(connection, catalogue),
        ]
        found += (
            []
            if unit
            else [
                *evidence.altered(connection),
                *onward.approvals(connection),
                *onward.unsettled(connection, catalogue, on, stale),
                *onward.left_out(connection),
                *onward.unreadable(connection, on),
                *onward.differences(connection, catalogue),
            ]
        )
    chosen = [told(catalogue, item) for item in found if unit is None or item.unit_id == unit]
    return list({item.fingerprint: item for item in ordered(chosen)}.values())
