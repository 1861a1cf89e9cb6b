"""What asks for somebody now, read from the ledger: collections, batches, signals, corrections, silence."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, text

from ..base import settings
from ..base.run import now
from ..catalogue import Catalogue, load_catalogue
from ..gate.corrections import WAITING
from ..identifiers import persons
from ..ledger import words
from ..ledger.states import GOOD, NOT_BACK, OUT_OF_THE_WAY, AttemptState, BatchState, StepName, Verdict, sql
from .district import mistakes

STALE = timedelta(hours=3)
TOLD_ELSEWHERE = [StepName.COLLECT, StepName.RECEIVE, StepName.GATE, StepName.GATE_RUN, StepName.ALERT, StepName.ATTEST]

COLLECTIONS = f"""
    select distinct on (dataset_id) dataset_id, unit_id, verdict, message, owner, ended_at is null as unended
    from ledger.step
    where name = {sql(StepName.COLLECT)} and dataset_id is not null and (ended_at is not null or started_at < :stale)
    order by dataset_id, id desc"""
BATCHES = f"""
    select b.seq, b.unit_id, b.dataset_id, b.file_name, b.state, b.message, b.current_attempt,
           (select g.owner from ledger.gate_result g
            where g.batch_seq = b.seq and g.attempt = b.current_attempt and not g.success
              and g.severity = 'critical' and g.owner <> '' order by g.expectation_id limit 1) as owner
    from ledger.batch b
    where b.state in {sql((BatchState.HELD, BatchState.FAILED))} or b.state = {sql(BatchState.BROKEN)} and not exists (
        select from ledger.batch n where n.dataset_id = b.dataset_id and n.business_date > b.business_date
          and n.state in {sql(GOOD)})
    order by b.seq"""
NOT_LANDED = f"""
    select distinct on (b.seq) b.seq, b.unit_id, b.dataset_id, b.file_name, s.message,
           s.ended_at is null as unended
    from ledger.batch b join ledger.step s on s.batch_seq = b.seq and s.name = {sql(StepName.LAND)}
    where b.state = {sql(BatchState.RECEIVED)} and s.verdict in {sql((Verdict.FAILED, Verdict.INCOMPLETE))}
      and (s.ended_at is not null or s.started_at < :stale)
    order by b.seq, s.id desc"""
NOT_JUDGED = f"""
    select * from (
        select distinct on (s.name, s.batch_seq) s.name, s.batch_seq as seq, s.verdict, s.message, b.unit_id, b.dataset_id,
               b.file_name, b.state, a.followed_up_at
        from ledger.step s join ledger.batch b on b.seq = s.batch_seq
        left join ledger.attempt a on a.batch_seq = b.seq and a.attempt = b.current_attempt
        where s.name in {sql((StepName.GATE, StepName.FOLLOW_UP))} order by s.name, s.batch_seq, s.id desc) latest
    where verdict = {sql(Verdict.FAILED)} and (name = {sql(StepName.GATE)} and state = {sql(AttemptState.LANDED)} or name = {sql(StepName.FOLLOW_UP)} and followed_up_at is null
                                  and state in {sql(GOOD)})
    order by seq, name"""
SIGNALS = f"""
    select b.unit_id, b.dataset_id, g.code, g.subject, g.owner, min(g.message) as message
    from ledger.signal g join ledger.batch b on b.seq = g.batch_seq
    where b.seq = (select max(n.seq) from ledger.batch n
                   where n.dataset_id = b.dataset_id and n.state not in {sql((BatchState.RECEIVED, BatchState.BROKEN, *OUT_OF_THE_WAY))})
      and g.attempt = (select max(a.attempt) from ledger.attempt a
                       where a.batch_seq = b.seq and a.state <> {sql(AttemptState.FAILED)})
    group by 1, 2, 3, 4, 5 order by 2, 3, 4"""
QUARANTINE = f"""
    select q.batch_seq, q.unit_id, q.dataset_id, b.file_name, count(*) as rows
    from ledger.quarantine q join ledger.batch b on b.seq = q.batch_seq
    where q.state in {sql(NOT_BACK)} group by 1, 2, 3, 4 order by 1"""
UNDECIDED = f"""
    select c.batch_seq, b.unit_id, b.dataset_id, b.file_name, count(*) as rows from {WAITING} group by 1, 2, 3, 4 order by 1"""
LAST_SIGNS = f"""
    select s.dataset_id, greatest(
        (select max(b.business_date) from ledger.batch b where b.dataset_id = s.dataset_id),
        (select max(a.period_to) from ledger.attestation a
         where a.dataset_id = s.dataset_id and a.superseded_by is null)) as last_sign
    from ledger.step s
    where s.name = {sql(StepName.COLLECT)} and s.verdict in {sql((Verdict.OK, Verdict.NOTHING_DUE, Verdict.WARNING, Verdict.INCOMPLETE))}
      and s.dataset_id is not null and s.ended_at is not null
    group by 1"""
STEPS = """
    select distinct on (name, unit_id) name, unit_id, verdict, message, owner, ended_at is null as unended
    from ledger.step
    where name <> all(:elsewhere) and batch_seq is null and (ended_at is not null or started_at < :stale)
    order by name, unit_id, id desc"""


@dataclass(frozen=True)
class Item:
    """One thing somebody has to do. ``fingerprint`` stays the same while it is the same thing."""

    fingerprint: str
    owner: str
    message: str
    unit_id: str = ""


def owner_name(catalogue: Catalogue, owner: str) -> str:
    """An owner as people call it."""
    kind, _, unit_id = owner.partition(":")
    if kind == "department":
        return catalogue.unit_name(unit_id)
    return {"data_engineer": "数据管理员", "leadership": "分管领导", "city": "市平台"}.get(kind, kind)


def _owner(kind: str | None, unit_id: str | None) -> str:
    return f"department:{unit_id}" if kind == "department" and unit_id else (kind or "data_engineer")


def _subject(catalogue: Catalogue, unit_id: str | None, dataset_id: str | None) -> str:
    dataset = catalogue.datasets.get(dataset_id or "")
    names = [catalogue.unit_name(unit_id) if unit_id else None, dataset.title if dataset else dataset_id]
    return " · ".join(name for name in names if name)


class Facts:
    """Reads the ledger once and says what asks for somebody."""

    def __init__(self, connection: Connection, catalogue: Catalogue, on: date):
        self._connection, self._catalogue, self._on = connection, catalogue, on
        self._stale = now() - STALE

    def _named(self, row: object, *, batch: int | None = None) -> str:
        subject = _subject(self._catalogue, row.unit_id, row.dataset_id)  # type: ignore[attr-defined]
        return f"{subject}，批次 {batch}（{row.file_name}）" if batch else subject  # type: ignore[attr-defined]

    def collections(self) -> Iterable[Item]:
        """Datasets whose latest collection failed, was interrupted or left something behind."""
        for row in self._connection.execute(text(COLLECTIONS), {"stale": self._stale}):
            if row.verdict not in (Verdict.FAILED, Verdict.INCOMPLETE, Verdict.WARNING):
                continue
            message = "采集任务中断，未写明结果" if row.unended else row.message
            same = re.sub(r"\d+", "", message) if row.verdict == Verdict.FAILED else message
            yield Item(
                f"collect/{row.dataset_id}/{row.verdict}/{same}",
                _owner(row.owner, row.unit_id),
                f"{self._named(row)}：{message}",
                row.unit_id or "",
            )

    def batches(self) -> Iterable[Item]:
        """Batches that were held, could not be read, or could not be landed, judged or followed up for a reason of ours."""
        for row in self._connection.execute(text(BATCHES)):
            owner = _owner(
                {BatchState.BROKEN: "department", BatchState.FAILED: "data_engineer"}.get(row.state, row.owner),
                row.unit_id,
            )
            yield Item(
                f"batch/{row.seq}/{row.state}/{row.current_attempt}",
                owner,
                f"{self._named(row, batch=row.seq)}：{row.message}",
                row.unit_id,
            )
        for row in self._connection.execute(text(NOT_LANDED), {"stale": self._stale}):
            message = "入库任务中断，未写明结果" if row.unended else row.message
            yield Item(
                f"land/{row.seq}",
                "data_engineer",
                f"{self._named(row, batch=row.seq)}：未能入库，{message}",
                row.unit_id,
            )
        for row in self._connection.execute(text(NOT_JUDGED)):
            yield Item(
                f"{row.name}/{row.seq}",
                "data_engineer",
                f"{self._named(row, batch=row.seq)}：{words.STEP[row.name]}未完成，{row.message}",
                row.unit_id,
            )

    def signals(self) -> Iterable[Item]:
        """What the newest readable delivery of a dataset brought besides what was agreed."""
        for row in self._connection.execute(text(SIGNALS)):
            yield Item(
                f"signal/{row.dataset_id}/{row.code}/{row.subject}",
                _owner(row.owner, row.unit_id),
                f"{self._named(row)}：{row.message}",
            )

    def corrections(self) -> Iterable[Item]:
        """Batches with rows that wait for correction, and with rows of which a person must say what they correct."""
        for row in self._connection.execute(text(QUARANTINE)):
            yield Item(
                f"quarantine/{row.batch_seq}",
                _owner("department", row.unit_id),
                f"{self._named(row, batch=row.batch_seq)}：{row.rows} 行待更正，见退回单",
            )
        for row in self._connection.execute(text(UNDECIDED)):
            yield Item(
                f"correction/{row.batch_seq}",
                "data_engineer",
                f"{self._named(row, batch=row.batch_seq)}：{row.rows} 行是不是更正须由人认定，见 public-credit corrections",
                row.unit_id,
            )

    def district(self) -> Iterable[Item]:
        """Files of the district with a mistake."""
        for mistake in mistakes(self._catalogue):
            yield Item(f"district/{mistake.file}/{mistake.text}", "data_engineer", mistake.text, mistake.unit_id)

    def silence(self) -> Iterable[Item]:
        """Datasets whose unit neither delivered nor attested within their cadence, though we asked."""
        seen = {row.dataset_id: row.last_sign for row in self._connection.execute(text(LAST_SIGNS))}
        for dataset in self._catalogue.datasets.values():
            if dataset.channel.type == "hand_in" or dataset.id not in seen or dataset.unit in self._catalogue.stale:
                continue
            last, live_on = seen[dataset.id], self._catalogue.district.live_on(dataset.id)
            if live_on and live_on > self._on:
                continue
            if last is not None and self._on - last <= timedelta(days=dataset.cadence_days):
                continue
            said = f"自 {last} 起未报送（约定不超过 {dataset.cadence_days} 天）" if last else "从未报送"
            yield Item(
                f"silent/{dataset.id}/{last or ''}",
                _owner("department", dataset.unit),
                f"{_subject(self._catalogue, dataset.unit, dataset.id)}：{said}，请报送或作零报送说明",
            )

    def steps(self, units_told: set[str]) -> Iterable[Item]:
        """Other steps whose latest outcome asks for somebody: failed, held, warning, or interrupted."""
        for row in self._connection.execute(text(STEPS), {"elsewhere": TOLD_ELSEWHERE, "stale": self._stale}):
            if row.verdict not in (Verdict.FAILED, Verdict.HELD, Verdict.WARNING, Verdict.INCOMPLETE):
                continue
            if row.name == "collect_unit" and row.unit_id in units_told:
                continue
            message = "任务中断，未写明结果" if row.unended else row.message
            unit = _subject(self._catalogue, row.unit_id, None)
            same = re.sub(r"\d+", "", message)
            yield Item(
                f"step/{row.name}/{row.unit_id or ''}/{row.verdict}/{same}",
                _owner(row.owner, row.unit_id),
                f"{words.STEP.get(row.name, row.name)}{f'（{unit}）' if unit else ''}：{message}",
            )


def items(on: date) -> list[Item]:
    """Everything that asks for somebody, in the order in which it would be told, free of persons' numbers."""
    catalogue = load_catalogue()
    with settings.engine("collector").connect() as connection:
        facts = Facts(connection, catalogue, on)
        first = [*facts.collections(), *facts.batches()]
        found = [*facts.district(), *first, *facts.signals(), *facts.corrections(), *facts.silence()]
        found += facts.steps({item.unit_id for item in first})
    clean = [Item(persons.mask(item.fingerprint), item.owner, persons.mask(item.message)) for item in found]
    return list({item.fingerprint: item for item in clean}.values())
