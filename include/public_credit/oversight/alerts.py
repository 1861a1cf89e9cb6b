"""One rolled-up alert per run: what is new and what is settled, by owner; silent for what was told before, but once a week.

What a receiver was told is remembered in ``ledger.alert``, his own. An alert that could not be sent to one is not remembered as told to
him, so that the next run tells him, and nobody else once more. What is open, and what makes two things the same, is said in ``waits``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from ..base.messages import UserError, spoken
from ..base.run import Run, now
from ..catalogue import load_catalogue
from ..catalogue.district import AlertReceiver
from ..ledger.locks import lock
from ..ledger.models import Alert, Batch
from ..ledger.session import session, step
from ..ledger.states import OUT_OF_THE_WAY, BatchState, ReceiverEvent, StepName, Verdict
from .alert_transport import Letter, send
from .waits.item import Item, contact_of, folded, of_owners
from .waits.open_list import items

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Gone:
    """What was told and is open no more; ``how`` says it where that is no solution ('' where it is)."""

    fingerprint: str
    owner: str
    message: str
    how: str = ""


@dataclass
class Told:
    """What an alert said; ``reminded`` is told again because it stands for a week or longer."""

    new: list[Item] = field(default_factory=list)
    settled: list[Gone] = field(default_factory=list)
    reminded: list[Item] = field(default_factory=list)
    waiting: list[Item] = field(default_factory=list)  # told before, and open
    sent: bool = False

    @property
    def standing(self) -> int:
        """How many things are open that were told before."""
        return len(self.waiting)

    @property
    def something(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self.new or self.settled or self.reminded)


def wording(told: Told, on: date) -> str:
    """The alert's text: by owner what is new, worst first; once a week what stands; then what is settled."""
    solved, dropped = ([gone for gone in told.settled if bool(gone.how) == other] for other in (False, True))
    standing = "一周一次列在下面" if told.reminded else "不再重复，用 public-credit alerts 查看"
    lines = [
        f"公共信用数据 {on} 运行提醒",
        f"新增 {len(told.new)} 项，已解决 {len(solved)} 项，持续 {told.standing} 项（{standing}）",
    ]
    for owner, theirs in of_owners(told.new):
        contact = contact_of(owner)
        lines += ["", f"【{theirs[0].owner_name}】" + (f"联系：{contact}" if contact else "")]
        for item in folded(one.as_json() for one in theirs):
            lines += [f"- {item['message']}", f"  办法：{item['act']}"]
    if told.reminded:
        lines += ["", "【仍未解决】"]
        lines += [f"- {item.owner_name}，自 {item.since}：{item.message}" for item in told.reminded]
    if solved:
        lines += ["", "【已解决】", *(f"- {gone.message}" for gone in solved)]
    if dropped:
        lines += ["", "【不再处理】", *(f"- {gone.message}（{gone.how}）" for gone in dropped)]
    return spoken("\n".join(lines)) + "\n"


def _not_solved(opened: Any, fingerprint: str) -> str:
    """How a thing ended that nobody solved: its receipt was taken out of the way, its dataset is gone; '' otherwise."""
    topic, _, rest = fingerprint.partition("#")[0].partition("/")
    subject = rest.partition("/")[0]
    if topic in ("batch", "quarantine", "undecided"):
        batch = opened.get(Batch, int(subject))
        return (
            f"批次已{'撤回' if batch.state == BatchState.WITHDRAWN else '搁置'}"
            if batch.state in OUT_OF_THE_WAY
            else ""
        )
    if topic in ("collection", "silent", "signal", "unmatched") and subject not in load_catalogue().datasets:
        return "数据集已不在目录"
    if topic == "step" and (unit := rest.partition("/")[2]) and unit not in load_catalogue().units:
        return "单位已不在目录"
    if topic == ReceiverEvent.UNREADABLE:
        return "列出已满三十天，原文留在台账"
    return ""


def _compare(opened: Any, found: list[Item], known: dict[str, Any], on: date) -> Told:
    """What there is to tell one receiver: ``found`` concerns him, ``known`` is what he was told."""
    standing = {name for name, row in known.items() if row.told_at is not None and row.settled_at is None}
    current, keys = {item.fingerprint for item in found}, {item.key for item in found}
    told = Told(
        new=[item for item in found if item.fingerprint not in standing],
        settled=[
            Gone(name, row.owner, row.message, _not_solved(opened, name))
            for name, row in known.items()
            if name in standing and name.partition("#")[0] not in keys
        ],
        waiting=[item for item in found if item.fingerprint in current & standing],
    )
    if any(on - (known[name].reminded_on or known[name].first_on) >= WEEK for name in current & standing):
        told.reminded = [item for item in found if item.fingerprint in standing]
    return told


