"""Who is who: subjects of some register rows and judgements, as a pure function of both.

Rows that share nothing do not influence each other, so any union of whole components may be resolved at once.

1. 统一社会信用代码 are subjects. Two become one only by a judgement or because the register itself states a former code
   of the same kind (a re-issued code); 个体工商户 → enterprise (92 → 91, 93) is a succession between two.
2. A 组织机构代码 belongs to the one such subject that embeds or names it; rows without any 统一社会信用代码 belong to it.
3. Every other number belongs to the one subject whose rows name it. Named by two it is shared: it identifies nobody,
   merges nothing and is an item for a person.
4. Rows with other numbers only follow these numbers; numbers of two subjects in one such row contradict each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ..ledger.states import Topic
from .groups import Groups
from .nodes import Node, Row, identifiers, key, order, usable

CONVERSIONS = {("92", "91"), ("92", "93")}


@dataclass(frozen=True)
class Judgement:
    """A judgement in force."""

    id: int
    same: bool
    left: Node
    right: Node


@dataclass(frozen=True)
class Item:
    """Something for the work list."""

    topic: str
    key: str
    reason: str
    detail: dict[str, Any]


@dataclass
class Outcome:
    """Canonical node per row (None: ambiguous) and identifier (None with a reason), successions, items."""

    rows: dict[str, Node | None] = field(default_factory=dict)
    owners: dict[Node, tuple[Node | None, str]] = field(default_factory=dict)
    successions: list[tuple[str, Node, Node, date | None]] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)


class Resolver:
    """One resolution; the steps run in the order of the module's description."""

    def __init__(self, rows: Iterable[Row], judgements: Iterable[Judgement]):
        self.rows = sorted(rows, key=lambda row: row.record_id)
        judged = sorted(judgements, key=lambda item: (order(item.left), order(item.right), item.id))
        self.groups = Groups((item.left, item.right) for item in judged if not item.same)
        self.nodes = {row.record_id: identifiers(row) for row in self.rows}
        self.of_uscc: dict[str, list[Row]] = defaultdict(list)
        self.claimants: dict[Node, list[Row]] = defaultdict(list)
        for row in self.rows:
            for item in self.nodes[row.record_id]:
                self.claimants[item].append(row)
            if self._has_uscc(row):
                self.of_uscc[row.uscc].append(row)
        self.unowned: dict[Node, str] = {}
        self.homes: dict[str, Node | None] = {}
        self.outcome = Outcome()
        for judgement in judged:
            if judgement.same and not self.groups.join(judgement.left, judgement.right):
                self._ask(
                    Topic.SEVERAL_USCCS,
                    f"j{judgement.id}",
                    "judgements_contradict",
                    judgement=judgement.id,
                    keys=[key(judgement.left), key(judgement.right)],
                )

    def _has_uscc(self, row: Row) -> bool:
        found = self.nodes[row.record_id]
        return bool(found) and found[0][0] == "uscc"

    def _ask(self, topic: str, about: str, reason: str, **detail: Any) -> None:
        self.outcome.items.append(Item(topic, about, reason, detail))

    def predecessors(self) -> list[Row]:
        """Join re-issued codes; the rows that state a conversion."""
        for uscc in sorted(self.of_uscc):
            self.groups.add(("uscc", uscc))
        stated: dict[str, set[str]] = defaultdict(set)
        conversions, reissues = [], []
        for row in self.rows:
            before = row.predecessor_uscc
            if not self._has_uscc(row) or before == row.uscc or not usable("uscc", before):
                continue
            if (before[:2], row.uscc[:2]) in CONVERSIONS:
                conversions.append(row)
            else:
                reissues.append(row)
                stated[before].add(row.uscc)
        for row in sorted(reissues, key=lambda row: (row.uscc, row.predecessor_uscc, row.record_id)):
            before = row.predecessor_uscc
            own, past = ("uscc", row.uscc), ("uscc", before)
            reason = self._doubt(row, stated[before])
            if not reason:
                self.groups.join(own, past)
            if self.groups.add(own) == self.groups.add(past):
                self._claim_too(row, ("org", before[8:17]))
            elif reason and not self.groups.forbidden(own, past):
                self._ask(Topic.SEVERAL_USCCS, row.record_id, reason, usccs=sorted([row.uscc, before]))
        return conversions

    def _claim_too(self, row: Row, item: Node) -> None:
        """The 组织机构代码 inside a re-issued code is the subject's as well."""
        if row not in self.claimants[item]:
            self.claimants[item].append(row)

    def _doubt(self, row: Row, successors: set[str]) -> str:
        """Why a stated former code is not taken as the same subject, or ''."""
        before = row.predecessor_uscc
        if before[:2] != row.uscc[:2]:
            return "predecessor_of_another_kind"
        if len(successors) > 1:
            return "predecessor_of_several"
        rivals = [other for other in self.of_uscc.get(before, ()) if other.live]
        if row.live and rivals and not any(other.names & row.names for other in rivals):
            return "predecessor_alive_under_another_name"
        return ""

    def _assign(self, item: Node, claimants: set[Any]) -> None:
        """Give an identifier to the one group that claims it; book why nobody gets it."""
        if item in self.groups and self.groups.members()[self.groups.find(item)] != [item]:
            return  # judged
        entitled = {home for home in claimants if home is None or not self.groups.forbidden(home, item)}
        if len(entitled) == 1 and None not in entitled:
            self.groups.join(entitled.pop(), item)
        elif len(entitled) > 1:
            self.unowned[item] = "shared"
            rows = self.claimants[item]
            self._ask(
                Topic.SHARED_IDENTIFIER,
                key(item),
                "shared",
                usccs=sorted({row.uscc for row in rows if row.uscc}),
                records=sorted(row.record_id for row in rows),
            )
        elif entitled:
            self.unowned[item] = "contradictory"
        elif claimants and all(row.record_id in self.homes for row in self.claimants[item]):
            self.unowned[item] = "judged"
        else:
            self.groups.add(item)

    def _owner(self, item: Node) -> Node | None:
        return None if item in self.unowned else self.groups.find(item)

    def organisation_codes(self) -> None:
        """Own every 组织机构代码; settle the rows that have it but no 统一社会信用代码."""
        for row in self.rows:
            if self._has_uscc(row):
                self.homes[row.record_id] = ("uscc", row.uscc)
        for item in sorted((item for item in self.claimants if item[0] == "org"), key=order):
            self._assign(
                item, {self.groups.find(("uscc", row.uscc)) for row in self.claimants[item] if self._has_uscc(row)}
            )
        for row in self.rows:
            codes = [item for item in self.nodes[row.record_id] if item[0] == "org"]
            if codes and row.record_id not in self.homes:
                self._settle(row, codes)

    def _settle(self, row: Row, items: Sequence[Node]) -> None:
        """A row without 统一社会信用代码 belongs to the one owner of its identifiers."""
        owners = {self._owner(item) for item in items}
        known = owners - {None}
        if len(known) == 1 and (len(owners) == 1 or items[0][0] != "org"):
            self.homes[row.record_id] = known.pop()
            return
        self.homes[row.record_id] = None
        if len(known) > 1:
            self._ask(
                Topic.SEVERAL_USCCS, row.record_id, "identifiers_contradict", keys=sorted(key(item) for item in items)
            )

    def other_numbers(self) -> None:
        """Own the remaining numbers, then the rows that have nothing else."""
        rest = sorted((item for item in self.claimants if item[0] not in ("uscc", "org")), key=order)
        for item in rest:
            homes = [self.homes[row.record_id] for row in self.claimants[item] if row.record_id in self.homes]
            self._assign(item, {home if home is None else self.groups.find(home) for home in homes})
        floating = [row for row in self.rows if row.record_id not in self.homes and self.nodes[row.record_id]]
        self._join_floating(floating)
        for row in floating:
            self._settle(row, self.nodes[row.record_id])

    def _join_floating(self, rows: list[Row]) -> None:
        """Numbers that only such rows name go together, and with an owner's when there is exactly one."""
        loose = Groups()
        owners: dict[Node, set[Node]] = defaultdict(set)
        for row in rows:
            free = [item for item in self.nodes[row.record_id] if self._free(item)]
            for item in free:
                loose.join(free[0], item)
        for row in rows:
            items = self.nodes[row.record_id]
            free = [item for item in items if self._free(item)]
            if free:
                owners[loose.find(free[0])] |= {
                    self.groups.find(item) for item in items if item not in free and item not in self.unowned
                }
        for root, members in sorted(loose.members().items()):
            found = owners[root]
            members = sorted(members, key=order)
            if len(found) > 1:
                self.unowned |= dict.fromkeys(members, "contradictory")
                continue
            first = next(iter(found), members[0])
            for item in members:
                self.groups.join(first, item)

    def _free(self, item: Node) -> bool:
        """Named by rows without any other identifier alone, and not judged."""
        return item not in self.unowned and self.groups.members()[self.groups.find(item)] == [item]

    def finish(self, conversions: list[Row]) -> Outcome:
        """Canonical nodes, identifiers of subjects that have a row, successions."""
        described = {self.groups.find(home) for home in self.homes.values() if home is not None}
        canonical = {
            root: min(members, key=order) for root, members in self.groups.members().items() if root in described
        }
        for row in self.rows:
            if not self.nodes[row.record_id]:
                continue
            home = self.homes[row.record_id]
            self.outcome.rows[row.record_id] = None if home is None else canonical[self.groups.find(home)]
        for root, members in self.groups.members().items():
            for item in members:
                if root in canonical and item not in self.unowned:
                    self.outcome.owners[item] = (canonical[root], "")
                elif item in self.claimants and item not in self.unowned:
                    self.outcome.owners[item] = (None, "contradictory")
        for item, reason in self.unowned.items():
            self.outcome.owners[item] = (None, reason)
        for row in conversions:
            past = ("uscc", row.predecessor_uscc)
            old = self.outcome.owners.get(past, (None, ""))[0]
            new = self.outcome.rows[row.record_id]
            if old and new and old != new:
                self.outcome.successions.append((row.record_id, old, new, row.known_on))
        return self.outcome


def resolve(rows: Iterable[Row], judgements: Iterable[Judgement] = ()) -> Outcome:
    """The subjects of whole components of rows and judgements."""
    resolver = Resolver(rows, judgements)
    conversions = resolver.predecessors()
    resolver.organisation_codes()
    resolver.other_numbers()
    return resolver.finish(conversions)


def representative(rows: Sequence[Row]) -> Row:
    """The row that describes a subject: with a code, not replaced by another, still listed, alive, newest."""
    replaced = {row.predecessor_uscc for row in rows}
    return max(
        rows,
        key=lambda row: (bool(row.uscc), row.uscc not in replaced, not row.gone, row.live, row.newest, row.record_id),
    )
