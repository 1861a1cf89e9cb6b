"""Lineage as a page: the drawing, and every drawn column with how it is made, what it is made from and what is made from it."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from ...papers.record.page import environment, frame
from . import drawing
from .graph import ROWS, Graph
from .told import Delivered, Words

_SHOWN = 8  # datasets named of those that fill a field
ROOMS = {
    "raw": "报送字段",
    "staging": "明细层",
    "intermediate": "中间层",
    "marts": "集市",
    "exports": "导出",
    "published": "发布视图",
    "ledger": "台账",
    "subjects": "主体登记",
    "policy": "政策种子",
}


@dataclass(frozen=True)
class Told:
    """A drawn column in words."""

    column: str
    name: str
    relation: str
    room: str
    title: str
    made_by: str
    sources: list[str]
    uses: list[str]
    delivered: list[Delivered]
    more: int


def anchor(column: str) -> str:
    """The id of a column's entry on the page."""
    return "c-" + column.replace(".", "-").replace(ROWS, "rows")


def _told(graph: Graph, words: Words, column: str) -> Told:
    relation, _, name = column.rpartition(".")
    made, delivered = graph.made.get(column), words.delivered(column)
    by = "" if made is None or made.by == name else made.by
    if made is not None and not made.sources:
        by = by or "项目中的常量"
    return Told(
        column=column,
        name="逐行" if name == ROWS else name,
        relation=relation,
        room=ROOMS.get(relation.partition(".")[0], ""),
        title=words.title(column),
        made_by=by,
        sources=graph.towards(column),
        uses=graph.towards(column, down=True),
        delivered=delivered[:_SHOWN],
        more=max(len(delivered) - _SHOWN, 0),
    )


def body(graph: Graph, words: Words, columns: list[str], *, wanted: str = "", linked: bool = False) -> Markup:
    """Drawing and entries without a frame. ``wanted``: what was asked for, where it is no column's own name; ``linked``: columns
    that are not drawn link to ``/lineage/<column>``.
    """
    drawn = drawing.drawn(graph, columns)
    told = {
        column: _told(graph, words, column)
        for column in sorted(drawn.columns, key=lambda name: (name not in columns, name))
    }
    template = environment().get_template("lineage.html.j2")
    return Markup(
        template.render(
            drawn=drawn,
            told=told,
            asked=set(columns),
            wanted=wanted,
            anchor=anchor,
            linked=linked,
            wide=drawing.WIDE,
            head=drawing.HEAD,
        )
    )


def page(graph: Graph, words: Words, columns: list[str], *, wanted: str, simulated: bool) -> str:
    """The lineage of columns as one file."""
    content = body(graph, words, columns, wanted=wanted)
    return frame("数据血缘", f"{wanted} · 数据血缘", content, simulated=simulated)
