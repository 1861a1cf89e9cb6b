"""XML ROWDATA (``<ROWDATA><ROW><CODE>…</CODE></ROW></ROWDATA>``), streamed; entities and external references refused."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

import polars as pl
from lxml import etree

from ...base.exact_json import told_apart
from .base import CHUNK_ROWS, Chunk, Opener, Table, UnreadableFile, column_names, nothing_to_report

_SAFE = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False, "recover": False}
_MAX_COLUMNS = 500
_PROBE = 1 << 20
_ENTITY = re.compile(rb"<!ENTITY\b", re.I)
# Systems declare the older name of a Chinese encoding and write letters of the newer one, which holds both.
_DECLARED = re.compile(rb"^\s*<\?xml[^>]*encoding\s*=\s*[\"'](?:gb2312|gbk|gb_2312-80|cp936|x-gbk|euc-cn)[\"']", re.I)

_OTHERS = re.compile(rb"^\s*<\?xml[^>]*encoding\s*=\s*[\"'](?!utf-?8[\"'])", re.I)
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, b"<\x00", b"\x00<")


def _encoding(opener: Opener, name: str) -> str | None:
    """The encoding to read a file in where that is not the one it declares. Raises UnreadableFile for entities of its own."""
    with opener() as source:
        first = source.read(_PROBE)
    if _ENTITY.search(first.replace(b"\x00", b"")):
        raise UnreadableFile(
            f"文件 {name} 定义了 XML 实体（ENTITY），不能读取。",
            remedy="导出时直接写出文字，不用自定义实体，再重新报送。",
        )
    if _DECLARED.match(first):
        return "gb18030"
    declared = _OTHERS.match(first)
    return "gb18030" if declared is None and not first.startswith(_WIDE) and not _is_utf8(first) else None


def _is_utf8(first: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(first)
    except UnicodeDecodeError:
        return False
    return True


def _nothing(opener: Opener, encoding: str | None) -> bool:
    """Whether a whole file is a root ROWDATA without any child or text."""
    with opener() as source:
        root = etree.parse(source, etree.XMLParser(encoding=encoding, **_SAFE)).getroot()
    return etree.QName(root).localname.upper() == "ROWDATA" and not len(root) and not (root.text or "").strip()


def _rows(opener: Opener, name: str, encoding: str | None) -> Iterator[etree._Element]:
    try:
        with opener() as source:
            for _, element in etree.iterparse(source, events=("end",), encoding=encoding, **_SAFE):
                if isinstance(element.tag, str) and etree.QName(element).localname.upper() == "ROW":
                    yield element
                    element.clear()
                    while (parent := element.getparent()) is not None and element.getprevious() is not None:
                        del parent[0]
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise UnreadableFile(
            f"文件 {name} 第 {line} 行第 {column} 列起不是完整的 XML（有未转义的 & 或 <、不允许的字符，或文件被截断）。",
            remedy="改正该处或重新导出，完整上传后再报送。",
        ) from None


def _fields(row: etree._Element) -> list[tuple[str, str]]:
    """The fields of a record by their tags, or by the attributes it has; one given again has a name of its own."""
    fields = [(etree.QName(child).localname, child) for child in row if isinstance(child.tag, str)]
    values = [(tag, "".join(child.itertext())) for tag, child in fields]
    values += [(str(name), str(value)) for name, value in row.attrib.items() if not str(name).startswith("{")]
    return list(zip(told_apart(name for name, _ in values), (value for _, value in values), strict=True))


def _chunk(rows: list[list[str]], start: int, names: list[str]) -> Chunk:
    return Chunk(
        pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row"),
        pl.int_range(start, start + len(rows), dtype=pl.Int32, eager=True),
    )


def _chunks(opener: Opener, name: str, headers: list[str], encoding: str | None) -> Iterator[Chunk]:
    names, position = column_names(len(headers)), {header: index for index, header in enumerate(headers)}
    rows: list[list[str]] = []
    start = 1
    for element in _rows(opener, name, encoding):
        cells = [""] * len(headers)
        for tag, value in _fields(element):
            cells[position[tag]] = value
        rows.append(cells)
        if len(rows) == CHUNK_ROWS:
            yield _chunk(rows, start, names)
            start += len(rows)
            rows = []
    if rows:
        yield _chunk(rows, start, names)


def tables(opener: Opener, name: str) -> Iterator[Table]:
    """The one table of an XML file; its columns are all tags that occur, found in a first pass.

    A root ROWDATA without any child states that there is nothing to report.
    """
    headers: dict[str, None] = {}
    empty, encoding = True, _encoding(opener, name)
    for element in _rows(opener, name, encoding):
        empty = False
        for tag, _ in _fields(element):
            headers.setdefault(tag)
        if len(headers) > _MAX_COLUMNS:
            raise UnreadableFile(f"文件 {name} 的列过多。", remedy="按填报模板导出后重新报送。")
    if empty and _nothing(opener, encoding):
        yield nothing_to_report()
        return
    if empty:
        raise UnreadableFile(
            f"文件 {name} 中没有 ROW 记录。",
            remedy="按 <ROWDATA><ROW>…</ROW></ROWDATA> 导出；本期无数据的，请报送空的 <ROWDATA/> 或只有表头的 CSV、xlsx 文件作为零报送。",
        )
    yield Table(None, list(headers), _chunks(opener, name, list(headers), encoding))
