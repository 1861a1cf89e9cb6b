"""Runs of Airflow as the ledger knows them."""

from __future__ import annotations

from sqlalchemy import text

from ..base import settings
from ..ledger import words
from ..ledger.session import session
from ..ledger.states import StepName, Verdict, sql

_TOUCHED = """
    select distinct b.seq, b.dataset_id, b.state, b.unit_id from ledger.step s join ledger.batch b on b.seq = s.batch_seq
    where s.dag_run = :run and s.id > :after order by b.seq"""
_SLIPS = """
    select batch_seq, unit_id, file_name from ledger.slip where batch_seq = any(:seqs) order by batch_seq, slip_id"""
_RELEASES = "select distinct release_id from ledger.step where dag_run = :run and id > :after and release_id is not null order by 1"
_MOST = 20  # batches a log names one by one


def last_step() -> int:
    """The newest step of the ledger: what comes after it is what a task has done."""
    with session("reader") as opened:
        return int(opened.execute(text("select coalesce(max(id), 0) from ledger.step")).scalar_one())


def where_to_look(run: str, after: int) -> list[str]:
    """For the log of a task: each batch, slip and release its run has touched after a step, with the command or the file that shows it."""
    with session("reader") as opened:
        told = {"run": run, "after": after}
        batches = opened.execute(text(_TOUCHED), told).all()
        slips = opened.execute(text(_SLIPS), {"seqs": [batch.seq for batch in batches]}).all()
        releases = opened.scalars(text(_RELEASES), told).all()
    of_batch: dict[int, list[str]] = {}
    for slip in slips:
        of_batch.setdefault(slip.batch_seq, []).append(str(settings.slips_folder(slip.unit_id) / slip.file_name))
    lines = []
    for batch in batches[:_MOST]:
        command = (
            f"quarantine --batch {batch.seq}" if batch.seq in of_batch else f"batches --dataset {batch.dataset_id}"
        )
        lines.append(f"批次 {batch.seq}（{batch.dataset_id}，{words.BATCH[batch.state]}）  public-credit {command}")
        lines += [f"    退回单 {path}" for path in of_batch.get(batch.seq, [])]
    if len(batches) > _MOST:
        lines.append(f"另有 {len(batches) - _MOST} 个批次  public-credit batches")
    return lines + [f"变更单 {number}  public-credit release show {number}" for number in releases]


def errors_of(run: str) -> list[str]:
    """What went wrong in an Airflow run for a reason of ours: the latest outcome of each of its steps, where that is an error.

    A held or unreadable batch is a verdict with an owner, not an error; the alert runs beside who asks. What a process that died
    had begun and another run has taken up since is that run's.
    """
    with session("reader") as opened:
        wrong = opened.execute(
            text(f"""
            select name, message from (
                select distinct on (name, unit_id, dataset_id, batch_seq) * from ledger.step where dag_run = :run
                order by name, unit_id, dataset_id, batch_seq, id desc) latest
            where verdict = {sql(Verdict.FAILED)} and owner <> 'department'
            or ended_at is null and name <> {sql(StepName.ALERT)} and not exists (
                select from ledger.step later where later.id > latest.id and later.name = latest.name and later.dag_run <> :run
                and (later.unit_id, later.dataset_id, later.batch_seq)
                    is not distinct from (latest.unit_id, latest.dataset_id, latest.batch_seq))"""),
            {"run": run},
        ).all()
    return sorted({step.message or f"{words.STEP.get(step.name, step.name)}中断" for step in wrong})
