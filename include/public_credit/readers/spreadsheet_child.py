"""Child process: read one workbook from standard input, write its rows as Arrow streams, within hard limits.

One stream per sheet that has cells, its name in the schema's metadata: ``row`` is the number a clerk sees, ``c<i>`` the
cells as text, ``n<i>`` which of them were numbers. Imports as little as possible.
"""

from __future__ import annotations

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

BATCH = 20_000
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


def text_array(values: Sequence[str]) -> pa.Array:
    """Text as an Arrow array: joined, encoded at once and cut again, several times faster than one by one.

    Raises TypeError when a value is not text. (``pa.array`` would import pandas, at more cost than most workbooks.)
    """
    text = (_MARK.join(values) + _MARK).encode()
    ends = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == ord(_MARK))
    if len(ends) == len(values):
        ends, text = ends - np.arange(len(values)), text.replace(_MARK.encode(), b"")
    else:  # a cell holds the mark itself
        encoded = [value.encode() for value in values]
        ends, text = np.cumsum([len(value) for value in encoded], dtype=np.int64), b"".join(encoded)
    offsets = np.zeros(len(values) + 1, dtype=np.int32)
    offsets[1:] = ends
    return pa.Array.from_buffers(pa.string(), len(values), [None, pa.py_buffer(offsets), pa.py_buffer(text)])


def flag_array(flags: Sequence[bool]) -> pa.Array:
    """Flags as an Arrow array."""
    bits = np.packbits(np.array(flags, dtype=bool), bitorder="little")
    return pa.Array.from_buffers(pa.bool_(), len(flags), [None, pa.py_buffer(bits)])


def _column(values: tuple[object, ...]) -> tuple[pa.Array, pa.Array | None]:
    """Cells of one column as text, and which were numbers (None: none of them)."""
    try:
        return text_array(values), None
    except TypeError:  # not text alone
        text = text_array([value if type(value) is str else as_text(value) for value in values])
    return text, flag_array([type(value) in (int, float) for value in values])


def batch_of(rows: list[list[object]], first: int, left: int, schema: pa.Schema) -> pa.RecordBatch:
    """Rows of a sheet as one batch; ``first``: number of the first, ``left``: empty columns before the first cell."""
    count = len(rows)
    blank, never = text_array([""] * count), flag_array([False] * count)
    numbers = pa.Array.from_buffers(pa.int32(), count, [None, pa.py_buffer(np.arange(first, first + count, dtype=np.int32))])
    columns = [(blank, None)] * left + [_column(values) for values in zip(*rows, strict=True)]
    return pa.RecordBatch.from_arrays([numbers, *(text for text, _ in columns),
                                       *(never if numeric is None else numeric for _, numeric in columns)], schema=schema)


def write_sheet(name: str, sheet: CalamineSheet) -> None:
    """One sheet as a stream on standard output; a sheet without cells is passed over."""
    if not sheet.start or not sheet.height:
        return
    above, left = sheet.start
    schema, rows, number = schema_of(name, left + sheet.width), sheet.iter_rows(), above + 1
    with pa.ipc.new_stream(sys.stdout.buffer, schema) as stream:
        while part := list(islice(rows, BATCH)):
            stream.write_batch(batch_of(part, number, left, schema))
            number += len(part)


def main() -> None:
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
