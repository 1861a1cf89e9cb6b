"""Resolve everything in one go: components by scipy, the plain ones assigned at once, the others one by one.

A component is plain when its rows name one 统一社会信用代码 and no other 组织机构代码 than its own, no row states another
former code and no judgement touches it: then everything in it is that subject's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from .component import Judgement, Outcome, resolve
from .nodes import Node, Row, former_codes, identifiers, order


def _components(
    rows: Sequence[Row], judgements: Sequence[Judgement]
) -> tuple[np.ndarray, np.ndarray, list[tuple[Node, ...]]]:
    """Component number per row and per judgement; identifiers per row."""
    numbers: dict[Node, int] = {}
    left: list[int] = []
    right: list[int] = []
    found = [identifiers(row) for row in rows]

    def tie(number: int, items: Sequence[Node]) -> None:
        for item in items:
            left.append(number)
            right.append(numbers.setdefault(item, len(numbers)))

    for number, (row, items) in enumerate(zip(rows, found, strict=True)):
        tie(number, items)
        tie(number, former_codes(row) if items else ())
    for number, item in enumerate(judgements, start=len(rows)):
        tie(number, [item.left, item.right])
    ends = len(rows) + len(judgements)
    size = ends + len(numbers)
    graph = coo_array(
        (np.ones(len(left), dtype=bool), (np.array(left, dtype=np.int64), np.array(right, dtype=np.int64) + ends)),
        shape=(size, size),
    )
    _, labels = connected_components(graph, directed=False)
    return labels[: len(rows)], labels[len(rows) : ends], found


def resolve_all(rows: Sequence[Row], judgements: Sequence[Judgement]) -> Outcome:
    """The outcome of ``resolve`` over all rows."""
    labels, judged, found = _components(rows, judgements)
    outcome = Outcome()
    by_label = np.argsort(labels, kind="stable")
    edges = np.flatnonzero(np.diff(labels[by_label])) + 1
    judged_in: dict[int, list[Judgement]] = {}
    for label, item in zip(judged.tolist(), judgements, strict=True):
        judged_in.setdefault(label, []).append(item)
    for members in np.split(by_label, edges) if len(rows) else ():
        positions = members.tolist()
        label = int(labels[positions[0]])
        judged_here = judged_in.pop(label, ())
        if judged_here or not _plain(outcome, positions, rows, found):
            _merge(outcome, resolve([rows[position] for position in positions], judged_here))
    for items in judged_in.values():  # judgements about identifiers no row names
        _merge(outcome, resolve((), items))
    return outcome


def _plain(outcome: Outcome, positions: list[int], rows: Sequence[Row], found: list[tuple[Node, ...]]) -> bool:
    """Assign a plain component; False when it is not plain."""
    first = found[positions[0]]
    if not first:
        return len(positions) == 1
    items = first if len(positions) == 1 else tuple({item for position in positions for item in found[position]})
    usccs = [item for item in items if item[0] == "uscc"]
    if len(usccs) != 1 or sum(item[0] == "org" for item in items) != 1:
        return False
    if any(rows[position].predecessor_uscc not in ("", usccs[0][1]) for position in positions):
        return False
    canonical = min(items, key=order)
    outcome.rows |= dict.fromkeys((rows[position].record_id for position in positions), canonical)
    outcome.owners |= dict.fromkeys(items, (canonical, ""))
    return True


def _merge(outcome: Outcome, part: Outcome) -> None:
    outcome.rows |= part.rows
    outcome.owners |= part.owners
    outcome.successions += part.successions
    outcome.items += part.items
