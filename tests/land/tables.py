"""Receipts as the tests of the readers make them, and what is read of them."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import openpyxl
import orjson
from public_credit.catalogue import load_catalogue
from public_credit.land import headers
from public_credit.land.readers import open_tables

DATASET = load_catalogue().datasets["wlj.penalty_entity"]
KIND = load_catalogue().kinds[DATASET.kind]
FIELDS = KIND.tables[DATASET.variant].fields
TITLES = [KIND.fields[name].title for name in FIELDS]
CODES = [KIND.fields[name].codes["entity"] for name in FIELDS]
LICENCE = [
    load_catalogue().kinds["administrative_licence"].fields[name].title
    for name in load_catalogue().kinds["administrative_licence"].tables["entity"].fields
]


def read(data: bytes, name: str = "t") -> list[tuple[str | None, list[str], list[tuple[int, list[str]]]]]:
    """Sheet, headers and (row number, cells) of every table of a receipt."""
    found = []
    for table in open_tables(
        lambda: io.BytesIO(data), name, DATASET, lambda row: headers.recognised(KIND, DATASET.variant, row, DATASET)
    ):
        rows = [
            (number, list(cells))
            for chunk in table.chunks
            for number, cells in zip(chunk.source_row.to_list(), chunk.frame.iter_rows(), strict=True)
        ]
        found.append((table.sheet, table.headers, rows))
    return found


def ragged(data: bytes) -> list[bool]:
    """Which rows of a receipt have another number of cells than their header."""
    marks = list[bool]()
    for table in open_tables(
        lambda: io.BytesIO(data), "t", DATASET, lambda row: headers.recognised(KIND, DATASET.variant, row, DATASET)
    ):
        for chunk in table.chunks:
            marks += [False] * chunk.frame.height if chunk.ragged is None else chunk.ragged.to_list()
    return marks


def row_numbers(data: bytes) -> list[int]:
    return [number for _, _, rows in read(data) for number, _ in rows]


def line(count: int, mark: str = "甲") -> str:
    """A row that says its own number in its first cell."""
    return f"{mark}{count}," + ",".join(f"v{place}" for place in range(1, len(TITLES)))


def table(rows: int = 2, end: str = "\n", titles: list[str] = TITLES) -> bytes:
    return "".join(text + end for text in [",".join(titles), *(line(n) for n in range(rows))]).encode()


def package(*members: tuple[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return target.getvalue()


def workbook(*sheets: list[list[Any]]) -> bytes:
    book, target = openpyxl.Workbook(), io.BytesIO()
    book.remove(book.active)
    for rows in sheets:
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
    book.save(target)
    return target.getvalue()


def envelope(columns: object, *rows: object) -> bytes:
    return b"".join(orjson.dumps(item) + b"\n" for item in [{"columns": columns, "source_version": "1"}, *rows])


def rowdata(*rows: str, root: str = "ROWDATA", record: str = "ROW") -> bytes:
    return f"<{root}>{''.join(f'<{record}>{row}</{record}>' for row in rows)}</{root}>".encode()
