"""What a verification says: what was altered and between which moments, what it took as lawful, what it cannot say."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ...base import settings
from ...base.messages import UserError
from .chain import Seal

GUARD_OFF = "guard_off"  # a trigger that books or refuses sleeps
ROWS_MORE = "rows_more"  # rows of a table beyond those that are told one by one
UNBOOKED, SEAL_GONE = "raw_unbooked", "seal_gone"
COLUMNS_GONE = "raw_columns_gone"  # of a digest, so that nothing can be compared with it
# What covers more than one state of things: explained once, the next alteration of the same would look like the explained one.
MENDED_ONLY = {
    GUARD_OFF: "停用了的触发器，不能只作说明：重新启用",
    ROWS_MORE: "逐行列出以外的行，不能一并说明：先处理列出的",
    UNBOOKED: "没有摘要可比的行，不能只作说明：查明来历并清除",
    COLUMNS_GONE: "列已不在、不能再比对的行，不能只作说明：从备份恢复这些列",
    SEAL_GONE: "被删的封存，不能只作说明：从留存的根值或备份核对后恢复",
}
MOST = 200  # findings of one table or kind that are told one by one
# What is looked at by which check; two kinds of one check at one place are told by the same look.
CHAIN, TABLES, RAW, OBJECTS, RECEIPTS, ROOTS = "chain", "tables", "raw", "objects", "receipts", "roots"
UNREAD = "objects_unread"  # not a check: objects nothing can be said of, as the archive could not be read
CHECKS = {
    "event_altered": CHAIN,
    "event_gone": CHAIN,
    "link_gone": CHAIN,
    "seal_altered": CHAIN,
    SEAL_GONE: SEAL_GONE,
    "row_altered": TABLES,
    "row_gone": TABLES,
    "row_back": TABLES,
    "row_unbooked": TABLES,
    "raw_altered": RAW,
    COLUMNS_GONE: RAW,
    "raw_counts": RAW,
    "object_altered": OBJECTS,
    "digest_differs": RECEIPTS,
}  # every other kind is a check of its own


def thing(what: str, where: str, key: str = "") -> str:
    """What has to be looked at again before a finding can be settled: the check, and what it was about."""
    return f"{CHECKS.get(what, what)} {key or where.partition('，')[0]}"


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it was booked. ``after``: it still was as booked then (None: not known).

    ``seen``: the hash of what stands there instead ('' where there is none), so that altered once more it is another finding.
    ``key``: what was looked at, where that is not the place alone. ``always``: whether every complete verification looks at it.
    """

    what: str
    where: str
    text: str
    after: datetime | None = None
    seen: str = ""
    key: str = ""
    always: bool = True

    @property
    def thing(self) -> str:
        """What was looked at."""
        return thing(self.what, self.where, self.key)

    @property
    def id(self) -> str:
        """What it is called when it is explained: the same as long as the same is found."""
        return hashlib.sha256("\0".join((self.what, self.where, self.text, self.seen)).encode()).hexdigest()[:32]


@dataclass
class Report:
    """Findings, lawful gaps and what stays unproved, in Chinese; ``counts``: how much was compared.

    ``asked``: the things of which earlier findings stand; ``seen``: those of them that were looked at this time.
    ``partly``: checks that could not look at all there is; ``unread``: why objects of the archive could not be read.
    """

    asked: frozenset[str] = frozenset()
    seen: set[str] = field(default_factory=set)
    partly: set[str] = field(default_factory=set)
    unread: UserError | None = None
    findings: list[Finding] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    unsaid: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def saw(self, check: str, key: str) -> None:
        """Note that a thing was compared, whatever came of it: only then can an earlier finding there be settled."""
        if (name := f"{check} {key}") in self.asked:
            self.seen.add(name)

    def saw_all(self, check: str, begin: str) -> None:
        """Note that all things of a check whose names begin so were compared."""
        self.seen.update(name for name in self.asked if name.startswith(f"{check} {begin}"))

    def count(self, **numbers: int) -> None:
        """Add to what was compared."""
        for name, number in numbers.items():
            self.counts[name] = self.counts.get(name, 0) + number


def clock(at: datetime) -> str:
    """A moment on the district's clock."""
    return at.astimezone(settings.TIMEZONE).strftime("%Y-%m-%d %H:%M:%S")


@dataclass(frozen=True)
class Timeline:
    """The seals in their order, the last complete verification without findings, and now: between which of them a thing was altered."""

    seals: Sequence[Seal]
    clean_at: datetime | None
    now: datetime

    def earliest(self, finding: Finding) -> datetime | None:
        """The last moment at which it is known to have been as booked."""
        known = [at for at in (finding.after, self.clean_at if finding.always else None) if at is not None]
        return max(known) if known else None

    def told(self, finding: Finding) -> str:
        """When it was altered at the earliest and at the latest, and between which seals."""
        after = self.earliest(finding)
        if after is None:
            return f"何时改动说不出，至迟在 {clock(self.now)}"
        last = max((seal.seal_no for seal in self.seals if seal.sealed_at <= after), default=0)
        place = f"第 {last} 次封存之后" if last else "第一次封存之前或之后"
        return f"改于 {clock(after)} 之后（{place}），至迟在 {clock(self.now)}"

    def as_json(self, finding: Finding) -> dict[str, Any]:
        """A finding for scripts; moments in ISO form, seals by number (0: before the first)."""
        after = self.earliest(finding)
        last = max((seal.seal_no for seal in self.seals if after and seal.sealed_at <= after), default=0)
        return {
            "id": finding.id,
            "what": finding.what,
            "where": finding.where,
            "text": finding.text,
            "not_before": after,
            "not_after": self.now,
            "after_seal": last,
        }
