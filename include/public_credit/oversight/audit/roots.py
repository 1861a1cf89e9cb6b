"""The roots that left the house, compared with the seals as they stand: what a recomputed chain cannot reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from ...base.messages import UserError
from ...ledger.states import ChainOperation, sql
from .chain import Seal
from .findings import ROOTS, Finding, Report, clock
from .places import Place, Root, all_places

_RESTORED = text(f"""
    select at, detail ->> 'made_at' as made_at from ledger.chain_event
    where operation = {sql(ChainOperation.RESTORED)} order by id""")
_SENT = text(
    "select distinct seal_no from ledger.chain_sent where place = :place and message = '' and sent_at > :since"
)


@dataclass(frozen=True)
class Gap:
    """A restore: what was sealed after the backup was made and before it was restored is not in this database."""

    made_at: datetime
    restored_at: datetime

    def covers(self, root: Root) -> bool:
        """Whether a root was sealed in the time that is lost."""
        return self.made_at <= root.moment <= self.restored_at


def gaps(connection: Connection) -> list[Gap]:
    """The restores the chain tells of."""
    return [Gap(datetime.fromisoformat(row.made_at), row.at) for row in connection.execute(_RESTORED)]


def _compare(
    kept: Sequence[Root], where: str, seals: Sequence[Seal], lost: Sequence[Gap], report: Report, always: bool = True
) -> None:
    for root in kept:
        report.saw("root_differs", root.root)
    known, numbers = {seal.root for seal in seals}, {seal.seal_no for seal in seals}
    differing = [root for root in kept if root.root not in known]
    covered = [root for root in differing if any(gap.covers(root) for gap in lost)]
    if covered:
        report.accepted.append(f"{where}有 {len(covered)} 个根值是恢复备份以前封存的，随恢复而去。")
    for root in sorted((root for root in differing if root not in covered), key=lambda each: each.moment):
        told = (
            "数据库中这一次封存是另一个根值：链在送出之后被重算，改动在此次或更早封存的事件之中"
            if root.seal in numbers
            else "数据库中没有这一次封存：链被截断，或退回到了从前"
        )
        report.findings.append(
            Finding(
                "root_differs",
                f"{where}留存的第 {root.seal} 次封存",
                told,
                root.moment,
                root.root,
                key=root.root,
                always=always,
            )
        )
    report.count(roots=len(kept))


def _at(connection: Connection, place: Place, seals: Sequence[Seal], lost: Sequence[Gap], report: Report) -> None:
    kept = place.roots()
    if kept is None:
        if place.readable:
            report.partly.add(ROOTS)
        report.unsaid.append(f"{place.title}的根值不能自动读回：请交回所存原文，用 audit verify --against 比对。")
        return
    _compare(kept, place.title, seals, lost, report)
    since = max((gap.restored_at for gap in lost), default=datetime.fromisoformat("1970-01-01T00:00:00+00:00"))
    sent: set[int] = set(connection.execute(_SENT, {"place": place.name, "since": since}).scalars())
    there = {root.root for root in kept}
    for seal in seals:
        if seal.seal_no not in sent:
            continue
        key = f"{place.name} {seal.root}"
        report.saw("root_gone", key)
        if seal.root not in there:
            missing = f"送到{place.title}的第 {seal.seal_no} 次封存"
            report.findings.append(Finding("root_gone", missing, "根值不在了，或被改写", seal.sealed_at, key=key))


def check(connection: Connection, seals: Sequence[Seal], handed_back: Sequence[Root] | None, report: Report) -> None:
    """Compare the seals with what every place holds, and with the roots somebody has handed back (None: nobody has)."""
    lost = gaps(connection)
    for seal in seals:  # a root that differed and is that of a seal again needs nobody to hand it back
        report.saw("root_differs", seal.root)
    for gap in lost:
        report.accepted.append(
            f"{clock(gap.restored_at)} 从 {clock(gap.made_at)} 的备份恢复：其间登记的事件不在本库，无从复核。"
        )
    outside = False
    try:
        places = all_places()
    except UserError as error:
        places = []
        report.partly.add(ROOTS)
        report.unsaid.append(f"根值的去处无法读取：{error.text}")
    for place in places:
        outside |= place.outside
        _at(connection, place, seals, lost, report)
    if handed_back is not None:
        _compare(handed_back, "交回的原文", seals, lost, report, always=False)
    elif not outside:
        report.unsaid.append(
            "根值没有送到本机以外：能同时改数据库、归档存储和状态文件夹的人，可以重算整条链而不被这里发现。"
            "在 connections.yaml 中配置连接 audit，或由他人定期抄存 public-credit audit roots。"
        )
