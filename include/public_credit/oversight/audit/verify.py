"""Verify everything there is evidence of: archive, landed rows, watched tables, the chain, the roots that left the house.

One snapshot of the database is read, so work may go on meanwhile. What was found is noted in the chain: the next verification
knows until when all was as booked.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Connection, text

from ...base import settings
from ...base.messages import UserError
from ...base.progress import say
from ...base.run import Run, now
from ...ledger.states import ChainOperation, sql
from . import links, objects, raw, roots, rows, standing
from .findings import Report, Timeline, clock
from .places import Root

_BEGUN = text(f"select min(at) from ledger.chain_event where operation = {sql(ChainOperation.BEGUN)}")
_CLEAN = text(f"""
    select max(at) from ledger.chain_event where operation = {sql(ChainOperation.VERIFIED)}
    and cast(detail ->> 'findings' as int) = 0 and detail ->> 'since' = ''
    and coalesce(detail -> 'partly', '[]') = '[]'""")
_MIGRATED = text(f"""
    select at, detail ->> 'before' as before, detail ->> 'after' as after from ledger.chain_event
    where operation = {sql(ChainOperation.MIGRATED)} order by id""")
_FOUND_LATER = text(f"""
    select relation, min(at) as at, sum(rows) as rows from ledger.chain_event
    where operation = {sql(ChainOperation.FOUND)} and txid <> (
        select txid from ledger.chain_event where operation = {sql(ChainOperation.BEGUN)} order by id limit 1)
    group by 1 order by 1""")
_BOOK = text("select ledger.chain_verified(cast(:detail as jsonb))")


@dataclass(frozen=True)
class Verified:
    """What was found, and between which moments."""

    report: Report
    timeline: Timeline


def _told(connection: Connection, report: Report) -> None:
    """What the chain accepts, and since when it proves anything."""
    begun: datetime | None = connection.execute(_BEGUN).scalar()
    if begun is None:
        raise UserError("证据链还没有开始。", remedy="运行 public-credit migrate。", code=3)
    report.unsaid.append(f"证据链始于 {clock(begun)}：当时已在的内容按当时的样子登记，此前是否改动过无从证明。")
    for row in connection.execute(_MIGRATED):
        report.accepted.append(f"{clock(row.at)} 数据库从 {row.before} 升级到 {row.after}。")
    for row in connection.execute(_FOUND_LATER):
        report.accepted.append(f"{clock(row.at)} ledger.{row.relation} 按当时的样子重新登记 {row.rows:,} 行。")
    report.unsaid.append(
        "数据库属主可以停用触发器并补登一个新的事件：那是以后的事件，不能改写已经封存的；保险库中的号码不在证据链内。"
    )


def _explained(connection: Connection, report: Report) -> None:
    """Take out what two persons have explained as it stands; it is told as that from then on."""
    known = standing.explained(connection)
    for finding in [finding for finding in report.findings if finding.id in known]:
        said = known[finding.id]
        report.findings.remove(finding)
        report.accepted.append(
            f"已说明的发现 {finding.where}（{finding.text}）：{said.reason}。{said.who} 说明，{said.agreed_by} 同意，{clock(said.at)}。"
        )


def verify(run: Run, since: date | None = None, handed_back: Sequence[Root] | None = None) -> Verified:
    """Compare everything, of archive and landed rows what came since a day. Raises UserError (code 3) without a chain."""
    start = raw.EVER if since is None else datetime.combine(since, time(), settings.TIMEZONE)
    engine = settings.engine("collector").execution_options(isolation_level="REPEATABLE READ")
    with engine.connect() as connection:
        connection.execute(text("set transaction read only"))
        before = standing.standing(connection)
        report = Report(frozenset(one.thing for one in before.findings.values()))
        _told(connection, report)
        clean_at: datetime | None = connection.execute(_CLEAN).scalar()
        say("复核证据链与根值")
        links.check(connection, report)
        seals = links.seals(connection)
        roots.check(connection, seals, handed_back, report)
        say("复核台账各表")
        rows.check(connection, report)
        say("复核原始层各行")
        raw.check(connection, start, report)
        say("复核归档对象")
        objects.check(connection, start, report)
        gone = standing.settled(before, report)
        if left := standing.unseen(before, report):
            report.unsaid.append(f"此前发现的 {left:,} 处，这一次没有看到其所在（见 status），不因此了结。")
        _explained(connection, report)
    timeline = Timeline(seals, clean_at, now())
    detail: dict[str, Any] = {
        "findings": len(report.findings),
        "since": since.isoformat() if since else "",
        "who": run.who,
    }
    detail["found"] = standing.named(report.findings)
    detail |= {"settled": gone, "partly": sorted(report.partly)}
    with settings.engine("collector").begin() as connection:
        connection.execute(_BOOK, {"detail": json.dumps(detail | report.counts, ensure_ascii=False)})
    return Verified(report, timeline)
