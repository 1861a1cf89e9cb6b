"""Child process: read one workbook from standard input, write its rows as Arrow streams, within hard limits.

One stream per sheet that has cells, its name in the schema's metadata: ``row`` is the number a clerk sees, ``c<i>`` the
cells as text, ``n<i>`` which of them were numbers. Imports as little as possible.
"""

from __future__ import annotations

import io
import resource
import struct
import sys
from datetime import date, datetime, time, timedelta
from itertools import islice

import pyarrow as pa
from python_calamine import CalamineSheet, CalamineWorkbook

BATCH = 20_000


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


def _column(values: tuple[object, ...]) -> tuple[pa.Array, pa.Array | None]:
    """Cells of one column as text, and which were numbers (None: none of them)."""
    try:
        return pa.array(values, pa.string(), from_pandas=False), None
    except (pa.ArrowTypeError, pa.ArrowInvalid):  # not text alone
        text = pa.array([value if type(value) is str else as_text(value) for value in values], pa.string())
    return text, pa.array([type(value) in (int, float) for value in values], pa.bool_())


def batch_of(rows: list[list[object]], first: int, left: int, schema: pa.Schema) -> pa.RecordBatch:
    """Rows of a sheet as one batch; ``first``: number of the first, ``left``: empty columns before the first cell."""
    count = len(rows)
    blank, never = pa.repeat(pa.scalar("", pa.string()), count), pa.repeat(pa.scalar(False), count)
    columns = [(blank, None)] * left + [_column(values) for values in zip(*rows, strict=True)]
    return pa.record_batch([pa.array(range(first, first + count), pa.int32()), *(text for text, _ in columns),
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
