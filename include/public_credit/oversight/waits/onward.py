"""What waits on the way out: approvals, records a receiver refused or left in doubt, differences found by reconciliation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from ...catalogue import Catalogue
from ...ledger import published, words
from ...ledger.states import UNDECIDED, ApprovalState, ReceiverEvent, ReleaseState, StepName, sql
from .item import DEPARTMENT, ENGINEER, LEADERSHIP, Item, Rank, about, owner_of

LATE = timedelta(days=1)  # the outbox is emptied every hour
LISTED = timedelta(days=30)  # how long a receipt that cannot be read is told
_RELEASES = f"select release_id, unusual, business_date from ledger.release where state = {sql(ReleaseState.WAITING)}"
_EDITIONS = f"select id, year, content_hash, business_date from ledger.edition where state in {sql(UNDECIDED)}"
_QUESTIONS = (
    f"select id, action, about, asked_by, business_date from ledger.approval where state = {sql(ApprovalState.WAITING)}"
)
_REJECTED = "select * from desk.outbox_rejected(:known)"
_UNSETTLED = "select * from desk.outbox_unsettled(:on, :stale, :late)"
_LEFT_OUT = f"""
    with done as (
        select id, business_date, message, coalesce((counts ->> 'left_out')::bigint, 0) as items from ledger.step
        where name = {sql(StepName.DELIVER)} and ended_at is not null),
    whole as (select coalesce(max(id), 0) as id from done where items = 0)
    select d.items, d.message, (select min(business_date) from done f, whole where f.id > whole.id) as since
    from done d where d.items > 0 and d.id = (select max(id) from done)"""
_UNREADABLE = f"""
    select sum(cast(counts ->> 'unreadable' as bigint)) as receipts, min(business_date) as since from ledger.step
    where name = {sql(StepName.RECEIPT)} and jsonb_exists(counts, 'unreadable') and business_date > :since having count(*) > 0"""
_DIFFERENCES = """
    with told as (select *, missing + surplus + differing > 0 as differs from ledger.reconciliation),
    agreed as (select receiver, max(id) filter (where not differs) as id from told group by 1)
    select distinct on (t.receiver) t.receiver, t.missing, t.surplus, t.differing, t.differs,
           (select min(business_date) from told b where b.receiver = t.receiver and b.id > coalesce(agreed.id, 0)) as since
    from told t join agreed using (receiver) order by t.receiver, t.id desc"""


def approvals(connection: Connection) -> Iterator[Item]:
    """Unusual releases, drafted editions, irreversible steps that a person has to approve or turn down."""
    for row in connection.execute(text(_RELEASES)):
        yield Item(
            f"release/{row.release_id}", "approval", Rank.STOPPED, LEADERSHIP,
            f"第 {row.release_id} 号变更单等待审批：{row.unusual}",
            f"public-credit release show {row.release_id} 核对，release approve 批准，有误的 release reject 否决", row.business_date,
        )  # fmt: skip
    for row in connection.execute(text(_EDITIONS)):
        yield Item(
            f"edition/{row.id}", "approval", Rank.STOPPED, LEADERSHIP,
            f"{row.year} 年度定稿第 {row.id} 号等待审批",
            f"在 Airflow 中批准或否决，或用 public-credit editions show {row.id}、editions approve", row.business_date,
        )  # fmt: skip
    for row in connection.execute(text(_QUESTIONS)):
        yield Item(
            f"approval/{row.id}", "approval", Rank.STOPPED, LEADERSHIP,
            f"第 {row.id} 号申请（{words.IRREVERSIBLE[row.action]}，{row.asked_by} 提出）等待另一人批准：{row.about}",
            f"public-credit approvals approve {row.id}，或 approvals reject {row.id}", row.business_date,
        )  # fmt: skip


def rejected(connection: Connection, catalogue: Catalogue) -> Iterator[Item]:
    """Records whose last word from a receiver is a refusal, by unit and code; a record that is gone asks for nobody."""
    known = published.ready(Session(connection))
    for row in connection.execute(text(_REJECTED), {"known": known}):
        yield Item(
            f"rejected/{row.receiver}/{row.interface}/{row.unit_id}/{row.receipt_code or ''}",
            "rejected",
            Rank.REJECTED,
            owner_of(DEPARTMENT, row.unit_id) if row.unit_id else ENGINEER,
            f"{_receiver(catalogue, row.receiver)}拒收{f' {about(catalogue, row.unit_id, None)} 的' if row.unit_id else ''} {row.records} 条"
            f"{catalogue.interface_name(row.interface)}：{row.receipt_code or ''} {row.said or ''}".rstrip("： "),
            "按回执更正后重报；一条记录的回执见 public-credit explain",
            row.since,
            row.unit_id,
        )


def unsettled(connection: Connection, catalogue: Catalogue, on: date, stale: datetime) -> Iterator[Item]:
    """Withdrawals past the term of the law, records of unknown outcome, an outbox that is not emptied."""
    given = {"on": on, "stale": stale, "late": stale - LATE}
    for row in connection.execute(text(_UNSETTLED), given):
        name = _receiver(catalogue, row.receiver)
        if row.late:
            yield Item(
                f"late_withdrawal/{row.receiver}", "late", Rank.TERM_PASSED, ENGINEER,
                f"{row.late} 条撤销决定已过法定时限仍未在{name}撤下", "运行 public-credit deliver，并电话告知接收方", row.due,
            )  # fmt: skip
        if row.doubtful:
            yield Item(
                f"doubt/{row.receiver}", "doubt", Rank.STOPPED, ENGINEER,
                f"{row.doubtful} 条报送{name}的结果不明，查询前不会重发", "运行 public-credit deliver（先查询再续报）", row.since,
            )  # fmt: skip
        if row.unsent:
            yield Item(
                f"unsent/{row.receiver}", "unsent", Rank.STOPPED, ENGINEER,
                f"{row.unsent} 条变更放行一天后仍未报送{name}", "运行 public-credit deliver", row.since,
            )  # fmt: skip


def left_out(connection: Connection) -> Iterator[Item]:
    """Records the newest delivery left out, as the vault does not give their numbers."""
    for row in connection.execute(text(_LEFT_OUT)):
        yield Item(
            "left_out/", "left_out", Rank.STOPPED, ENGINEER,
            f"{row.items} 条记录的号码在保险库中取不出，未报送（{row.message}）",
            "运行 public-credit doctor 核对密钥；号码确已不在保险库的，从备份恢复，或请来源单位重报这些记录；之后运行 public-credit deliver",
            row.since,
        )  # fmt: skip


def unreadable(connection: Connection, on: date) -> Iterator[Item]:
    """Later receipts nobody can read: nothing ends them but time, what they said stays in the ledger."""
    for row in connection.execute(text(_UNREADABLE), {"since": on - LISTED}):
        yield Item(
            "unreadable/", "unreadable", Rank.NOT_TAKEN, ENGINEER, f"市平台的 {row.receipts} 条后续回执无法识别，原文留在台账",
            f"见 ledger.receiver_event 中事件为 {ReceiverEvent.UNREADABLE} 的行；请市平台核对接口并重发", row.since,
        )  # fmt: skip


def differences(connection: Connection, catalogue: Catalogue) -> Iterator[Item]:
    """Receivers whose newest reconciliation found differences."""
    for row in connection.execute(text(_DIFFERENCES)):
        if row.differs:
            yield Item(
                f"reconciliation/{row.receiver}", "differs", Rank.STOPPED, ENGINEER,
                f"最近一次对账有差异：{_receiver(catalogue, row.receiver)}缺 {row.missing}，多 {row.surplus}，版本不同 {row.differing}",
                "public-credit reconcile --list 列出差异，用 public-credit explain 逐条核对", row.since,
            )  # fmt: skip


def _receiver(catalogue: Catalogue, receiver_id: str) -> str:
    receiver = catalogue.receivers.get(receiver_id)
    return receiver.title if receiver else receiver_id
