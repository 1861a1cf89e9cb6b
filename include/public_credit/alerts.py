"""One rolled-up alert per run: what is new and what is settled, by owner; silent for what was told before.

Read from outcomes only (steps, batches, quarantine), remembered in ``ledger.alert``. An alert that could
not be sent is not remembered as told, so the next run tells it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, text, update
from sqlalchemy.dialects.postgresql import insert

from . import settings
from .alert_transport import send
from .catalogue import Catalogue, load_catalogue
from .ledger.models import Alert
from .ledger.session import lock, session, step

STALE = timedelta(hours=3)
OWN_WORDS = {
    "collect": "采集",
    "collect_unit": "采集",
    "land": "入库",
    "gate_run": "质量关卡",
    "build": "数仓构建",
    "release": "变更单",
    "deliver": "报送",
    "receipts": "取回执",
    "reconcile": "对账",
}
TOLD_ELSEWHERE = ("collect", "receive", "gate", "gate_run", "alert", "attest")


@dataclass(frozen=True)
class Item:
    """One thing somebody has to do. ``fingerprint`` stays the same while it is the same thing."""

    fingerprint: str
    owner: str
    message: str


@dataclass
class Told:
    """What an alert said."""

    new: list[Item] = field(default_factory=list)
    settled: list[Item] = field(default_factory=list)
    standing: int = 0
    sent: bool = False


def _owner(kind: str | None, unit_id: str | None) -> str:
    return f"department:{unit_id}" if kind == "department" and unit_id else (kind or "data_engineer")


def _subject(catalogue: Catalogue, unit_id: str | None, dataset_id: str | None) -> str:
    unit, dataset = catalogue.units.get(unit_id or ""), catalogue.datasets.get(dataset_id or "")
    names = [unit.name if unit else unit_id, dataset.title if dataset else dataset_id]
    return " · ".join(name for name in names if name)


def _owner_name(catalogue: Catalogue, owner: str) -> str:
    kind, _, unit_id = owner.partition(":")
    if kind == "department":
        unit = catalogue.units.get(unit_id)
        return unit.name if unit else unit_id
    return {"data_engineer": "数据管理员", "leadership": "分管领导", "city": "市平台"}.get(kind, kind)


def _collections(connection: Connection, catalogue: Catalogue) -> Iterable[Item]:
    """Datasets whose latest collection failed, was interrupted or left something behind."""
    for row in connection.execute(
        text("""
            select distinct on (dataset_id) dataset_id, unit_id, verdict, message, owner, ended_at is null
            as unended from ledger.step where name = 'collect' and dataset_id is not null and (ended_at is
            not null or started_at < :stale)
            order by dataset_id, id desc"""),
        {"stale": datetime.now(UTC) - STALE},
    ):
        if row.verdict not in ("failed", "incomplete", "warning"):
            continue
        message = "采集任务中断，未写明结果" if row.unended else row.message
        same = re.sub(r"\d+", "", message) if row.verdict == "failed" else message
        yield Item(
            f"collect/{row.dataset_id}/{row.verdict}/{same}",
            _owner(row.owner, row.unit_id),
            f"{_subject(catalogue, row.unit_id, row.dataset_id)}：{message}",
        )


def _batches(connection: Connection, catalogue: Catalogue) -> Iterable[Item]:
    """Batches that were held or could not be read."""
    for row in connection.execute(
        text("""
            select b.seq, b.unit_id, b.dataset_id, b.file_name, b.state, b.message, b.current_attempt,
                   (select g.owner from ledger.gate_result g
                    where g.batch_seq = b.seq and g.attempt = b.current_attempt and not g.success
                      and g.severity = 'critical' and g.owner <> '' order by g.expectation_id limit 1) as
                      owner
            from ledger.batch b where b.state in ('held', 'broken') order by b.seq""")
    ):
        owner = "department" if row.state == "broken" else row.owner or "data_engineer"
        yield Item(
            f"batch/{row.seq}/{row.state}/{row.current_attempt}",
            _owner(owner, row.unit_id),
            f"{_subject(catalogue, row.unit_id, row.dataset_id)}，批次 {row.seq}（{row.file_name}）：{row.message}",
        )


def _quarantine(connection: Connection, catalogue: Catalogue) -> Iterable[Item]:
    """Batches with rows that wait for correction."""
    for row in connection.execute(
        text("""
            select q.batch_seq, q.unit_id, q.dataset_id, b.file_name, count(*) as rows
            from ledger.quarantine q join ledger.batch b on b.seq = q.batch_seq
            where q.state in ('open', 'returned') group by 1, 2, 3, 4 order by 1""")
    ):
        yield Item(
            f"quarantine/{row.batch_seq}",
            _owner("department", row.unit_id),
            f"{_subject(catalogue, row.unit_id, row.dataset_id)}，批次 {row.batch_seq}（{row.file_name}）："
            f"{row.rows} 行待更正，见退回单",
        )


def _silent(connection: Connection, catalogue: Catalogue, on: date) -> Iterable[Item]:
    """Datasets whose unit neither delivered nor attested within their cadence, though we asked."""
    seen = {
        row.dataset_id: row.last_sign
        for row in connection.execute(
            text("""
        select s.dataset_id, greatest(
                 (select max(b.business_date) from ledger.batch b where b.dataset_id = s.dataset_id),
                 (select max(a.period_to) from ledger.attestation a where a.dataset_id = s.dataset_id)) as
                 last_sign from ledger.step s where s.name = 'collect' and s.verdict in ('ok',
                 'nothing_due', 'warning', 'incomplete')
          and s.dataset_id is not null and s.ended_at is not null group by 1""")
        )
    }
    for dataset in catalogue.datasets.values():
        if dataset.channel.type == "hand_in" or dataset.id not in seen:
            continue
        last = seen[dataset.id]
        if last is None:
            said = "从未报送，请报送或作零报送说明"
        elif on - last > timedelta(days=dataset.cadence_days):
            said = f"自 {last} 起未报送（约定不超过 {dataset.cadence_days} 天），请报送或作零报送说明"
        else:
            continue
        yield Item(
            f"silent/{dataset.id}/{last or ''}",
            _owner("department", dataset.unit),
            f"{_subject(catalogue, dataset.unit, dataset.id)}：{said}",
        )


def _steps(connection: Connection, catalogue: Catalogue, units_told: set[str]) -> Iterable[Item]:
    """Other steps whose latest outcome asks for somebody: failed, held, warning, or interrupted."""
    for row in connection.execute(
        text("""
            select distinct on (name, unit_id, dataset_id, batch_seq) name, unit_id, dataset_id, batch_seq,
            verdict, message, owner, ended_at is null as unended from ledger.step where name <>
            all(:elsewhere) and (ended_at is not null or started_at < :stale)
            order by name, unit_id, dataset_id, batch_seq, id desc"""),
        {"elsewhere": list(TOLD_ELSEWHERE), "stale": datetime.now(UTC) - STALE},
    ):
        if row.verdict not in ("failed", "held", "warning", "incomplete"):
            continue
        if row.name == "collect_unit" and row.unit_id in units_told:
            continue
        message = "任务中断，未写明结果" if row.unended else row.message
        what = _subject(catalogue, row.unit_id, row.dataset_id)
        batch = f"，批次 {row.batch_seq}" if row.batch_seq else ""
        yield Item(
            f"step/{row.name}/{row.unit_id or ''}/{row.dataset_id or ''}/{row.batch_seq or ''}/{row.verdict}/"
            + re.sub(r"\d+", "", message),
            _owner(row.owner, row.unit_id),
            f"{OWN_WORDS.get(row.name, row.name)}{f'（{what}{batch}）' if what or batch else ''}：{message}",
        )


def items(on: date) -> list[Item]:
    """Everything that asks for somebody now, in the order in which it would be told."""
    catalogue = load_catalogue()
    with settings.engine("collector").connect() as connection:
        collections = list(_collections(connection, catalogue))
        told = {
            catalogue.datasets[item.fingerprint.split("/")[1]].unit
            for item in collections
            if item.fingerprint.split("/")[1] in catalogue.datasets
        }
        found = [
            *collections,
            *_batches(connection, catalogue),
            *_quarantine(connection, catalogue),
            *_silent(connection, catalogue, on),
            *_steps(connection, catalogue, told),
        ]
    return list({item.fingerprint: item for item in found}.values())


def wording(told: Told, on: date) -> str:
    """The alert's text: by owner, then what is settled."""
    catalogue = load_catalogue()
    lines = [
        f"公共信用数据 {on} 运行提醒",
        f"新增 {len(told.new)} 项，已解决 {len(told.settled)} 项，持续 {told.standing} 项（不再重复）",
    ]
    for owner in dict.fromkeys(item.owner for item in told.new):
        lines += [
            "",
            f"【{_owner_name(catalogue, owner)}】",
            *(f"- {item.message}" for item in told.new if item.owner == owner),
        ]
    if told.settled:
        lines += ["", "【已解决】", *(f"- {item.message}" for item in told.settled)]
    return "\n".join(lines) + "\n"


