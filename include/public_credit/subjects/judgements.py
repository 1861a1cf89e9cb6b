"""A person's decisions on identity: booked at once, in force with the next build, undone but never deleted.

``same`` joins two identifiers whatever the registers say; ``different`` keeps two apart. Both are pairs of identifiers, not
of subject ids, so they stay true when ids change.
"""

from __future__ import annotations

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from ..base.messages import UserError
from ..base.run import Run
from ..ledger import words
from ..ledger.models import Judgement
from ..ledger.session import session
from ..ledger.states import Decision
from . import lookup
from .nodes import Node, key, order

_PENDING = """
    select exists (
        select 1 from (select id from ledger.judgement where undone_at is null) j
        full join subjects.judged d on d.judgement_id = j.id where j.id is null or d.judgement_id is null)"""


def pending(opened: Session) -> bool:
    """Whether a judgement waits for a build to take it up, or to drop it."""
    return bool(opened.execute(text(_PENDING)).scalar())


def _said(reason: str) -> None:
    if not reason.strip():
        raise UserError("须写明理由。", remedy="加上 --reason “……”。")


def _book(run: Run, opened: Session, decision: str, left: Node, right: Node, reason: str) -> int:
    left, right = sorted((left, right), key=order)
    standing = opened.scalar(
        select(Judgement).where(
            Judgement.left_key == key(left), Judgement.right_key == key(right), Judgement.undone_at.is_(None)
        )
    )
    if standing is not None:
        told = words.DECISION[standing.decision]
        raise UserError(
            f"第 {standing.id} 号裁定已认定二者为{told}。",
            remedy=f"如须改判，先运行 public-credit subjects undo {standing.id}。",
            code=4,
        )
    judgement = Judgement(
        decision=decision,
        left_key=key(left),
        right_key=key(right),
        reason=reason.strip(),
        decided_by=run.who.strip(),
        decided_on=run.on,
    )
    opened.add(judgement)
    opened.flush()
    return judgement.id


def _side(run: Run, opened: Session, given: str) -> Node:
    """An identifier as it is, or a subject's canonical one."""
    if ":" in given:
        return lookup.identifier(opened, given)
    return lookup.canonical(opened, lookup.find(run, opened, given))


def merge(run: Run, left: str, right: str, reason: str) -> int:
    """Book that two subjects (or identifiers) are the same; the judgement's number."""
    _said(reason)
    with session("collector") as opened:
        first, second = _side(run, opened, left), _side(run, opened, right)
        if first == second:
            raise UserError("二者已经是同一主体。", remedy="用 public-credit subjects show 核对。", code=4)
        return _book(run, opened, Decision.SAME, first, second, reason)


def split(run: Run, subject: str, identifiers: list[str], reason: str) -> list[int]:
    """Book that identifiers do not belong to a subject; the judgements' numbers."""
    _said(reason)
    with session("collector") as opened:
        known = lookup.find(run, opened, subject)
        parted = {lookup.identifier(opened, item) for item in identifiers}
        if any(scheme == "name" for scheme, _ in parted):
            raise UserError("名称不能拆分。", remedy="名称随登记名册更正；拆分时列出代码。")
        held = {
            (row.scheme, row.value)
            for row in opened.execute(
                text("select scheme, value from subjects.identifier where subject_id = :id and scheme <> 'name'"),
                {"id": known},
            )
        }
        if parted - held:
            raise UserError(
                "这些标识不属于该主体：" + "、".join(sorted(map(key, parted - held))) + "。",
                remedy="用 public-credit subjects show 查看该主体的标识。",
                code=4,
            )
        rest = sorted(held - parted, key=order)
        if not rest:
            raise UserError("不能把全部标识都拆出去。", remedy="至少留下一个标识。")
        codes = [item for item in rest if item[0] == "uscc"] or rest[:1]
        return [
            _book(run, opened, Decision.DIFFERENT, stays, goes, reason)
            for goes in sorted(parted, key=order)
            for stays in codes
        ]


def undo(run: Run, number: int, reason: str) -> None:
    """Take a judgement back."""
    _said(reason)
    with session("collector") as opened:
        found = opened.get(Judgement, number)
        if found is None:
            raise UserError(
                f"没有第 {number} 号裁定。", remedy="用 public-credit subjects show 查看主体的裁定。", code=4
            )
        if found.undone_at is not None:
            raise UserError(f"第 {number} 号裁定已于 {found.undone_on} 撤销。", remedy="无须再做。", code=4)
        found.undone_at, found.undone_on, found.undone_by, found.undo_reason = (
            func.now(),
            run.on,
            run.who.strip(),
            reason.strip(),
        )
