"""The work of each DAG task and command: a few calls in order, outcomes in the ledger.

Every function is idempotent and safe to kill: it asks the ledger what is pending.
"""

from __future__ import annotations

import os
import time
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from ..base import settings
from ..base.messages import UserError
from ..catalogue import load_catalogue
from ..ledger import locks
from ..ledger.models import Batch
from ..ledger.session import dag_run, open_business_day, session, step
from ..ledger.states import BatchState, StepName, Verdict

if TYPE_CHECKING:
    from ..collect import CollectOutcome

LONGEST_WAIT = timedelta(minutes=15)


def received_batches(unit_id: str | None = None) -> list[int]:
    """Batches that were received and not landed yet, in receipt order."""
    with session("collector") as opened:
        query = select(Batch.seq).where(Batch.state == BatchState.RECEIVED).order_by(Batch.seq)
        return list(opened.scalars(query.where(Batch.unit_id == unit_id) if unit_id else query))


def land_received(unit_id: str | None, on: date) -> tuple[list[Any], list[str]]:
    """Land what was received; results, and the messages of batches that stay ``received`` until something is mended.

    A batch that ended in an error (``failed``) is among the results: what is wrong with it stands in the ledger.
    """
    results, failures = [], []
    for seq in received_batches(unit_id):
        from ..land import stream as land  # the reading libraries, only when there is something to read

        try:
            results.append(land.land(seq, business_date=on))
        except UserError as error:
            failures.append(str(error))
    return results, failures


def collect_and_land(unit_id: str, on: date) -> dict[str, Any]:
    """Collect one department's receipts and land them. Raises UserError when a dataset could not be collected."""
    from .. import collect

    os.environ["PCW_BUSINESS_DATE"] = on.isoformat()
    open_business_day("collector", on)
    datasets = [dataset.id for dataset in load_catalogue().units[unit_id].datasets]
    with (
        locks.hold("collector", locks.collecting(on, unit_id), shared=True),
        step("collector", StepName.COLLECT_UNIT, business_date=on, unit_id=unit_id) as record,
    ):
        outcomes = collect.collect(datasets, business_date=on)
        landed, failures = land_received(unit_id, on)
        failures += [outcome.message for outcome in outcomes if outcome.verdict == Verdict.FAILED]
        record.counts = {
            "receipts": sum(len(outcome.batch_seqs) for outcome in outcomes),
            "landed": len(landed),
            "rows_in": sum(result.rows_in for result in landed),
        }
        if failures:
            record.owner = "data_engineer"
            raise UserError("；".join(failures), remedy="任务会自动重试；仍失败时检查连接与来源系统。", code=5)
        record.message = f"收到 {record.counts['receipts']} 份，入库 {record.counts['rows_in']} 行"
        return record.counts


def collecting_now(on: date) -> int:
    """Departments whose collection of this business day is running: a collector that was killed holds no lock any more."""
    with session("reader") as opened:
        return len(locks.held(opened, (locks.collecting(on, unit_id) for unit_id in load_catalogue().units)))


def wait_for_collectors(on: date, longest: timedelta = LONGEST_WAIT) -> bool:
    """Let departments that are collecting finish, so that one build takes in all of them; False when the time ran out.

    Whoever is late then, or hangs, is taken in by the next run: nobody waits for one department longer than this.
    """
    deadline = time.monotonic() + longest.total_seconds()
    while collecting_now(on):
        if time.monotonic() > deadline:
            return False
        time.sleep(2)
    return True


def gate(on: date) -> list[str]:
    """Judge all landed attempts, match resubmissions, write slips; what could not be landed, judged or followed up.

    A receipt with an error is booked and told, the others are judged all the same.
    """
    from .. import gate as gates
    from .follow_up import follow_up

    os.environ["PCW_BUSINESS_DATE"] = on.isoformat()
    open_business_day("collector", on)
    landed, failures = land_received(None, on)
    failures += [result.message for result in landed if result.state == BatchState.FAILED]
    with step("collector", StepName.GATE_RUN, business_date=on) as record:
        outcomes = gates.run(business_date=on)
        failures += [
            f"批次 {outcome.batch_seq}：{outcome.message}" for outcome in outcomes if outcome.state == BatchState.FAILED
        ]
        record.counts = {"batches": len(outcomes)} | follow_up()
        if record.counts["not_followed_up"]:
            failures.append(f"{record.counts['not_followed_up']} 批的退回单或更正匹配未完成")
        held = sum(outcome.state == BatchState.HELD for outcome in outcomes)
        record.verdict = Verdict.WARNING if held else (Verdict.OK if outcomes else Verdict.NOTHING_DUE)
        record.message = f"裁决 {len(outcomes)} 批，扣留 {held} 批" if outcomes else "没有待裁决的批次"
        if failures:
            record.verdict, record.owner = Verdict.FAILED, "data_engineer"
            record.message += f"，出错 {len(failures)} 项"
    return failures


