"""Two persons for what is unusual or irreversible: one prepares or asks, another one agrees.

``alone`` is the sentence in which a district states that it has one person only; what that person does with his own
preparation is then done and booked as 单人 (requirements M9; 个人信息保护法 第五十一条).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ..base.messages import UserError
from ..base.run import NOBODY, UNMAPPED, Run
from .models import Approval
from .session import session
from .states import ApprovalState, Audience, Irreversible
from .words import APPROVAL, IRREVERSIBLE
from .written import clean

ALONE = "单人"
_GOOD_FOR = timedelta(days=7)
_ACCOUNT = re.compile(r"\(([^()]+)\)$")
_NAMELESS = (UNMAPPED, NOBODY)  # a user of Airflow, or of the machine, whom no account names


@dataclass(frozen=True)
class Asked:
    """What was asked for and may, or may not yet, be done."""

    id: int
    granted: bool
    alone: bool


def _account(who: str) -> str:
    """What names a person: the account of one who is booked as ``姓名（account）``, else the whole text; ``ledger.person_of`` says the same.

    No letter's case or width and no blank, seen or unseen, makes another one.
    """
    folded = unicodedata.normalize("NFKC", who).lower()
    said = "".join(sign for sign in folded if not sign.isspace() and unicodedata.category(sign) != "Cf")
    found = _ACCOUNT.search(said)
    return found[1] if found else said


def same_person(one: str, other: str) -> bool:
    """Whether two names as they are booked are one person's: a name that was corrected makes nobody another one."""
    return bool(one) and _account(one) == _account(other)


def by_another(run: Run, first: str, alone: str, done: str) -> bool:
    """Whether the person who decides is alone, which is booked. ``done``: what the first one did, as in 生成.

    Of a user of Airflow or of the machine whom no account names it is not known which account's person he is: only leadership
    decides on what he prepared, and he on nothing an account's person did. Raises UserError (code 4) there, and where the same person
    prepared and decides, unless the district says it has one only.
    """
    unknown = next((who for who in (first, run.who) if who.startswith(_NAMELESS)), "")
    of_account = any(
        _ACCOUNT.search(unicodedata.normalize("NFKC", who)) for who in (first, run.who)
    ) or first.startswith(UNMAPPED)
    nobody_knows = bool(unknown) and of_account and run.role != Audience.LEADERSHIP
    if not nobody_knows and not same_person(run.who, first):
        return False
    if alone:
        return True
    if nobody_knows:
        raise UserError(
            f"{unknown} 没有对应的工作台账号，不能确认批准的是另一人。",
            remedy="请分管领导批准；在 users.yml 中为其账号写明 airflow 或 unix，此后以本人名义留痕。",
            code=4,
        )
    raise UserError(
        f"{run.who} {done}的不能自己批准。",
        remedy="由另一人批准；辖区确只有一人负责的，在 district.yml 写明 single_handed（说明），此后以“单人”留痕。",
        code=4,
    )


def ask(run: Run, action: Irreversible, fingerprint: str, about: str, reason: str, alone: str) -> Asked:
    """Ask for what would be done, or find that it was asked for and decided; the same question is one.

    A question waits seven days, an answer is good for seven more. Raises UserError where a new question comes without a reason.
    """
    with session("owner") as opened:
        known = opened.scalar(
            select(Approval)
            .where(
                Approval.action == action,
                Approval.fingerprint == fingerprint,
                Approval.state.in_([ApprovalState.WAITING, ApprovalState.APPROVED]),
            )
            .with_for_update()
        )
        at: datetime = opened.execute(select(func.clock_timestamp())).scalar_one()
        if known is not None and (known.decided_at or known.asked_at) < at - _GOOD_FOR:
            known.state, known.decided_by, known.decided_at = ApprovalState.REJECTED, "过期", func.clock_timestamp()
            opened.flush()
            known = None
        if known is None:
            if not reason.strip():
                raise UserError(f"{IRREVERSIBLE[action]}不可逆，须写明理由。", remedy="加上 --reason “……”。")
            known = Approval(
                action=action,
                fingerprint=fingerprint,
                about=clean(about),
                reason=clean(reason.strip()),
                business_date=run.on,
                asked_by=run.who,
            )
            if alone:
                known.state, known.decided_by, known.alone = ApprovalState.APPROVED, run.who, True
                known.decided_at = func.clock_timestamp()
            opened.add(known)
            opened.flush()
        return Asked(known.id, known.state == ApprovalState.APPROVED, known.alone)


def another(action: Irreversible, on: date, fingerprint: str) -> int | None:
    """The newest open question of an action and day, where none was asked with this fingerprint; None otherwise."""
    with session("owner") as opened:
        known = opened.execute(
            select(Approval.id, Approval.fingerprint)
            .where(
                Approval.action == action,
                Approval.business_date == on,
                Approval.state.in_([ApprovalState.WAITING, ApprovalState.APPROVED]),
                func.coalesce(Approval.decided_at, Approval.asked_at) >= func.clock_timestamp() - _GOOD_FOR,
            )
            .order_by(Approval.id.desc())
        ).all()
    return known[0].id if known and fingerprint not in {row.fingerprint for row in known} else None


def decide(run: Run, number: int, agreed: bool, alone: str) -> None:
    """Agree to what another one asks for, or turn it down. Raises UserError (code 4) where nothing waits under the number."""
    with session("owner", run.token or "") as opened:
        found = opened.get(Approval, number, with_for_update=True)
        if found is None or found.state != ApprovalState.WAITING:
            said = f"第 {number} 号申请" + (f"{APPROVAL[found.state]}，不在等待批准" if found else "不存在")
            raise UserError(f"{said}。", remedy="用 public-credit approvals 查看。", code=4)
        at: datetime = opened.execute(select(func.clock_timestamp())).scalar_one()
        if agreed and found.asked_at < at - _GOOD_FOR:
            raise UserError(
                f"第 {number} 号申请已逾七天，不能再批准。", remedy="由申请人核对后再次运行原命令，重新申请。", code=4
            )
        if agreed:
            found.alone = by_another(run, found.asked_by, alone, f"提出了第 {number} 号申请，自己提出")
        found.state = ApprovalState.APPROVED if agreed else ApprovalState.REJECTED
        found.decided_by, found.decided_at = run.who, func.clock_timestamp()


def day_agreed(action: Irreversible) -> date | None:
    """The business day of the newest agreement to an action that is still good; None where there is none."""
    with session("owner") as opened:
        return opened.scalar(
            select(Approval.business_date)
            .where(
                Approval.action == action,
                Approval.state == ApprovalState.APPROVED,
                Approval.decided_at >= func.clock_timestamp() - _GOOD_FOR,
            )
            .order_by(Approval.id.desc())
            .limit(1)
        )


def used(opened: Session, number: int) -> None:
    """What was agreed to is done, or is by this transaction; the agreement is good for nothing more."""
    found = opened.get_one(Approval, number, with_for_update=True)
    found.state, found.used_at = ApprovalState.USED, func.clock_timestamp()


def of(opened: Session, number: int) -> Approval:
    """What was asked under a number."""
    return opened.get_one(Approval, number)


def listing() -> list[dict[str, Any]]:
    """All questions, newest first."""
    columns = [column.key for column in Approval.__table__.columns]
    with session("reader") as opened:
        return [
            {name: getattr(row, name) for name in columns}
            for row in opened.scalars(select(Approval).order_by(Approval.id.desc()))
        ]
