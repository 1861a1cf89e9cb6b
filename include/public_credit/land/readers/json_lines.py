"""Receipts of interfaces and exchange databases: a header object, then one JSON object per row."""

from __future__ import annotations

from collections.abc import Iterator
from io import BufferedIOBase
from typing import Any

import orjson
import polars as pl

from ...base import exact_json
from .base import CHUNK_ROWS, Chunk, Opener, Table, UnreadableFile, column_names

_EXACT = 2**53  # integers a float keeps


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return repr(value) if isinstance(value, float) else str(value)


def _chunks(source: BufferedIOBase, headers: list[str], name: str) -> Iterator[Chunk]:
    names = column_names(len(headers))
    rows: list[list[str]] = []
    long: dict[int, list[int]] = {}
    start = 1
    try:
        for line in source:
            row = orjson.loads(line)
            if not isinstance(row, dict):
                raise UnreadableFile(
                    f"回执 {name} 的第 {start + len(rows)} 条记录不是“列名: 值”的形式。",
                    remedy="请来源单位检查接口输出后重新报送。",
                    code=3,
                )
            if any(type(value) in (int, float) and abs(value) > _EXACT for value in row.values()):
                row = exact_json.loads(line)
                for index, header in enumerate(headers):
                    if isinstance(row.get(header), int) and abs(row[header]) > _EXACT:
                        long.setdefault(index, []).append(len(rows))
            rows.append([_text(row.get(header)) for header in headers])
            if len(rows) == CHUNK_ROWS:
                yield _chunk(rows, start, names, long)
                start += len(rows)
                rows, long = [], {}
    except orjson.JSONDecodeError:
        raise UnreadableFile(f"回执 {name} 的归档内容不完整。", remedy="重新采集。", code=3) from None
    if rows:
        yield _chunk(rows, start, names, long)


def _chunk(rows: list[list[str]], start: int, names: list[str], long: dict[int, list[int]]) -> Chunk:
    """``long``: per column the places of integers in rows that hold one beyond what a float keeps."""
    never = pl.repeat(False, len(rows), eager=True)
    return Chunk(
        pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row"),
        pl.int_range(start, start + len(rows), dtype=pl.Int32, eager=True),
        {index: never.scatter(places, True) for index, places in long.items()},
    )


def tables(opener: Opener, name: str) -> Iterator[Table]:
    """The one table of an interface receipt."""
    with opener() as source:
        try:
            headers = orjson.loads(source.readline())["columns"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            headers = None
        if not isinstance(headers, list) or not all(isinstance(header, str) for header in headers):
            raise UnreadableFile(f"回执 {name} 缺少列清单。", remedy="重新采集。", code=3)
        yield Table(None, headers, _chunks(source, headers, name))
