"""What cannot be taken back is done when a second person has agreed to it as it was shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..base.run import Run
from ..catalogue import load_catalogue
from ..ledger import approvals, chain
from ..ledger.session import session
from ..ledger.states import ChainOperation, Irreversible

if TYPE_CHECKING:
    from ..land.retention import Due


_KEYS = {"vault": "保险库", "lookup": "检索", "archive": "归档"}


@dataclass(frozen=True)
class Purged:
    """What went, or would go; ``waiting`` for which question's answer, None where it was done or nothing is due."""

    due: list[Due]
    waiting: int | None = None


@dataclass(frozen=True)
class Rekeyed:
    """Numbers and archive objects with new keys, tokens of numbers found twice; ``waiting`` as with a purge."""

    numbers: int = 0
    objects: int = 0
    doubles: list[str] = field(default_factory=list)
    waiting: int | None = None


def purge(run: Run, reason: str) -> Purged:
    """Remove what is past its retention once a second person agreed to these very rows; until then nothing is changed.

    Raises UserError (code 4 where other rows are due than were agreed to), Busy (``land.retention.purge``).
    """
    from ..land import retention

    due = retention.preview(run.on)
    if not due:
        return Purged(retention.purge(run))  # objects and numbers that nothing holds any more
    about = "；".join(map(_told, due))
    listed = retention.fingerprint(run.on, due)
    if not reason.strip() and (other := approvals.another(Irreversible.PURGE, run.on, listed)):
        raise retention.changed(other)
    asked = _asked(run, Irreversible.PURGE, listed, about, reason)
    if not asked.granted:
        return Purged(due, asked.id)
    done = retention.purge(run, due)
    with session("owner") as opened:
        approvals.used(opened, asked.id)
    return Purged(done)


def _told(due: Due) -> str:
    objects = f"、{len(due.objects):,} 个归档对象" if due.objects else ""
    return f"{due.kind.title} {due.records:,} 条记录、{due.rows:,} 行{objects}"


def rekey(run: Run, reason: str) -> Rekeyed:
    """Encrypt vault and archive anew with the newest keys once a second person agreed (resumable)."""
    from ..custody import archive, keys, vault

    numbers, objects = vault.outdated(), archive.outdated()
    if not numbers and not objects:  # nothing changes; doubles that are known are told again
        return _rekeyed(run)
    said = "、".join(f"{_KEYS[name]}第 {version} 版" for name, version in keys.newest().items())
    about = f"{numbers:,} 个号码、{objects:,} 个归档对象改用最新密钥：{said}"
    asked = _asked(run, Irreversible.REKEY, said, about, reason)
    if not asked.granted:
        return Rekeyed(waiting=asked.id)
    done = _rekeyed(run)
    with session("owner") as opened:
        approvals.used(opened, asked.id)
    return done


def _rekeyed(run: Run) -> Rekeyed:
    from ..custody import archive, vault

    numbers, doubles = vault.rekey(run.holder)
    objects = archive.rekey()
    if numbers or objects:
        with session("owner") as opened:
            chain.note(opened, ChainOperation.REKEYED, numbers=numbers, objects=objects)
    return Rekeyed(numbers, objects, doubles)


def _asked(run: Run, action: Irreversible, fingerprint: str, about: str, reason: str) -> approvals.Asked:
    return approvals.ask(run, action, fingerprint, about, reason, load_catalogue().district.single_handed)
