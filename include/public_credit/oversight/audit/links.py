"""The chain itself: every event against its digest and its link, every seal against its root and its HMAC."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, text

from . import chain
from .chain import Seal
from .findings import CHAIN, SEAL_GONE, Finding, Report, clock
from .seal import key, mac

_SEALS = text("select seal_no, day, sealed_at, position, previous, root, mac from ledger.chain_seal order by seal_no")
_LINKS = text("""
    select l.position, l.hash, l.event_id, e.id, e.at, e.relation, e.operation, e.rows, e.digest,
           cast(e.detail as text) as detail, e.txid,
           coalesce((select encode(sha256(convert_to(string_agg(k || ' ' || encode(l, 'hex'), E'\\n' order by n), 'UTF8')), 'hex')
                     from unnest(e.keys, e.leaves) with ordinality u (k, l, n)), '') as recomputed
    from ledger.chain_link l left join ledger.chain_event e on e.id = l.event_id order by l.position""")
_OPEN = text("""
    select count(*), min(at) from ledger.chain_event e
    where not exists (select 1 from ledger.chain_link l where l.event_id = e.id)""")


def seals(connection: Connection) -> list[Seal]:
    """The seals in their order."""
    return [Seal(*row[:6]) for row in connection.execute(_SEALS)]


def _signature(number: int) -> str:
    return f"第 {number} 次封存的签名"


def _signed(rows: Sequence[Any], report: Report) -> Iterator[Finding]:
    """The HMAC of the roots, where the district has a key."""
    secret = key()
    if secret is None:
        if any(row.mac for row in rows):
            report.partly.add(CHAIN)
        report.unsaid.append("没有为根值配密钥（secrets/audit.key）：根值不证明由谁算出。")
        return
    for row in rows:
        if row.mac:
            report.saw(CHAIN, _signature(row.seal_no))
        if row.mac and row.mac != mac(secret, row.root):
            yield Finding(
                "seal_altered",
                f"第 {row.seal_no} 次封存",
                "根值的签名与密钥不符",
                row.sealed_at,
                f"{row.root} {row.mac}",
                _signature(row.seal_no),
            )
        elif not row.mac:
            report.unsaid.append(f"第 {row.seal_no} 次封存没有签名。")


def check(connection: Connection, report: Report) -> None:
    """Recompute the chain from its beginning; what was altered is told event by event, by the links that stand."""
    rows = connection.execute(_SEALS).all()
    report.findings += _signed(rows, report)
    links = connection.execute(_LINKS, execution_options={"yield_per": 5_000})
    position, hashed, ahead = 0, chain.start(""), next(links, None)
    number, previous = 0, ""
    for seal in rows:
        where = f"第 {seal.seal_no} 次封存"
        if seal.seal_no != number + 1 or seal.previous != previous:
            report.findings.append(Finding("seal_altered", where, "不接在前一次封存之后", seal.sealed_at, seal.root))
        hashed = chain.start(seal.previous)
        while ahead is not None and ahead.position <= seal.position:
            report.saw(SEAL_GONE, _unsealed(ahead.position))
            report.findings += _event(ahead, position, hashed, seal, report)
            position, hashed, ahead = ahead.position, ahead.hash, next(links, None)
            report.count(events=1)
        if position != seal.position:
            report.findings.append(Finding("link_gone", where, "封存的事件少了末尾一段", seal.sealed_at))
        if chain.root(seal.seal_no, seal.day, seal.sealed_at, seal.position, seal.previous, hashed) != seal.root:
            report.findings.append(Finding("seal_altered", where, "根值与封存的内容不符", seal.sealed_at, seal.root))
        number, previous = seal.seal_no, seal.root
        report.saw(CHAIN, where)
    if ahead is not None:
        told = "最后一次封存之后还有链接：封存被删"
        report.findings.append(Finding(SEAL_GONE, "ledger.chain_seal", told, key=_unsealed(ahead.position)))
    else:
        report.saw(SEAL_GONE, "ledger.chain_seal")
    report.count(seals=len(rows))
    _open(connection, report)


def _unsealed(position: int) -> str:
    return f"链上第 {position} 个事件起"


def _event(row: Any, position: int, before: bytes, seal: Any, report: Report) -> Iterator[Finding]:
    """One link and its event. After a finding the links that stand are followed, so that the others are told apart."""
    where = f"链上第 {row.position} 个事件（第 {seal.seal_no} 次封存）"
    if row.position != position + 1:
        yield Finding("link_gone", where, f"之前缺第 {position + 1}–{row.position - 1} 个事件", seal.sealed_at)
        return
    if row.id is None:
        yield Finding("event_gone", where, "事件被删", seal.sealed_at)
        return
    report.saw(CHAIN, where)
    told = f"{where}，ledger.{row.relation}" if row.relation else where
    if row.digest != row.recomputed:
        yield Finding("event_altered", told, "事件所记的各行摘要被改", seal.sealed_at, row.recomputed)
    now = chain.link(before, row)
    if now != row.hash:
        yield Finding("event_altered", told, "事件或它的链接被改", seal.sealed_at, now.hex())


def _open(connection: Connection, report: Report) -> None:
    number, first = connection.execute(_OPEN).tuples().one()
    report.count(unsealed=number)
    if number:
        report.unsaid.append(
            f"{clock(first)} 以来有 {number:,} 个事件尚未封存：在封存并送出之前，改库的人可以连事件一起改而不留痕迹。"
        )
