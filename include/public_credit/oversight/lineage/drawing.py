"""The ways through one or more columns as boxes side by side: a box a relation, a line in it a column, sources on the left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .graph import Graph

MOST = 240  # columns drawn, the nearest; a page of more can be read by nobody
ACROSS, WIDE, HEAD, LINE, GAP, EDGE = 300, 236, 24, 20, 14, 10  # pixels


@dataclass(frozen=True)
class Cell:
    """A column in its box, by the middle of its line."""

    column: str
    x: int
    y: int


@dataclass(frozen=True)
class Box:
    """A relation with those of its columns that are drawn."""

    relation: str
    x: int
    y: int
    height: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Drawing:
    """Boxes, the lines between their cells as SVG paths with both ends, and the size of it all. ``left_out``: columns further off."""

    boxes: tuple[Box, ...]
    lines: tuple[tuple[str, str, str], ...]
    width: int
    height: int
    left_out: int

    @property
    def columns(self) -> set[str]:
        """What is drawn."""
        return {cell.column for box in self.boxes for cell in box.cells}


def around(graph: Graph, asked: Iterable[str]) -> tuple[set[str], int]:
    """The columns that lie on a way from or to one of those asked for, the nearest ``MOST``, and how many more there are."""
    asked = list(asked)
    kept, found = dict.fromkeys(asked), set(asked)
    edges = {False: list(asked), True: list(asked)}
    while any(edges.values()):
        for down, edge in list(edges.items()):
            following = sorted({name for one in edge for name in graph.towards(one, down)} - found)
            found.update(following)
            edges[down] = following
            kept |= dict.fromkeys(following[: max(MOST - len(kept), 0)])
    return set(kept), len(found) - len(kept)


def drawn(graph: Graph, asked: Iterable[str]) -> Drawing:
    """The drawing of the ways through columns."""
    kept, left_out = around(graph, asked)
    pairs = [(source, column) for column in sorted(kept) for source in graph.towards(column) if source in kept]
    members: dict[str, list[str]] = defaultdict(list)
    for column in sorted(kept):
        members[_relation(column)].append(column)
    reads: dict[str, set[str]] = {relation: set() for relation in members}
    for source, column in pairs:
        reads[_relation(column)].add(_relation(source))
    cells, boxes = _placed(members, reads)
    lines = tuple((_line(cells[source], cells[column]), source, column) for source, column in pairs)
    return Drawing(
        boxes=tuple(boxes),
        lines=lines,
        width=max(box.x for box in boxes) + WIDE + EDGE,
        height=max(box.y + box.height for box in boxes) + EDGE,
        left_out=left_out,
    )


def _relation(column: str) -> str:
    return column.rpartition(".")[0]


def _layers(reads: Mapping[str, set[str]]) -> dict[str, int]:
    """How many steps each relation is from its furthest source; what reads an earlier build's rows of a later one counts no step."""
    layers: dict[str, int] = {}

    def layer(relation: str, above: frozenset[str]) -> int:
        if relation not in layers:
            below = [layer(other, above | {relation}) for other in sorted(reads[relation] - above - {relation})]
            layers[relation] = max(below, default=-1) + 1
        return layers[relation]

    for relation in sorted(reads):
        layer(relation, frozenset())
    return layers


def _placed(members: Mapping[str, list[str]], reads: Mapping[str, set[str]]) -> tuple[dict[str, Cell], list[Box]]:
    """Boxes in their layers, each about as high as what it reads."""
    layers = _layers(reads)
    middles: dict[str, float] = {}
    cells: dict[str, Cell] = {}
    boxes: list[Box] = []
    for number in sorted(set(layers.values())):
        own = [relation for relation in members if layers[relation] == number]
        own.sort(
            key=lambda relation: (_mean([middles[other] for other in reads[relation] if other in middles]), relation)
        )
        x, y = EDGE + number * ACROSS, EDGE
        for relation in own:
            height = HEAD + LINE * len(members[relation]) + 6
            placed = tuple(
                Cell(column, x, y + HEAD + LINE * line + LINE // 2) for line, column in enumerate(members[relation])
            )
            cells |= {cell.column: cell for cell in placed}
            boxes.append(Box(relation, x, y, height, placed))
            middles[relation] = y + height / 2
            y += height + GAP
    return cells, boxes


def _mean(numbers: list[float]) -> float:
    return sum(numbers) / len(numbers) if numbers else 0.0


def _line(source: Cell, column: Cell) -> str:
    """A curve from the right of one cell to the left of another."""
    begin, end = source.x + WIDE, column.x
    bend = max((end - begin) // 2, 30)
    return f"M{begin},{source.y} C{begin + bend},{source.y} {end - bend},{column.y} {end},{column.y}"
