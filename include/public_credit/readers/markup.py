"""XML ROWDATA (``<ROWDATA><ROW><CODE>…</CODE></ROW></ROWDATA>``), streamed; entities and external references refused."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
from lxml import etree

from .base import CHUNK_ROWS, Chunk, Opener, Table, UnreadableFile, column_names

_SAFE = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False, "recover": False}
_MAX_COLUMNS = 500


def _rows(opener: Opener, name: str) -> Iterator[etree._Element]:
    try:
        with opener() as source:
            for _, element in etree.iterparse(source, events=("end",), **_SAFE):
                if isinstance(element.tag, str) and etree.QName(element).localname.upper() == "ROW":
                    yield element
                    element.clear()
                    while element.getprevious() is not None:
                        del element.getparent()[0]
    except etree.XMLSyntaxError:
        raise UnreadableFile(f"文件 {name} 不是完整的 XML，可能被截断。", remedy="重新导出并完整上传后再报送。") from None


def _tag(element: etree._Element) -> str | None:
    return etree.QName(element).localname if isinstance(element.tag, str) else None


def _chunk(rows: list[list[str]], start: int, names: list[str]) -> Chunk:
    return Chunk(pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row"),
                 pl.int_range(start, start + len(rows), dtype=pl.Int32, eager=True))


def _chunks(opener: Opener, name: str, headers: list[str]) -> Iterator[Chunk]:
    names, position = column_names(len(headers)), {header: index for index, header in enumerate(headers)}
    rows: list[list[str]] = []
    start = 1
    for element in _rows(opener, name):
        cells = [""] * len(headers)
        for child in element:
            tag = _tag(child)
            if tag is not None:
                cells[position[tag]] = "".join(child.itertext())
        rows.append(cells)
        if len(rows) == CHUNK_ROWS:
            yield _chunk(rows, start, names)
            start += len(rows)
            rows = []
    if rows:
        yield _chunk(rows, start, names)


def tables(opener: Opener, name: str) -> Iterator[Table]:
    """The one table of an XML file; its columns are all tags that occur, found in a first pass."""
    headers: dict[str, None] = {}
    for element in _rows(opener, name):
        for child in element:
            tag = _tag(child)
            if tag is not None:
                headers.setdefault(tag)
        if len(headers) > _MAX_COLUMNS:
            raise UnreadableFile(f"文件 {name} 的列过多。", remedy="按填报模板导出后重新报送。")
    yield Table(None, list(headers), _chunks(opener, name, list(headers)))
