"""The ways of a column as lines for a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import told
from .graph import Graph

_SHOWN = 6  # datasets named of those that fill a field


def as_json(graph: Graph, column: str, down: bool) -> dict[str, Any]:
    """A column, every step from it on, nearest first, and where its ways end."""
    seen, left, steps = {column}, [column], []
    while left:
        one = left.pop(0)
        following = graph.towards(one, down)
        made = graph.made.get(one)
        steps.append(
            {
                "column": one,
                "title": told.title(one),
                "made_by": made.by if made else None,
                "used_by" if down else "from": following,
                "delivered_by": [
                    {"dataset": item.dataset.id, "headers": list(item.headers)} for item in told.delivered(one)
                ],
            }
        )
        left += [name for name in following if name not in seen]
        seen.update(following)
    return {"column": column, "title": told.title(column), "steps": steps, "ends": graph.ends(column, down)}


def lines(graph: Graph, column: str, down: bool, shown: dict[str, None], depth: int = 0) -> Iterator[str]:
    """A column, how it is made, and under it what it is made from; what stands further up is not told again."""
    indent, words = "  " * depth, told.title(column)
    repeated = column in shown and bool(graph.towards(column, down))
    yield f"{indent}{column}{f'　{words}' if words else ''}{'（见上）' if repeated else ''}"
    if repeated:
        return
    shown[column] = None
    made = graph.made.get(column)
    if made and not down and made.by != column.rpartition(".")[2]:
        yield f"{indent}    = {made.by}"
    if made and not made.sources and not down:
        yield f"{indent}    （项目中的常量）"
    if not down:
        yield from _deliveries(column, indent)
    for following in graph.towards(column, down):
        yield from lines(graph, following, down, shown, depth + 1)


def _deliveries(column: str, indent: str) -> Iterator[str]:
    items = told.delivered(column)
    for item in items[:_SHOWN]:
        yield f"{indent}    ← {item.dataset.id}（{item.dataset.title}）表头：{'、'.join(item.headers)}"
    if len(items) > _SHOWN:
        yield f"{indent}    ← 另有 {len(items) - _SHOWN} 个数据集"