def _masked(found: list[Item]) -> list[Item]:
    """Items as they may leave the house: file names and messages can hold a number that must not."""
    from . import scan

    return [Item(scan.mask(item.fingerprint), item.owner, scan.mask(item.message)) for item in found]


def _compare(found: list[Item], known: dict[str, Any]) -> Told:
    standing = {name for name, row in known.items() if row.told_at is not None and row.settled_at is None}
    current = {item.fingerprint for item in found}
    settled = [
        Item(name, known[name].owner, known[name].message) for name in known if name in standing - current
    ]
    new = [item for item in found if item.fingerprint not in standing]
    return Told(new, settled, len(current & standing))


def _remember(told: Told, found: list[Item], on: date) -> None:
    now = datetime.now(UTC)
    with session("collector") as opened:
        for item in told.new:
            values = {
                "owner": item.owner,
                "message": item.message,
                "first_on": on,
                "last_on": on,
                "told_at": now,
                "settled_at": None,
            }
            opened.execute(
                insert(Alert)
                .values(fingerprint=item.fingerprint, **values)
                .on_conflict_do_update(index_elements=[Alert.fingerprint], set_=values)
            )
        opened.execute(
            update(Alert)
            .where(Alert.fingerprint.in_([item.fingerprint for item in found]))
            .values(last_on=on)
        )
        opened.execute(
            update(Alert)
            .where(Alert.fingerprint.in_([item.fingerprint for item in told.settled]))
            .values(settled_at=now)
        )


def tell(on: date) -> Told:
    """Send one alert with what is new and settled since the last one; nothing when there is neither."""
    with step("collector", "alert", business_date=on) as record:
        with session("collector") as held:
            lock(held, "alert")
            found = _masked(items(on))
            told = _compare(found, {row.fingerprint: row for row in held.scalars(select(Alert))})
            if told.new or told.settled:
                send(f"公共信用数据 {on} 运行提醒", wording(told, on), told.new, on)
                told.sent = True
            _remember(told, found, on)
        record.counts = {"new": len(told.new), "settled": len(told.settled), "standing": told.standing}
        record.verdict = "ok" if told.sent else "nothing_due"
        record.message = (
            f"已提醒：新增 {len(told.new)} 项，已解决 {len(told.settled)} 项"
            if told.sent
            else f"没有新的事项，持续 {told.standing} 项"
        )
    return told
