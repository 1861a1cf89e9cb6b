"""The work of each DAG task and command: a few calls in order, outcomes in the ledger.

Every function is idempotent and safe to kill: it asks the ledger what is pending.
"""

from __future__ import annotations

import time
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from ..base import settings
from ..base.messages import UserError
from ..base.run import Run, now
from ..catalogue import load_catalogue
from ..catalogue.models import HandIn
from ..catalogue.remembered import remember
from ..land.apart import Apart
from ..land.result import LandResult
from ..land.withdrawn import told_again
from ..ledger import locks
from ..ledger.models import Batch
from ..ledger.session import open_business_day, session, step
from ..ledger.states import APPROVERS, BatchState, StepName, Verdict
from .airflow import APPROVE, REJECT, account_of, in_name_of
from .forgotten import drop_forgotten

if TYPE_CHECKING:
    from ..collect import CollectOutcome

LONGEST_WAIT = timedelta(minutes=15)


def received_batches(unit_id: str | None = None) -> list[int]:
    """Batches that were received and not landed yet, in receipt order."""
    with session("collector") as opened:
        query = select(Batch.seq).where(Batch.state == BatchState.RECEIVED).order_by(Batch.seq)
        return list(opened.scalars(query.where(Batch.unit_id == unit_id) if unit_id else query))


def land_received(run: Run, unit_id: str | None) -> tuple[list[LandResult], list[str]]:
    """Land what was received; results, and the messages of batches that stay ``received`` until something is mended.

    A batch that ended in an error (``failed``) is among the results: what is wrong with it stands in the ledger.
    """
    return _landed(run, received_batches(unit_id))


def _landed(run: Run, seqs: list[int]) -> tuple[list[LandResult], list[str]]:
    results: list[LandResult] = []
    failures: list[str] = []
    with Apart() as apart:
        for seq in seqs:
            try:
                results.append(apart.land(run, seq))
            except UserError as error:
                failures.append(str(error))
    return results, failures


def land_one(run: Run, seq: int) -> LandResult:
    """Land one batch, in a process of its own that is watched; what was landed of it before stays live until it is judged.

    Raises UserError when the batch is unknown, taken by another one, or a purged one.
    """
    with Apart() as apart:
        return apart.land(run, seq)


def land_again(run: Run) -> tuple[list[LandResult], list[str]]:
    """Land accepted receipts again whose rows repeat some that were withdrawn: what they say is said by them now.

    One that cannot be landed again, was held or ended in an error waits for a person (``oversight.waits``).
    Results and failures as of ``land_received``.
    """
    with session("collector") as opened:
        due = told_again(opened)
    return _landed(run, due)


def _open_day(run: Run) -> None:
    """Open the business date, and remember the district's files that are good now."""
    open_business_day(run, "collector")
    with session("collector") as opened:
        remember(opened, load_catalogue())


class NotConnected(UserError):
    """A unit none of whose connections is configured, and of which nothing ever came."""


def _to_collect(unit_id: str) -> list[str]:
    """Ids of a unit's datasets that are connected, or were: a connection that is gone is an error. Raises LeftOut, NotConnected."""
    from ..collect.run import connected

    unit = load_catalogue().unit(unit_id)
    with session("collector") as opened:
        came = set(opened.scalars(select(Batch.dataset_id).where(Batch.unit_id == unit_id).distinct()))
    wanted = [dataset.id for dataset in unit.datasets if connected(dataset) or dataset.id in came]
    if not any(dataset.id in wanted and not isinstance(dataset.channel, HandIn) for dataset in unit.datasets):
        names = sorted(
            {dataset.channel.connection for dataset in unit.datasets if not isinstance(dataset.channel, HandIn)}
        )
        raise NotConnected(
            f"尚未接入：{unit.name}的连接还没有配置（{'、'.join(names)}）。",
            remedy="在 connections.yaml 中补上该连接，下一次运行即采集。",
            code=3,
        )
    return wanted


def collect_and_land(run: Run, unit_id: str) -> dict[str, Any]:
    """Collect one department's receipts and land them. Raises UserError when a dataset could not be collected.

    Raises LeftOut or NotConnected, with nothing booked, while the department's file has a mistake or nothing can come yet.
    """
    from .. import collect

    datasets = _to_collect(unit_id)
    _open_day(run)
    with (
        locks.hold("collector", locks.collecting(run.on, unit_id), shared=True),
        step(run, "collector", StepName.COLLECT_UNIT, unit_id=unit_id) as record,
    ):
        outcomes = collect.collect(run, datasets)
        landed, failures = land_received(run, unit_id)
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


