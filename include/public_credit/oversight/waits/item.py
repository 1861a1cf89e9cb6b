"""One thing that waits for somebody, who that is, and the order in which things are told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import IntEnum
from itertools import groupby
from operator import attrgetter
from typing import Any

from ...base.messages import spoken
from ...catalogue import Catalogue, load_catalogue
from ...identifiers import persons

ENGINEER, LEADERSHIP, DEPARTMENT = "data_engineer", "leadership", "department"


class Rank(IntEnum):
    """How bad it is that it waits, worst first. ``docs/reliability.md`` has the same table for readers."""

    TERM_PASSED = 1  # a term set by law has run out
    OUR_FAULT = 2  # a step or a receipt ended in an error of ours
    STOPPED = 3  # held, waiting for an approval, of unknown outcome: nothing goes on until somebody acts
    NOT_TAKEN = 4  # a source or a file could not be read
    REJECTED = 5  # the receiver refused records
    OVERDUE = 6  # a unit is silent, a slip has not come back in time
    TO_DECIDE = 7  # rows to correct, within their time; corrections a person decides
    NOTICE = 8  # beside what was agreed: nothing stops


RANKS: dict[Rank, str] = {
    Rank.TERM_PASSED: "超过法定时限",
    Rank.OUR_FAULT: "平台出错",
    Rank.STOPPED: "停住待处理",
    Rank.NOT_TAKEN: "收不到",
    Rank.REJECTED: "被拒收",
    Rank.OVERDUE: "逾期",
    Rank.TO_DECIDE: "待更正或认定",
    Rank.NOTICE: "提示",
}


@dataclass(frozen=True)
class Item:
    """One thing that waits.

    ``key`` is the same while it is the same thing, whatever is said of it; ``state`` changes with what is asked for. Both are
    made of ids of ours and hold no wording. ``message`` says what, ``act`` how to end it, ``since`` is a business date;
    ``owner_name``: the owner as people call it, which the list fills in (``told``). Things with the same ``fold`` are told as one
    line, with the sum of their ``rows``; '' is told by itself.
    """

    key: str
    state: str
    rank: Rank
    owner: str
    message: str
    act: str
    since: date
    unit_id: str = ""
    dataset_id: str = ""
    owner_name: str = ""
    fold: str = ""
    rows: int = 0

    @property
    def fingerprint(self) -> str:
        """The same as long as the same is asked of the same one."""
        return f"{self.key}#{self.state}/{self.owner}"

    def as_json(self) -> dict[str, Any]:
        """For scripts: ``rank`` as its number, the owner also as people call it."""
        return {
            "fingerprint": self.fingerprint,
            "rank": int(self.rank),
            "rank_title": RANKS[self.rank],
            "owner": self.owner,
            "owner_name": self.owner_name,
            "unit_id": self.unit_id,
            "dataset_id": self.dataset_id,
            "since": self.since.isoformat(),
            "message": spoken(self.message),
            "act": spoken(self.act),
            "fold": self.fold,
            "rows": self.rows,
        }


def owner_of(kind: str | None, unit_id: str | None) -> str:
    """Whose move it is; what names nobody, or a department and not which, is the data engineer's."""
    if kind == DEPARTMENT:
        return f"{DEPARTMENT}:{unit_id}" if unit_id else ENGINEER
    return kind or ENGINEER


def owner_name(catalogue: Catalogue, owner: str) -> str:
    """An owner as people call it."""
    kind, _, unit_id = owner.partition(":")
    if kind == DEPARTMENT:
        return catalogue.unit_name(unit_id) if unit_id else "来源单位"
    return {ENGINEER: "数据管理员", LEADERSHIP: "分管领导", "city": "市平台"}.get(kind, kind)


def contact_of(owner: str) -> str:
    """Whom to ask for what waits for an owner, as the district says it; '' where it does not."""
    kind, _, unit_id = owner.partition(":")
    catalogue = load_catalogue()
    if kind == DEPARTMENT:
        return catalogue.units[unit_id].contact if unit_id in catalogue.units else ""
    contact = catalogue.district.contacts.get(kind)
    return contact.told if contact else ""


def about(catalogue: Catalogue, unit_id: str | None, dataset_id: str | None) -> str:
    """Unit and dataset as people call them."""
    dataset = catalogue.datasets.get(dataset_id or "")
    names = [catalogue.unit_name(unit_id) if unit_id else None, dataset.title if dataset else dataset_id]
    return " · ".join(name for name in names if name)


def ordered(found: Iterable[Item]) -> list[Item]:
    """By owner, worst first: the owner of the worst item comes first, and of each owner the worst and oldest item."""
    by_owner: dict[str, list[Item]] = {}
    for item in sorted(found, key=lambda item: (item.rank, item.since, item.key)):
        by_owner.setdefault(item.owner, []).append(item)
    return [item for items in by_owner.values() for item in items]


def of_owners(items: Iterable[Item]) -> list[tuple[str, list[Item]]]:
    """An ordered list, owner by owner."""
    return [(owner, list(theirs)) for owner, theirs in groupby(items, attrgetter("owner"))]


def told(catalogue: Catalogue, item: Item) -> Item:
    """The item as it is told: with its owner's name, without numbers of persons, which a file or column name may hold."""
    return replace(
        item,
        key=persons.mask(item.key),
        message=persons.mask(item.message),
        owner_name=owner_name(catalogue, item.owner),
    )


def folded(items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Items as ``as_json`` tells them, several slips of one unit as one: their count, their rows, the oldest day."""
    groups: dict[Any, list[dict[str, Any]]] = {}
    for place, item in enumerate(items):
        groups.setdefault((item["owner"], item["fold"]) if item["fold"] else place, []).append(item)
    return [_one(group) for group in groups.values()]


def _one(group: list[dict[str, Any]]) -> dict[str, Any]:
    first = group[0]
    if len(group) == 1:
        return first
    rows = sum(item["rows"] for item in group)
    late = "，已逾期" if first["rank"] == Rank.OVERDUE else ""
    return first | {
        "message": f"{about(load_catalogue(), first['unit_id'], None)}：{len(group)} 份退回单共 {rows:,} 行待更正{late}",
        "act": spoken(f"按退回单更正后重报；逐份见 public-credit slips --unit {first['unit_id']}，或加 --all"),
        "since": min(item["since"] for item in group),
        "rows": rows,
        "folded": len(group),
    }
