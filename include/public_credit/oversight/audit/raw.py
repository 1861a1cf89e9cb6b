"""Landed rows, compared with the digest of their attempt; counts with what was landed and lawfully purged since."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, text

from ...base.quoting import quoted
from ...land.digests import Attempt, Digest, of_rows
from ...ledger import words
from .findings import COLUMNS_GONE, RAW, UNBOOKED, Finding, Report

_KINDS = text("select kind from ledger.kind_shape order by kind")
_HELD = text("""
    select distinct on (d.batch_seq, d.attempt) d.batch_seq, d.attempt, d.rows, d.columns, d.digest, d.taken_at, d.reason,
           a.rows_landed, (select count(*) from ledger.purged_row p
                           where p.batch_seq = d.batch_seq and p.attempt = d.attempt) as purged
    from ledger.raw_digest d join ledger.batch b on b.seq = d.batch_seq
    join ledger.attempt a on a.batch_seq = d.batch_seq and a.attempt = d.attempt
    where b.kind = :kind and b.received_at >= :since order by d.batch_seq, d.attempt, d.id desc""")
_UNBOOKED = """
    select distinct batch_seq, attempt from {raw}
    where not exists (select 1 from ledger.raw_digest d where d.batch_seq = r.batch_seq and d.attempt = r.attempt)"""
EVER = datetime(1970, 1, 1, tzinfo=UTC)
_DISAGREED = text("""
    select d.id, d.batch_seq, d.attempt, d.taken_at, b.kind from ledger.raw_digest d join ledger.batch b on b.seq = d.batch_seq
    where not d.agreed order by d.id""")

_SCHEMA = "raw"


def check(connection: Connection, since: datetime, report: Report) -> None:
    """Compare the attempts of batches received since a moment with their digests; rows without one are looked for since ever."""
    kinds: list[str] = list(connection.execute(_KINDS).scalars())
    for kind in kinds:
        for row in connection.execute(_HELD, {"kind": kind, "since": since}).all():
            where = f"{_SCHEMA}.{kind} 批次 {row.batch_seq} 第 {row.attempt} 次入库"
            when = words.DIGEST[row.reason]
            booked = Digest(row.rows, row.columns, row.digest)
            now = of_rows(connection, kind, Attempt(row.batch_seq, row.attempt), row.columns)
            if now is not None:
                report.saw(RAW, where)
            if now is None:
                report.findings.append(
                    Finding(COLUMNS_GONE, where, f"{when}的列已不在，也没有登记过改列", row.taken_at)
                )
            elif now.rows != booked.rows:
                told = f"{when}登记 {booked.rows:,} 行，现有 {now.rows:,} 行"
                report.findings.append(Finding("raw_altered", where, told, row.taken_at, now.sha256))
            elif now != booked:
                told = f"行的内容与{when}登记的摘要不符"
                report.findings.append(Finding("raw_altered", where, told, row.taken_at, now.sha256))
            if row.rows_landed is not None and booked.rows + row.purged != row.rows_landed:
                told = f"入库 {row.rows_landed:,} 行，登记的摘要有 {booked.rows:,} 行，依规清除 {row.purged:,} 行"
                report.findings.append(Finding("raw_counts", where, told, row.taken_at))
            report.count(attempts=1, raw_rows=0 if now is None else now.rows)
        unbooked = text(_UNBOOKED.format(raw=f"{quoted('raw', kind)} r"))
        if since == EVER:
            report.saw_all(UNBOOKED, f"{_SCHEMA}.{kind} ")
        for row in connection.execute(unbooked).all() if since == EVER else ():
            where = f"{_SCHEMA}.{kind} 批次 {row.batch_seq} 第 {row.attempt} 次入库"
            report.findings.append(Finding(UNBOOKED, where, "有行而没有登记过摘要"))
    for row in connection.execute(_DISAGREED).all():
        where = f"{_SCHEMA}.{row.kind} 批次 {row.batch_seq} 第 {row.attempt} 次入库"
        told = "套用目录或期满清除以前，行的内容已与登记的摘要不符"
        report.findings.append(Finding("raw_altered", where, told, None, f"digest {row.id}"))
    purged = connection.execute(text("select count(*), coalesce(sum(rows), 0) from ledger.purge")).tuples().one()
    if purged[0]:
        report.accepted.append(f"已按规定删除：{purged[0]:,} 次期满清除，{purged[1]:,} 行；台账只留摘要。")