def collecting_now(run: Run) -> int:
    """Departments whose collection of this business day is running: a collector that was killed holds no lock any more."""
    with session("reader") as opened:
        return len(locks.held(opened, (locks.collecting(run.on, unit_id) for unit_id in load_catalogue().units)))


def wait_for_collectors(run: Run, longest: timedelta = LONGEST_WAIT) -> bool:
    """Let departments that are collecting finish, so that one build takes in all of them; False when the time ran out.

    Whoever is late then, or hangs, is taken in by the next run: nobody waits for one department longer than this.
    """
    deadline = time.monotonic() + longest.total_seconds()
    while collecting_now(run):
        if time.monotonic() > deadline:
            return False
        time.sleep(2)
    return True


def gate(run: Run) -> list[str]:
    """Judge all landed attempts, match resubmissions, write slips; what could not be landed, judged or followed up.

    A receipt with an error is booked and told, the others are judged all the same.
    """
    _open_day(run)
    landed, failures = land_received(run, None)
    again, failed_again = land_again(run)
    landed, failures = landed + again, failures + failed_again
    from .. import gate as gates  # loads libraries that start threads: after the landing, which is a fork
    from .follow_up import follow_up

    failures += [result.message for result in landed if result.state == BatchState.FAILED]
    with step(run, "collector", StepName.GATE_RUN) as record:
        outcomes = gates.run(run)
        failures += [
            f"批次 {outcome.batch_seq}：{outcome.message}" for outcome in outcomes if outcome.state == BatchState.FAILED
        ]
        record.counts = {"batches": len(outcomes)} | follow_up(run)
        if record.counts["not_followed_up"]:
            failures.append(f"{record.counts['not_followed_up']} 批的退回单或更正匹配未完成")
        held = sum(outcome.state == BatchState.HELD for outcome in outcomes)
        record.verdict = Verdict.WARNING if held else (Verdict.OK if outcomes else Verdict.NOTHING_DUE)
        record.message = f"裁决 {len(outcomes)} 批，扣留 {held} 批" if outcomes else "没有待裁决的批次"
        if failures:
            record.verdict, record.owner = Verdict.FAILED, "data_engineer"
            record.message += f"，出错 {len(failures)} 项"
    return failures


def build(run: Run, *, full: bool = False, select: tuple[str, ...] = ()) -> Any:
    """Build the warehouse for the business date; ``full``: compute everything again, or what ``select`` chooses.

    When everything was computed again, what an earlier version left and no model makes any more goes.
    """
    from ..build import run as builds

    built = builds.run(run, full_refresh=full, select=select)
    if built.whole:
        drop_forgotten()
    return built


def release(run: Run) -> Any:
    """Freeze the difference of the newest finished build; None where the district has no receiver."""
    from ..deliver import release as releases

    if not load_catalogue().has_receivers():
        return None
    return releases.prepare(run)


def deliver(run: Run) -> Any:
    """Send what was released; None where the district has no receiver."""
    from .. import deliver as deliveries

    if not load_catalogue().has_receivers():
        return None
    return deliveries.run(run)


def publish(run: Run, *, again: bool = True) -> Any:
    """Publish the leadership page, workbook and PDF of the newest finished build; ``again``: also when nothing has changed."""
    from ..papers.leadership import publish as publications

    return publications.publish(run, again=again)


def receive(run: Run) -> Any:
    """Fetch later receipts and reconcile; None where the district has no receiver.

    Both sides are compared when the receipts could not be fetched, too; what was wrong with them is raised then.
    """
    from ..deliver import receipts, reconcile

    if not load_catalogue().has_receivers():
        return None
    failed: Exception | None = None
    try:
        receipts.fetch(run)
    except Exception as error:
        failed = error
    result = reconcile.run(run)
    if failed is not None:
        raise failed
    return result


def alert(run: Run) -> Any:
    """Tell each owner what is new."""
    from ..oversight import alerts

    return alerts.tell(run)


