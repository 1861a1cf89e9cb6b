"""What waits on the way in: collections, receipts, columns nobody agreed on, units that are silent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from ...catalogue import Catalogue
from ...collect.base import UNMATCHED
from ...land import withdrawn
from ...ledger import words
from ...ledger.states import GOOD, OUT_OF_THE_WAY, AttemptState, BatchState, StepName, Verdict, sql
from .item import DEPARTMENT, ENGINEER, Item, Rank, about, owner_of

_UNDONE = (BatchState.FAILED, "not_landed", "not_judged")
_FINE = (Verdict.OK, Verdict.NOTHING_DUE)
_COLLECTIONS = f"""
    with asked as (
        select * from ledger.step
        where name = {sql(StepName.COLLECT)} and dataset_id is not null and (ended_at is not null or started_at < :stale)),
    fine as (select dataset_id, max(id) filter (where verdict in {sql(_FINE)}) as id from asked group by 1),
    since as (
        select a.dataset_id, min(a.business_date) as since from asked a join fine using (dataset_id)
        where a.id > coalesce(fine.id, 0) group by 1)
    select distinct on (a.dataset_id) a.dataset_id, a.unit_id, a.verdict, a.message, a.owner, a.ended_at is null as unended,
           coalesce(since.since, a.business_date) as since, coalesce((a.counts ->> 'unmatched')::int, 0) as unmatched
    from asked a left join since using (dataset_id) order by a.dataset_id, a.id desc"""
# A broken file is made good by one of the same name, or by a later roster: that is everything again.
_STOPPED = f"""
    select b.seq, b.unit_id, b.dataset_id, b.file_name, b.state, b.message, b.business_date as since,
           (select g.owner from ledger.gate_result g
            where g.batch_seq = b.seq and g.attempt = b.current_attempt and not g.success
              and g.severity = 'critical' and g.owner <> '' order by g.expectation_id limit 1) as owner
    from ledger.batch b
    where b.state in {sql((BatchState.HELD, BatchState.FAILED))} or b.state = {sql(BatchState.BROKEN)} and not exists (
        select from ledger.batch n where n.dataset_id = b.dataset_id and n.seq > b.seq and n.state in {sql(GOOD)}
          and (n.file_name = b.file_name or n.delivery_mode = 'full_snapshot' and n.business_date > b.business_date))"""
_WAITING = f"""
    select b.seq, b.unit_id, b.dataset_id, b.file_name, b.state, b.business_date as since, s.message, s.ended_at is null as unended,
           s.verdict is not null as tried
    from ledger.batch b left join lateral (
        select * from ledger.step where batch_seq = b.seq and name in {sql((StepName.LAND, StepName.GATE))} order by id desc limit 1) s
      on s.verdict in {sql((Verdict.FAILED, Verdict.INCOMPLETE))} and (s.ended_at is not null or s.started_at < :stale)
    where b.state in {sql((BatchState.RECEIVED, BatchState.LANDED))} and (s.verdict is not null or b.received_at < :stale)"""
_NOT_FOLLOWED_UP = f"""
    select b.seq, b.unit_id, b.dataset_id, b.file_name, b.business_date as since, s.message
    from ledger.batch b join ledger.attempt a on a.batch_seq = b.seq and a.attempt = b.current_attempt
    join lateral (select * from ledger.step where batch_seq = b.seq and name = {sql(StepName.FOLLOW_UP)} order by id desc limit 1) s
      on s.verdict = {sql(Verdict.FAILED)}
    where a.followed_up_at is null and a.state = {sql(AttemptState.GATED)} and b.state in {sql(GOOD)}"""
_SIGNALS = f"""
    select b.unit_id, b.dataset_id, g.code, g.subject, g.owner, min(g.message) as message, min(b.business_date) as since
    from ledger.signal g join ledger.batch b on b.seq = g.batch_seq
    where b.seq = (select max(n.seq) from ledger.batch n
                   where n.dataset_id = b.dataset_id and n.state not in {sql((BatchState.RECEIVED, BatchState.BROKEN, *OUT_OF_THE_WAY))})
      and g.attempt = (select max(a.attempt) from ledger.attempt a
                       where a.batch_seq = b.seq and a.state <> {sql(AttemptState.FAILED)})
    group by 1, 2, 3, 4, 5"""
_LAST_SIGNS = f"""
    select s.dataset_id, min(s.business_date) as asked, greatest(
        (select max(b.business_date) from ledger.batch b where b.dataset_id = s.dataset_id),
        (select max(a.period_to) from ledger.attestation a
         where a.dataset_id = s.dataset_id and a.superseded_by is null)) as last_sign
    from ledger.step s
    where s.name = {sql(StepName.COLLECT)} and s.verdict in {sql((*_FINE, Verdict.WARNING, Verdict.INCOMPLETE))}
      and s.dataset_id is not null and s.ended_at is not null
    group by 1"""


def collections(connection: Connection, catalogue: Catalogue, stale: datetime) -> Iterator[Item]:
    """Datasets whose latest collection failed, was interrupted or left something behind; files no pattern wants.

    One that left the catalogue is collected no more: nobody can end what its last collection left.
    """
    for row in connection.execute(text(_COLLECTIONS), {"stale": stale}):
        dataset = catalogue.datasets.get(row.dataset_id)
        if dataset is None:
            continue
        named = about(catalogue, row.unit_id, row.dataset_id)
        if row.unmatched:
            said = next((part for part in row.message.split("；") if part.startswith(UNMATCHED)), UNMATCHED)
            yield Item(
                f"unmatched/{row.dataset_id}", "unmatched", Rank.NOTICE, ENGINEER, f"{named}：{said}",
                "请来源单位改文件名，或在目录中补充文件名模式", row.since, row.unit_id or "", row.dataset_id,
            )  # fmt: skip
        if row.verdict in _FINE:
            continue
        owner = owner_of(row.owner, row.unit_id)
        if row.verdict == Verdict.WARNING and owner == ENGINEER:
            act = "见采集说明；归档受损的先从备份恢复归档对象，再采集；查明用 public-credit audit verify"
        elif row.verdict == Verdict.WARNING:
            act = "见采集说明；拒收的内容请来源单位不再报送"
        elif dataset.channel.type == "hand_in":
            act = f"检查文件后重新登记：public-credit ingest {row.dataset_id} --file <文件>"
        elif owner.startswith(DEPARTMENT):
            act = f"请来源单位恢复服务或补齐文件；之后运行 public-credit collect {row.unit_id}"
        else:
            act = f"用 public-credit probe {row.dataset_id} 检查连接；之后运行 public-credit collect {row.unit_id}"
        yield Item(
            f"collection/{row.dataset_id}",
            row.verdict,
            (Rank.OUR_FAULT if owner == ENGINEER else Rank.NOTICE)
            if row.verdict == Verdict.WARNING
            else Rank.NOT_TAKEN,
            owner,
            f"{named}：{'采集任务中断，未写明结果' if row.unended else row.message}",
            act,
            row.since,
            row.unit_id or "",
            row.dataset_id,
        )


def receipts(connection: Connection, catalogue: Catalogue, stale: datetime) -> Iterator[Item]:
    """Receipts that are held, unreadable, in error, or that nobody landed, judged or followed up."""
    for row in connection.execute(text(_STOPPED)):
        rank, owner, act = {
            BatchState.HELD: (
                Rank.STOPPED, owner_of(row.owner, row.unit_id),
                f"核对原因：有误的请来源单位重报并 public-credit batches set-aside {row.seq}；无误的 public-credit waive 并写明理由",
            ),
            BatchState.BROKEN: (
                Rank.NOT_TAKEN, owner_of(DEPARTMENT, row.unit_id),
                f"请来源单位重报；之后 public-credit batches set-aside {row.seq}",
            ),
            BatchState.FAILED: (Rank.OUR_FAULT, ENGINEER, f"修正后 public-credit replay {row.seq}"),
        }[row.state]  # fmt: skip
        yield _of_batch(catalogue, row, row.state, rank, owner, row.message, act)
    for row in connection.execute(text(_WAITING), {"stale": stale}):
        landing = row.state == BatchState.RECEIVED
        if row.tried:
            said = f"{'入库' if landing else '裁决'}任务中断，未写明结果" if row.unended else row.message
            said, rank = f"未能{'入库' if landing else '裁决'}，{said}", Rank.OUR_FAULT
        else:
            said, rank = f"{words.BATCH[row.state]}，等待{'入库' if landing else '裁决'}", Rank.NOT_TAKEN
        yield _of_batch(
            catalogue, row, f"not_{'landed' if landing else 'judged'}", rank, ENGINEER, said, "运行 public-credit gate"
        )
    for row in connection.execute(text(_NOT_FOLLOWED_UP)):
        said = f"{words.STEP[StepName.FOLLOW_UP]}未完成，{row.message}"
        yield _of_batch(
            catalogue, row, "not_followed_up", Rank.OUR_FAULT, ENGINEER, said, "修正后运行 public-credit gate"
        )


def landed_again(opened: Session, catalogue: Catalogue) -> Iterator[Item]:
    """Accepted receipts that should say by themselves what a withdrawn one said, and wait for a person: their rows count for nobody meanwhile."""
    for row in withdrawn.due(opened):
        if not row.stuck:
            continue
        why = withdrawn.WHY.get(row.stuck, row.message or "入库任务中断")
        rank, owner, act = {
            withdrawn.PURGED: (Rank.STOPPED, ENGINEER, "请来源单位重新报送其余各行；之后"),
            withdrawn.RETIRED: (Rank.STOPPED, ENGINEER, "恢复目录中的数据集后运行 public-credit gate；不再需要的"),
            withdrawn.HELD: (
                Rank.STOPPED, owner_of(row.owner, row.unit_id),
                f"核对原因：无误的 public-credit waive 并写明理由，再 public-credit replay {row.seq}；有误的请来源单位重报并",
            ),
            withdrawn.FAILED: (Rank.OUR_FAULT, ENGINEER, f"修正后 public-credit replay {row.seq}；不再需要的"),
        }[row.stuck]  # fmt: skip
        named = f"{about(catalogue, row.unit_id, row.dataset_id)}，批次 {row.seq}（{row.file_name}）"
        yield Item(
            f"again/{row.seq}", f"again_{row.stuck}", rank, owner,
            f"{named}：其中与已撤回的批次 {row.withdrawn} 重复的行须重新入库，尚未计入：{why}",
            f"{act} public-credit batches withdraw {row.seq}", row.since, row.unit_id, row.dataset_id,
        )  # fmt: skip


def _of_batch(catalogue: Catalogue, row: Any, state: str, rank: Rank, owner: str, said: str, act: str) -> Item:
    seq, unit_id, dataset_id = row.seq, row.unit_id, row.dataset_id
    named = f"{about(catalogue, unit_id, dataset_id)}，批次 {seq}（{row.file_name}）"
    if dataset_id not in catalogue.datasets and state in _UNDONE:
        act = f"数据集已不在目录，不再处理：public-credit batches set-aside {seq}"
    return Item(f"batch/{seq}", state, rank, owner, f"{named}：{said}", act, row.since, unit_id, dataset_id)


def signals(connection: Connection, catalogue: Catalogue) -> Iterator[Item]:
    """What the newest readable delivery of a dataset of the catalogue brought besides what was agreed."""
    for row in connection.execute(text(_SIGNALS)):
        if row.dataset_id not in catalogue.datasets:
            continue
        yield Item(
            f"signal/{row.dataset_id}/{row.code}/{row.subject}", "signal", Rank.NOTICE, owner_of(row.owner, row.unit_id),
            f"{about(catalogue, row.unit_id, row.dataset_id)}：{row.message}", "请来源单位改正，或在目录中登记该列", row.since,
            row.unit_id, row.dataset_id,
        )  # fmt: skip


def silence(connection: Connection, catalogue: Catalogue, on: date) -> Iterator[Item]:
    """Datasets whose unit neither delivered nor attested within their cadence, though we asked."""
    seen = {row.dataset_id: (row.last_sign, row.asked) for row in connection.execute(text(_LAST_SIGNS))}
    for dataset in catalogue.datasets.values():
        if dataset.channel.type == "hand_in" or dataset.id not in seen or dataset.unit in catalogue.stale:
            continue
        (last, asked), live_on = seen[dataset.id], catalogue.district.live_on(dataset.id)
        if live_on and live_on > on:
            continue
        if last is not None and on - last <= timedelta(days=dataset.cadence_days):
            continue
        said = f"自 {last} 起未报送（约定不超过 {dataset.cadence_days} 天）" if last else "从未报送"
        yield Item(
            f"silent/{dataset.id}", "silent", Rank.OVERDUE, owner_of(DEPARTMENT, dataset.unit),
            f"{about(catalogue, dataset.unit, dataset.id)}：{said}，请报送或作零报送说明",
            f"催报；确无数据的登记零报送：public-credit attest {dataset.id}", last or live_on or asked, dataset.unit, dataset.id,
        )  # fmt: skip
