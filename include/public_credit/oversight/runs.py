"""Runs of Airflow as the ledger knows them."""

from __future__ import annotations

from sqlalchemy import text

from ..ledger.session import session
from ..ledger.states import StepName, Verdict, sql


def errors_of(run: str) -> list[str]:
    """What went wrong in an Airflow run for a reason of ours: the latest outcome of each of its steps, where that is an error.

    A held or unreadable batch is a verdict with an owner, not an error; the alert runs beside who asks.
    """
    with session("reader") as opened:
        return list(
            opened.scalars(
                text(f"""
            select distinct coalesce(nullif(message, ''), name || ' 中断') from (
                select distinct on (name, unit_id, dataset_id, batch_seq) * from ledger.step where dag_run = :run
                order by name, unit_id, dataset_id, batch_seq, id desc) latest
            where verdict = {sql(Verdict.FAILED)} and owner <> 'department' or ended_at is null and name <> {sql(StepName.ALERT)} order by 1"""),
                {"run": run},
            )
        )