def build(on: date, *, full: bool = False, select: tuple[str, ...] = ()) -> Any:
    """Build the warehouse for the business date; ``full``: compute everything again, or what ``select`` chooses."""
    from ..build import run as builds

    os.environ["PCW_BUSINESS_DATE"] = on.isoformat()
    return builds.run(on, full_refresh=full, select=select)


def release(on: date) -> Any:
    """Freeze the difference of the newest finished build."""
    from ..deliver import release as releases

    os.environ["PCW_BUSINESS_DATE"] = on.isoformat()
    return releases.prepare()


def deliver(on: date) -> Any:
    """Send what was released."""
    from .. import deliver as deliveries

    os.environ["PCW_BUSINESS_DATE"] = on.isoformat()
    return deliveries.run()


def publish(on: date, *, again: bool = True) -> Any:
    """Publish the leadership page, workbook and PDF of the newest finished build; ``again``: also when nothing has changed."""
    from ..papers.leadership import publish as publications

    os.environ["PCW_BUSINESS_DATE"] = on.isoformat()
    return publications.publish(again=again)


def receive(on: date) -> Any:
    """Fetch later receipts and reconcile."""
    from ..deliver import receipts, reconcile

    os.environ["PCW_BUSINESS_DATE"] = on.isoformat()
    receipts.fetch()
    return reconcile.run()


def alert(on: date) -> Any:
    """Tell each owner what is new."""
    from ..oversight import alerts

    return alerts.tell(on)


def hand_in(dataset_id: str | None, file_name: str, on: date) -> CollectOutcome:
    """Take in one file of the hand-in folder; what was received. Raises UserError for anything outside it."""
    if not dataset_id or not file_name.strip():
        raise UserError("请选择数据集并填写文件名。", remedy="在表单中补全两项后重新提交。")
    folder = settings.hand_in_folder().resolve()
    path = (folder / file_name).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise UserError("报送文件夹中没有这个文件。", remedy="先把文件放入报送文件夹，只填写文件名。")
    return ingest(dataset_id, path, on)


def ingest(dataset_id: str, path: Path, on: date) -> CollectOutcome:
    """Book one file as a receipt and land it; what was received."""
    from .. import collect

    os.environ["PCW_BUSINESS_DATE"] = on.isoformat()
    open_business_day("collector", on)
    outcome = collect.receive_file(dataset_id, path, on)
    _, failures = land_received(load_catalogue().datasets[dataset_id].unit, on)
    if failures:
        raise UserError("；".join(failures), remedy="修正后重试；已登记的文件不会重复登记。", code=3)
    return outcome


def edition(on: date, year: int | None, reason: str = "") -> dict[str, Any] | None:
    """Draft a year's edition; what an approver is shown (numbers of the district and ids of ours only), None when none is due."""
    from ..editions import run as editions

    os.environ["PCW_BUSINESS_DATE"] = on.isoformat()
    year = year or editions.last_year(on)
    made = editions.draft(year, dag_run() or "命令行", reason)
    if made.edition_id is None:
        return None
    lines = [
        f"{row['target_id']}-{row['goal_no']} {row['title']}：{row['state']}"
        + (
            ""
            if row["percent"] is None
            else f"，{row['percent']:.2f}%（{row['numerator']:,} / {row['denominator']:,}）"
        )
        for row in editions.show(made.edition_id)["figures"]
    ]
    return {
        "edition_id": made.edition_id,
        "content_hash": made.content_hash,
        "subject": f"{year} 年度目标数字定稿",
        "body": "\n".join([made.message, f"内容指纹 {made.content_hash}", "", *(f"- {line}" for line in lines)]),
    }


def settle_edition(drafted: dict[str, Any], answer: dict[str, Any]) -> None:
    """Book what the approver answered in Airflow: freeze the draft that was shown, or turn it down with the reason."""
    from ..editions import run as editions
    from .airflow import APPROVE, REJECT

    who = (answer.get("responded_by_user") or {}).get("name") or "Airflow"
    chosen = answer["chosen_options"]
    if chosen == [APPROVE]:
        editions.approve(drafted["edition_id"], drafted["content_hash"], who)
        editions.freeze(drafted["edition_id"])
    elif chosen == [REJECT]:
        editions.reject(drafted["edition_id"], who, (answer.get("params_input") or {}).get("reason") or "审批否决")
    else:
        raise UserError(f"不认识的审批答复：{chosen}。", remedy=f"只接受 {APPROVE} 或 {REJECT}。")


def attest(dataset_id: str | None, start: str | None, end: str | None, who: str, reason: str, on: date) -> bool:
    """Book 零报送 from the form; False when it was booked before."""
    from ..collect.attest import attest as book

    if not dataset_id or not start or not end:
        raise UserError("请选择数据集并填写起止日期。", remedy="在表单中补全后重新提交。")
    os.environ["PCW_BUSINESS_DATE"] = on.isoformat()
    return book(dataset_id, date.fromisoformat(start), date.fromisoformat(end), who, reason)
