"""One rolled-up alert per run: what is new and what is settled, by owner; silent for what was told before, but once a week.

What was told is remembered in ``ledger.alert``. An alert that could not be sent is not remembered as told, so
the next run tells it. What is open, and what makes two things the same, is said in ``waits``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select, update
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

    def to(self, receiver: AlertReceiver) -> Told:
        """The part that concerns a receiver."""
        new, reminded, waiting = (
            [item for item in items if receiver.concerns(item.owner)]
            for items in (self.new, self.reminded, self.waiting)
        )
        settled = [gone for gone in self.settled if receiver.concerns(gone.owner)]
        return Told(new, settled, reminded, waiting)


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


def _send(told: Told, on: date) -> None:
    """Tell every receiver of the district what concerns it.

    Raises UserError after all were tried when one could not be told: nothing counts as told then, and whoever had it has it again.
    """
    failures = []
    for receiver in load_catalogue().district.alert_receivers:
        part = told.to(receiver)
        if not part.something:
            continue
        letter = Letter(f"公共信用数据 {on} 运行提醒", wording(part, on), [*part.new, *part.reminded], on, receiver.to)
        try:
            send(letter, receiver.connection)
        except UserError as error:
            failures.append(error)
    if failures:
        raise UserError("".join(error.text for error in failures), remedy=failures[0].remedy, code=failures[0].code)


def _fingerprints(names: Iterable[str]) -> Any:
    return Alert.fingerprint.in_(list(names))


def _remember(opened: Any, told: Told, found: list[Item], on: date) -> None:
    """Book what was told. What asks for something else of the same thing now has a new name; its old one ends silently."""
    told_at, current = now(), [item.fingerprint for item in found]
    for item in told.new:
        values = {"owner": item.owner, "message": item.message, "first_on": on, "last_on": on}
        values |= {"told_at": told_at, "reminded_on": on, "settled_at": None}
        row = insert(Alert).values(fingerprint=item.fingerprint, **values)
        opened.execute(row.on_conflict_do_update(index_elements=[Alert.fingerprint], set_=values))
    opened.execute(update(Alert).where(_fingerprints(current)).values(last_on=on))
    opened.execute(
        update(Alert).where(_fingerprints(item.fingerprint for item in told.reminded)).values(reminded_on=on)
    )
    opened.execute(update(Alert).where(Alert.settled_at.is_(None), ~_fingerprints(current)).values(settled_at=told_at))


def tell(run: Run) -> Told:
    """Send one alert with what is new and settled since the last one, and weekly what stands; nothing when there is neither."""
    on = run.on
    with step(run, "collector", StepName.ALERT) as record:
        with session("collector") as opened:
            lock(opened, "alert")
            found = items(on)
            told = _compare(opened, found, {row.fingerprint: row for row in opened.scalars(select(Alert))}, on)
            if told.something:
                _send(told, on)
                told.sent = True
            _remember(opened, told, found, on)
        record.counts = {"new": len(told.new), "settled": len(told.settled), "standing": told.standing}
        record.verdict = Verdict.OK if told.sent else Verdict.NOTHING_DUE
        record.message = f"没有新的事项，持续 {told.standing} 项"
        if told.sent:
            record.message = f"已提醒：新增 {len(told.new)} 项，了结 {len(told.settled)} 项，持续 {told.standing} 项"
    return told


def present(on: date) -> list[dict[str, Any]]:
    """Everything that is open now, with the business dates on which it was told first and last (None: not yet)."""
    found = items(on)
    with session("reader") as opened:
        known = {row.fingerprint: row for row in opened.scalars(select(Alert).where(Alert.settled_at.is_(None)))}
        return [
            item.as_json()
            | {
                "told_first": known[item.fingerprint].first_on if item.fingerprint in known else None,
                "told_last": known[item.fingerprint].reminded_on if item.fingerprint in known else None,
            }
            for item in found
        ]
