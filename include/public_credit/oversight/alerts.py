"""One rolled-up alert per run: what is new and what is settled, by owner; silent for what was told before.

What was told is remembered in ``ledger.alert``. An alert that could not be sent is not remembered as told, so
the next run tells it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from ..base.run import Run, now
from ..catalogue import load_catalogue
from ..ledger.locks import lock
from ..ledger.models import Alert
from ..ledger.session import session, step
from ..ledger.states import StepName, Verdict
from .alert_items import Item, items, owner_name
from .alert_transport import send


@dataclass
class Told:
    """What an alert said."""

    new: list[Item] = field(default_factory=list)
    settled: list[Item] = field(default_factory=list)
    standing: int = 0
    sent: bool = False


def wording(told: Told, on: date) -> str:
    """The alert's text: by owner, then what is settled."""
    catalogue = load_catalogue()
    lines = [
        f"公共信用数据 {on} 运行提醒",
        f"新增 {len(told.new)} 项，已解决 {len(told.settled)} 项，持续 {told.standing} 项（不再重复）",
    ]
    for owner in dict.fromkeys(item.owner for item in told.new):
        lines += ["", f"【{owner_name(catalogue, owner)}】"]
        lines += [f"- {item.message}" for item in told.new if item.owner == owner]
    if told.settled:
        lines += ["", "【已解决】", *(f"- {item.message}" for item in told.settled)]
    return "\n".join(lines) + "\n"


def _compare(found: list[Item], known: dict[str, Any]) -> Told:
    standing = {name for name, row in known.items() if row.told_at is not None and row.settled_at is None}
    current = {item.fingerprint for item in found}
    new = [item for item in found if item.fingerprint not in standing]
    gone = [Item(name, row.owner, row.message) for name, row in known.items() if name in standing - current]
    return Told(new, gone, len(current & standing))


def _fingerprints(found: Iterable[Item]) -> Any:
    return Alert.fingerprint.in_([item.fingerprint for item in found])


def _remember(told: Told, found: list[Item], on: date) -> None:
    told_at = now()
    with session("collector") as opened:
        for item in told.new:
            values = {"owner": item.owner, "message": item.message, "first_on": on, "last_on": on}
            values |= {"told_at": told_at, "settled_at": None}
            row = insert(Alert).values(fingerprint=item.fingerprint, **values)
            opened.execute(row.on_conflict_do_update(index_elements=[Alert.fingerprint], set_=values))
        opened.execute(update(Alert).where(_fingerprints(found)).values(last_on=on))
        opened.execute(update(Alert).where(_fingerprints(told.settled)).values(settled_at=told_at))


def tell(run: Run) -> Told:
    """Send one alert with what is new and settled since the last one; nothing when there is neither."""
    on = run.on
    with step(run, "collector", StepName.ALERT) as record:
        with session("collector") as held:
            lock(held, "alert")
            found = items(on)
            told = _compare(found, {row.fingerprint: row for row in held.scalars(select(Alert))})
            if told.new or told.settled:
                send(f"公共信用数据 {on} 运行提醒", wording(told, on), told.new, on)
                told.sent = True
            _remember(told, found, on)
        record.counts = {"new": len(told.new), "settled": len(told.settled), "standing": told.standing}
        record.verdict = Verdict.OK if told.sent else Verdict.NOTHING_DUE
        record.message = f"没有新的事项，持续 {told.standing} 项"
        if told.sent:
            record.message = f"已提醒：新增 {len(told.new)} 项，已解决 {len(told.settled)} 项"
    return told
