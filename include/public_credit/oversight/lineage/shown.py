"""The ways of a column as lines for a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .graph import Graph
from .told import Words

_SHOWN = 6  # datasets named of those that fill a field


def as_json(graph: Graph, words: Words, column: str, down: bool) -> dict[str, Any]:
    """A column, every step from it on, nearest first, and where its ways end."""
    seen, left, steps = {column}, [column], []
    while left:
        one = left.pop(0)
        following = graph.towards(one, down)
        made = graph.made.get(one)
        steps.append(
            {
                "column": one,
                "title": words.title(one),
                "made_by": made.by if made else None,
                "used_by" if down else "from": following,
                "delivered_by": [
                    {"dataset": item.dataset.id, "headers": list(item.headers)} for item in words.delivered(one)
                ],
            }
        )
        left += [name for name in following if name not in seen]
        seen.update(following)
    return {"column": column, "title": words.title(column), "steps": steps, "ends": graph.ends(column, down)}


def lines(
    graph: Graph, words: Words, column: str, down: bool, shown: set[str] | None = None, depth: int = 0
) -> Iterator[str]:
    """A column, how it is made, and under it what it is made from; what stands further up (``shown``) is not told again."""
    shown = set() if shown is None else shown
    indent, title, made = "  " * depth, words.title(column), graph.made.get(column)
    following = graph.towards(column, down)
    repeated = column in shown and bool(following)
    yield f"{indent}{column}{f'　{title}' if title else ''}{'（见上）' if repeated else ''}"
    if repeated:
        return
    shown.add(column)
    if made and not down:
        if made.by != column.rpartition(".")[2]:
            yield f"{indent}    = {made.by}"
        if not made.sources:
            yield f"{indent}    （项目中的常量）"
    if not down:
        items = words.delivered(column)
        for item in items[:_SHOWN]:
            yield f"{indent}    ← {item.dataset.id}（{item.dataset.title}）表头：{'、'.join(item.headers)}"
        if len(items) > _SHOWN:
            yield f"{indent}    ← 另有 {len(items) - _SHOWN} 个数据集"
    for name in following:
        yield from lines(graph, words, name, down, shown, depth + 1)
