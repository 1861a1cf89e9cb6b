"""溯源: the search, a record's case, a row of a receipt, the records behind a figure, lineage – the pages of ``oversight`` under stable URLs."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import FastAPI, Path, Query

from ...base.messages import UserError
from ...catalogue import load_catalogue
from ...oversight import figure, search, trace
from ...oversight.lineage import compiled, shown
from ...oversight.lineage import page as lineage_page
from ...oversight.lineage.told import Words
from ...oversight.record import load
from ..guard import Signed
from ..start import run_now
from . import register
from .register import Told
from .work import Seq

Text = Annotated[str, Query(max_length=200)]
Key = Annotated[str, Path(max_length=200)]
_READ = 8 * 1024 * 1024  # bytes of an original that a page reads through
_LINES = 500  # of a figure; the workbook of the command has all of them
_HOMES = {  # sort of a hit → where it is shown
    "record": "/records/{}", "batch": "/batches/{}", "receipt": "/batches/{}", "figure": "/figures/{}",
    "subject": "/subjects/find?key={}",
}  # fmt: skip


def _home(hit: search.Hit) -> str:
    if hit.sort == "row":
        batch, _, row = hit.key.partition("/")
        return f"/batches/{batch}/rows/{row}"
    return _HOMES.get(hit.sort, "/find?q={}").format(quote(hit.key, safe="/"))


def find(person: Signed, q: Text = "") -> Told:
    """Everything that answers to a document number, code, name, record id, receipt, hash or figure; never a person's number."""
    if not q.strip():
        return {"q": "", "hits": [], "notes": []}
    found = search.search(person.run(run_now()), q)
    hits = [{"href": _home(hit), "word": hit.word, "title": hit.title, "detail": hit.detail} for hit in found.hits]
    return {"q": q, "hits": hits, "notes": found.notes}


def _case(person: Signed, asked: load.Asked, purpose: str) -> Told:
    if asked.about_person and not purpose.strip():
        return {"case": None}
    told = load.case(person.run(run_now()), asked, purpose=purpose, channel="desk", largest=_READ, token=person.token)
    return {"case": told}


def record(person: Signed, key: Key, purpose: Text = "") -> Told:
    """A record as one case; of a person only with a purpose, and every look is logged."""
    try:
        asked = load.one(key, person.run(run_now()), purpose=purpose)
    except trace.PurposeNeeded:
        return {"case": None}
    return _case(person, asked, purpose)


def row(person: Signed, seq: Seq, row_no: Seq, purpose: Text = "") -> Told:
    """A row of a receipt, returned and refused ones too."""
    return _case(person, load.at_place(seq, row_no), purpose)


def figures(person: Signed, number: Key) -> Told:
    """The records behind a figure."""
    return {"lines": figure.lines(number, _LINES)}


def lineage(person: Signed, column: Key) -> Told:
    """What a column or figure is made from, and what is made from it."""
    if not column.strip():
        raise UserError("没有写明要查的字段、列或数字。", remedy="例如 T05/1/all/2026。", code=4)
    graph, words = compiled.current(), Words(load_catalogue())
    columns = words.find(graph, column)
    return {
        "wanted": column,
        "columns": [shown.as_json(graph, words, one, False) for one in columns],
        "body": lineage_page.body(graph, words, columns, wanted=column, linked=True),
    }


def register_all(app: FastAPI) -> None:
    """Put the routes into the application."""
    register.page(app, "/find", "find.html.j2", "溯源", find)
    register.page(app, "/records/{key}", "record.html.j2", "记录溯源", record)
    register.page(app, "/batches/{seq}/rows/{row_no}", "record.html.j2", "行溯源", row)
    register.page(app, "/figures/{number:path}", "figure.html.j2", "数字溯源", figures)
    register.page(app, "/lineage/{column:path}", "lineage.html.j2", "数据血缘", lineage)
