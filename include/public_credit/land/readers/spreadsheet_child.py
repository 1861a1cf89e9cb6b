"""Child process: read one workbook from standard input, write its rows to standard output, within hard limits.

Per sheet that has cells a line ``{"sheet": name, "visible": visible | hidden | veryhidden, "first": row number, "rows": their count}``; then, but for a
sheet that no user can make visible, per batch of rows a line of JSON – ``first``, the number a clerk
sees at the first row, ``rows``, and ``columns``, [form, bytes, bytes of flags] each – followed by the bytes it announces:
the cells of a column as text, each ended by ``MARK`` (form "marked") or as a JSON list (form "json"), then one byte a row
that tells which were numbers (none when no cell was). Imports as little as possible: start-up counts for small files.
"""

from __future__ import annotations

import gc
import io
import json
import os
import resource
import struct
import sys
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice

from python_calamine import CalamineSheet, CalamineWorkbook

BATCH, PART = 20_000, 500
MARK = "\x1f"


def as_text(value: object) -> str:
    """A cell as a clerk would write it; dates ISO, whole numbers without a decimal point."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e20 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time | timedelta):
        return str(value)
    return "" if value is None else str(value)


class Column:
    """Cells of one column, gathered part by part: their text, and which of them were numbers or days."""

    def __init__(self) -> None:
        self._parts: list[str | list[str]] = []
        self._numeric: list[bytes] = []
        self._any_number = False

    def add(self, values: Sequence[object]) -> None:
        """Add a row of cells as the library gave them."""
        numeric = bytes(len(values))
        try:
            text = MARK.join(values)  # type: ignore[arg-type]
        except TypeError:  # not text alone
            numeric = bytes(isinstance(value, (int, float, date)) and type(value) is not bool for value in values)
            self._any_number = self._any_number or 1 in numeric
            values = [value if type(value) is str else as_text(value) for value in values]
            text = MARK.join(values)  # type: ignore[arg-type]
        whole = text.count(MARK) == len(values) - 1  # else a cell holds the mark itself
        self._parts.append(text if whole else list(values))  # type: ignore[arg-type]
        self._numeric.append(numeric)

    def blobs(self) -> tuple[str, bytes, bytes]:
        """Form, text and flags of what was gathered."""
        flags = b"".join(self._numeric) if self._any_number else b""
        if all(isinstance(part, str) for part in self._parts):
            form, data = "marked", MARK.join([*self._parts, ""]).encode()  # type: ignore[list-item]
        else:
            cells = [cell for part in self._parts for cell in (part.split(MARK) if isinstance(part, str) else part)]
            form, data = "json", json.dumps(cells).encode()
        return form, data, flags


def write_sheet(name: str, sheet: CalamineSheet, visible: str) -> None:
    """One sheet on standard output; a sheet without cells is passed over, of a very hidden one only its rows are counted.

    Cells are taken up in parts that fit into the processor's cache.
    """
    if not sheet.start or not sheet.height:
        return
    above, left = sheet.start  # empty rows and columns before the first cell
    # The library gives the empty rows as rows, the empty columns not.
    rows, number, out = islice(sheet.iter_rows(), above, None), above + 1, sys.stdout.buffer
    out.write(
        json.dumps({"sheet": name, "visible": visible, "first": above + 1, "rows": sheet.height}).encode() + b"\n"
    )
    if visible == "veryhidden":
        return
    while True:
        first, columns = number, [Column() for _ in range(left + sheet.width)]
        while number - first < BATCH and (part := list(islice(rows, PART))):
            for column in columns[:left]:
                column.add([""] * len(part))
            for column, values in zip(columns[left:], zip(*part, strict=True), strict=True):
                column.add(values)
            number += len(part)
        if number == first:
            return
        blobs = [column.blobs() for column in columns]
        described = [[form, len(data), len(flags)] for form, data, flags in blobs]
        out.write(json.dumps({"first": first, "rows": number - first, "columns": described}).encode() + b"\n")
        for _, data, flags in blobs:
            out.write(data)
            out.write(flags)


def main() -> None:
    """Read the workbook; the second argument is bytes of memory, the third seconds of CPU, both enforced by the system."""
    gc.disable()  # cells make no cycles
    memory, seconds = int(sys.argv[2]), int(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    size = struct.unpack(">Q", sys.stdin.buffer.read(8))[0]
    data = sys.stdin.buffer.read(size)
    if len(data) != size:
        sys.exit(3)
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
    del data
    for told in workbook.sheets_metadata:
        write_sheet(told.name, workbook.get_sheet_by_name(told.name), str(told.visible).rpartition(".")[2].lower())
    sys.stdout.flush()
    os._exit(0)  # the last sheet, millions of cells, is not given back cell by cell


if __name__ == "__main__":
    main()
