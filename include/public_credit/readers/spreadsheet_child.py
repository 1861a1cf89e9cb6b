"""Child process: read one workbook from standard input, write its rows as Arrow streams, within hard limits.

One stream per sheet that has cells, its name in the schema's metadata: ``row`` is the number a clerk sees, ``c<i>`` the
cells as text, ``n<i>`` which of them were numbers. Imports as little as possible.
"""

from __future__ import annotations

import gc
import io
import resource
import struct
import sys
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice

import numpy as np
import pyarrow as pa
from python_calamine import CalamineSheet, CalamineWorkbook

BATCH, PART = 20_000, 500
_MARK = "\x1f"


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


def schema_of(name: str, width: int) -> pa.Schema:
    """Schema of one sheet's stream."""
    fields = [("row", pa.int32()), *((f"c{index}", pa.string()) for index in range(width)),
              *((f"n{index}", pa.bool_()) for index in range(width))]
    return pa.schema(fields, metadata={"sheet": name})


def encoded(values: Sequence[str]) -> tuple[bytes, np.ndarray]:
    """Texts as UTF-8, one after the other, and the length of each: joined and encoded at once, far faster than one by one.

    Raises TypeError when a value is not text.
    """
    data = (_MARK.join(values) + _MARK).encode()
    ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == ord(_MARK))
    if len(ends) == len(values):
        return data.replace(_MARK.encode(), b""), np.diff(ends, prepend=-1) - 1
    each = [value.encode() for value in values]  # a cell holds the mark itself
    return b"".join(each), np.array([len(value) for value in each])


class Column:
    """Cells of one column, gathered part by part: their text, and which of them were numbers."""

    def __init__(self) -> None:
        self._data: list[bytes] = []
        self._lengths: list[np.ndarray] = []
        self._numeric: list[np.ndarray] = []

    def add(self, values: Sequence[object]) -> None:
        try:
            data, lengths = encoded(values)  # type: ignore[arg-type]
            numeric = np.zeros(len(values), dtype=bool)
        except TypeError:  # not text alone
            data, lengths = encoded([value if type(value) is str else as_text(value) for value in values])
            numeric = np.array([type(value) in (int, float) for value in values])
        self._data.append(data)
        self._lengths.append(lengths)
        self._numeric.append(numeric)

    def arrays(self) -> tuple[pa.Array, pa.Array]:
        """What was gathered, as text and flags; the column is empty again. (``pa.array`` would import pandas.)"""
        lengths, bits = np.concatenate(self._lengths), np.packbits(np.concatenate(self._numeric), bitorder="little")
        offsets = np.zeros(len(lengths) + 1, dtype=np.int32)
        np.cumsum(lengths, out=offsets[1:])
        text = [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(self._data))]
        count = len(lengths)
        self.__init__()
        return (pa.Array.from_buffers(pa.string(), count, text),
                pa.Array.from_buffers(pa.bool_(), count, [None, pa.py_buffer(bits)]))


def write_sheet(name: str, sheet: CalamineSheet) -> None:
    """One sheet as a stream on standard output; a sheet without cells is passed over.

    Cells are taken up in parts that fit into the processor's cache.
    """
    if not sheet.start or not sheet.height:
        return
    above, left = sheet.start  # empty rows and columns before the first cell
    schema, rows, number = schema_of(name, left + sheet.width), sheet.iter_rows(), above + 1
    columns = [Column() for _ in range(left + sheet.width)]
    with pa.ipc.new_stream(sys.stdout.buffer, schema) as stream:
        while True:
            first = number
            while number - first < BATCH and (part := list(islice(rows, PART))):
                for column in columns[:left]:
                    column.add([""] * len(part))
                for column, values in zip(columns[left:], zip(*part, strict=True), strict=True):
                    column.add(values)
                number += len(part)
            if number == first:
                return
            numbers = pa.py_buffer(np.arange(first, number, dtype=np.int32))
            texts, flags = zip(*(column.arrays() for column in columns), strict=True)
            stream.write_batch(pa.RecordBatch.from_arrays(
                [pa.Array.from_buffers(pa.int32(), number - first, [None, numbers]), *texts, *flags], schema=schema))


def main() -> None:
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
    for name in workbook.sheet_names:
        write_sheet(name, workbook.get_sheet_by_name(name))


if __name__ == "__main__":
    main()