def hand_in(run: Run, dataset_id: str | None, file_name: str) -> CollectOutcome:
    """Take in one file of the hand-in folder; what was received. Raises UserError for anything outside it."""
    if not dataset_id or not file_name.strip():
        raise UserError("请选择数据集并填写文件名。", remedy="在表单中补全两项后重新提交。")
    folder = settings.hand_in_folder().resolve()
    path = (folder / file_name).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise UserError("报送文件夹中没有这个文件。", remedy="先把文件放入报送文件夹，只填写文件名。")
    return ingest(run, dataset_id, path)


def ingest(run: Run, dataset_id: str, path: Path) -> CollectOutcome:
    """Book one file as a receipt and land it; what was received."""
    from .. import collect

    _open_day(run)
    outcome = collect.receive_file(run, dataset_id, path)
    _, failures = land_received(run, load_catalogue().datasets[dataset_id].unit)
    if failures:
        raise UserError("；".join(failures), remedy="修正后重试；已登记的文件不会重复登记。", code=3)
    return outcome


def edition(run: Run, year: int | None, reason: str = "") -> dict[str, Any] | None:
    """Draft a year's edition; what an approver is shown (numbers of the district and ids of ours only), None when none is due."""
    from ..editions import run as editions

    year = year or editions.last_year(run.on)
    made = editions.draft(run, year, reason)
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


def _may_approve(user: str) -> None:
    """Raises UserError (code 4) for a user of Airflow who has no account that approves editions, where ``users.yml`` names people."""
    entry = account_of(user)
    if load_catalogue().users and (entry is None or entry.role not in APPROVERS):
        raise UserError(
            f"Airflow 用户 {user} 没有对应可批准定稿的工作台账号，未批准。",
            remedy="请在工作台的“待批准”页答复，或在 users.yml 中为其账号写明 airflow 后重新运行本任务。",
            code=4,
        )


def settle_edition(run: Run, drafted: dict[str, Any], answer: dict[str, Any]) -> None:
    """Book what the approver answered in Airflow: freeze the draft that was shown, or turn it down with the reason."""
    from ..editions import run as editions

    user = (answer.get("responded_by_user") or {}).get("name") or "Airflow"
    run, chosen = in_name_of(run, user), answer["chosen_options"]
    if chosen == [APPROVE]:
        _may_approve(user)
        editions.approve(run, drafted["edition_id"], drafted["content_hash"])
        editions.freeze(run, drafted["edition_id"])
    elif chosen == [REJECT]:
        editions.reject(run, drafted["edition_id"], (answer.get("params_input") or {}).get("reason") or "审批否决")
    else:
        raise UserError(f"不认识的审批答复：{chosen}。", remedy=f"只接受 {APPROVE} 或 {REJECT}。")


def attest(run: Run, dataset_id: str | None, start: str | None, end: str | None, reason: str) -> bool:
    """Book 零报送 from the form; False when it was booked before."""
    from ..collect.attest import attest as book

    if not dataset_id or not start or not end:
        raise UserError("请选择数据集并填写起止日期。", remedy="在表单中补全后重新提交。")
    return book(run, dataset_id, date.fromisoformat(start), date.fromisoformat(end), reason)


def seal(run: Run) -> dict[str, Any]:
    """Seal what was booked of evidence and send the roots; counts as booked."""
    from ..oversight.audit import seal as audit

    return audit.seal(run)


def sweep(run: Run) -> dict[str, int]:
    """Remove what processes that died have left in archive and vault, and close last month's partitions; how much of each.

    May run beside everything else.
    """
    from ..custody import sweep as leftovers
    from ..land import partitions

    with step(run, "owner", StepName.SWEEP) as record:
        at = now()
        counts = {"stray_objects": leftovers.stray_objects(at), "unreceived_objects": leftovers.unreceived_objects(at)}
        numbers = leftovers.unused_numbers(at)
        turned = partitions.turn_all(load_catalogue().kinds.values(), run.on)
        record.counts = counts | {"unused_numbers": numbers or 0, "partitions": len(turned)}
        record.message = (
            "清理残留：归档 {stray_objects} 个未登记的对象、{unreceived_objects} 个未成回执的对象，保险库 {unused_numbers} 个未用的号码；原始层 {partitions} 类换月".format(
                **record.counts
            )
            + ("；有批次正在入库，保险库下次再查" if numbers is None else "")
        )
        if not any(record.counts.values()):
            record.verdict = Verdict.NOTHING_DUE
        return record.counts
