"""Search everything the product leaves behind for numbers that were planted with the departments."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

_SHAPES = re.compile(rb"370399(?:19|20)\d{9}[\dXx]|370399\d{9}|1990000\d{4}|62000000\d{11}")


def planted(simulator: Path) -> set[bytes]:
    """Every invented number the departments delivered."""
    lines = (simulator / "answer_key" / "planted_numbers.txt").read_text(encoding="utf-8").split()
    return {line.encode() for line in lines}


def found_in(content: bytes, numbers: set[bytes]) -> set[bytes]:
    """Planted numbers that stand in some bytes (a short form inside a longer number does not count)."""
    hits = set()
    for match in _SHAPES.finditer(content):
        if match.group().upper() in numbers or match.group() in numbers:
            before = content[match.start() - 1 : match.start()]
            after = content[match.end() : match.end() + 1]
            if not (before.isdigit() or after.isdigit() or (len(match.group()) == 15 and after in b"Xx" and after)):
                hits.add(match.group())
    return hits


def _contents(path: Path) -> Iterator[bytes]:
    data = path.read_bytes()
    yield data
    if data[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield archive.read(name)


def in_files(folder: Path, numbers: set[bytes], leave_out: tuple[str, ...] = ()) -> dict[str, set[bytes]]:
    """Files below a folder that hold planted numbers; workbooks are opened."""
    result: dict[str, set[bytes]] = {}
    for path in folder.rglob("*"):
        if path.is_file() and not any(part in leave_out for part in path.relative_to(folder).parts):
            hits = set().union(*(found_in(content, numbers) for content in _contents(path)))
            if hits:
                result[str(path.relative_to(folder))] = hits
    return result


def in_database(url: str, numbers: set[bytes], leave_out: tuple[str, ...] = ("vault",)) -> dict[str, set[bytes]]:
    """Tables of a database whose rows, dumped as text, hold planted numbers."""
    result: dict[str, set[bytes]] = {}
    with psycopg.connect(url) as connection:
        tables: list[Any] = connection.execute(
            "select schemaname, tablename from pg_tables where schemaname not in ('pg_catalog', 'information_schema') "
            "and schemaname not like 'pg_temp%'"
        ).fetchall()
        for schema, table in tables:
            if schema in leave_out:
                continue
            hits: set[bytes] = set()
            rest = b""
            with (
                connection.cursor() as cursor,
                cursor.copy(f'copy (select * from "{schema}"."{table}") to stdout') as copy,
            ):
                for part in copy:
                    content = rest + bytes(part)
                    hits |= found_in(content, numbers)
                    rest = content[-64:]
            if hits:
                result[f"{schema}.{table}"] = hits
    return result
