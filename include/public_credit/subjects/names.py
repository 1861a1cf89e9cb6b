"""Names: one resolves only while exactly one registered subject has or had it; rows with nothing but a name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .nodes import Node


@dataclass(frozen=True, slots=True)
class Holder:
    """A register row that has or had a name: its subject's id, or none when the row itself is ambiguous.

    ``only`` marks a row that has no identifier; it counts for its current name alone.
    """

    name: str
    record_id: str
    subject: str | None
    only: bool = False


@dataclass
class Names:
    """Outcome: subject id per name (None: several), per row that has only a name, and names that are a subject."""

    owners: dict[str, tuple[str | None, str]]
    rows: dict[str, str]
    subjects: set[str]


def resolve(holders: Iterable[Holder], judged: dict[str, str | None], own_id: Callable[[Node], str]) -> Names:
    """Resolve names completely given by their holders.

    ``judged``: names a person decided on, ``own_id`` makes the id of a subject known by its name alone.
    """
    by_name: dict[str, list[Holder]] = defaultdict(list)
    for holder in holders:
        by_name[holder.name].append(holder)
    result = Names({}, {}, set())
    for name, found in by_name.items():
        candidates = {holder.subject or f"?{holder.record_id}" for holder in found if not holder.only}
        alone = [holder.record_id for holder in found if holder.only]
        one = next(iter(candidates)) if len(candidates) == 1 else None
        one = judged.get(name) or (None if one is None or one.startswith("?") else one)
        if one is None and alone:
            result.subjects.add(name)
        own = own_id(("name", name))
        result.rows |= dict.fromkeys(alone, one or own)
        if one is None and not candidates:
            one = own
        result.owners[name] = (one, "" if one else "shared")
    return result