def _remember(opened: Any, receiver: str, told: Told, found: list[Item], on: date) -> None:
    """Book what a receiver was told. What asks for something else of the same thing now has a new name; its old one ends silently."""

    def his(*which: Any) -> Any:
        return update(Alert).where(Alert.receiver == receiver, *which)

    def named(items: list[Item]) -> Any:
        return Alert.fingerprint.in_([item.fingerprint for item in items])

    told_at = now()
    for item in told.new:
        values = {"owner": item.owner, "message": item.message, "first_on": on, "last_on": on}
        values |= {"told_at": told_at, "reminded_on": on, "settled_at": None}
        row = insert(Alert).values(receiver=receiver, fingerprint=item.fingerprint, **values)
        opened.execute(row.on_conflict_do_update(index_elements=[Alert.receiver, Alert.fingerprint], set_=values))
    opened.execute(his(named(found)).values(last_on=on))
    opened.execute(his(named(told.reminded)).values(reminded_on=on))
    opened.execute(his(Alert.settled_at.is_(None), ~named(found)).values(settled_at=told_at))


def _hand_over(receivers: list[AlertReceiver]) -> None:
    """What was told before it was noted to whom was told to every receiver it concerns."""
    with session("collector") as opened:
        rows = list(opened.scalars(select(Alert).where(Alert.receiver == "", Alert.settled_at.is_(None))))
        for row in rows:
            kept = ("fingerprint", "owner", "message", "first_on", "last_on", "reminded_on", "told_at")
            values = {name: getattr(row, name) for name in kept}
            for receiver in receivers:
                if receiver.concerns(row.owner):
                    opened.execute(insert(Alert).values(receiver=receiver.id, **values).on_conflict_do_nothing())
            row.settled_at = now()


def _tell(receiver: AlertReceiver, found: list[Item], on: date) -> Told:
    """Tell one receiver what concerns him, and remember it. Raises UserError where that cannot be sent: nothing is remembered then."""
    concerned = [item for item in found if receiver.concerns(item.owner)]
    with session("collector") as opened:
        known = {row.fingerprint: row for row in opened.scalars(select(Alert).where(Alert.receiver == receiver.id))}
        told = _compare(opened, concerned, known, on)
        _remember(opened, receiver.id, told, concerned, on)
        opened.flush()
        if told.something:
            items = [*told.new, *told.reminded]
            letter = Letter(f"公共信用数据 {on} 运行提醒", wording(told, on), items, on, receiver.to)
            send(letter, receiver.connection)
            told.sent = True
    return told


def _together(found: list[Item], parts: list[Told]) -> Told:
    """What several receivers were told, each thing once."""

    def any_of(name: str) -> set[str]:
        return {one.fingerprint for part in parts for one in getattr(part, name)}

    new, reminded = any_of("new"), any_of("reminded")
    waiting = any_of("waiting") - new
    return Told(
        new=[item for item in found if item.fingerprint in new],
        settled=list({gone.fingerprint: gone for part in parts for gone in part.settled}.values()),
        reminded=[item for item in found if item.fingerprint in reminded],
        waiting=[item for item in found if item.fingerprint in waiting],
        sent=any(part.sent for part in parts),
    )


def tell(run: Run) -> Told:
    """Tell every receiver what is new and settled since his last alert, and weekly what stands; nobody where there is neither.

    Raises UserError after all were tried when one could not be told: he is told next time, the others are not told again.
    """
    on, receivers = run.on, load_catalogue().district.alert_receivers
    parts: list[Told] = []
    failures: list[UserError] = []
    with step(run, "collector", StepName.ALERT) as record:
        with session("collector") as opened:
            lock(opened, "alert")
            _hand_over(receivers)
            found = items(on)
            for receiver in receivers:
                try:
                    parts.append(_tell(receiver, found, on))
                except UserError as error:
                    failures.append(error)
        told = _together(found, parts)
        record.counts = {"new": len(told.new), "settled": len(told.settled), "standing": told.standing}
        if failures:
            said = "".join(error.text for error in failures)
            raise UserError(said, remedy=failures[0].remedy, code=failures[0].code)
        record.verdict = Verdict.OK if told.sent else Verdict.NOTHING_DUE
        record.message = f"没有新的事项，持续 {told.standing} 项"
        if told.sent:
            record.message = f"已提醒：新增 {len(told.new)} 项，了结 {len(told.settled)} 项，持续 {told.standing} 项"
    return told


def present(on: date) -> list[dict[str, Any]]:
    """Everything that is open now, with the business dates on which it was told first and last (None: not yet)."""
    found = items(on)
    standing = (
        select(Alert.fingerprint, func.min(Alert.first_on), func.max(Alert.reminded_on))
        .where(Alert.settled_at.is_(None))
        .group_by(Alert.fingerprint)
    )
    with session("reader") as opened:
        known = {name: {"told_first": first, "told_last": last} for name, first, last in opened.execute(standing)}
    never = {"told_first": None, "told_last": None}
    return [item.as_json() | known.get(item.fingerprint, never) for item in found]
