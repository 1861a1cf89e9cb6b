"""Child process: read one workbook from standard input, write its rows as an Arrow stream, within hard limits.

Each batch: sheet name, row number as the clerk sees it, cells as text, which cells were numbers, which cells beyond the
usual width hold something. Imports as little as possible.
"""

from __future__ import annotations

import io
import resource
import struct
import sys
from datetime import date, datetime, time, timedelta

import pyarrow as pa
from python_calamine import CalamineWorkbook

BATCH = 20_000
SCHEMA = pa.schema([("sheet", pa.string()), ("row", pa.int32()), ("cells", pa.list_(pa.string())),
                    ("numeric", pa.list_(pa.int32())), ("beyond", pa.list_(pa.int32()))])


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


def batches(sheet_name: str, rows: object, start: int):
    """Arrow batches of one sheet."""
    numbers, cells, numeric, beyond, number = [], [], [], [], start
    for row in rows:
        number += 1
        kinds = [index for index, value in enumerate(row) if isinstance(value, int | float) and not isinstance(value, bool)]
        texts = [as_text(value) for value in row]
        numbers.append(number)
        cells.append(texts)
        numeric.append(kinds)
        beyond.append([index for index, text in enumerate(texts) if index >= 10 and text])
        if len(numbers) == BATCH:
            yield _batch(sheet_name, numbers, cells, numeric, beyond)
            numbers, cells, numeric, beyond = [], [], [], []
    if numbers:
        yield _batch(sheet_name, numbers, cells, numeric, beyond)


def _batch(sheet_name: str, numbers: list, cells: list, numeric: list, beyond: list) -> pa.RecordBatch:
    return pa.record_batch([pa.array([sheet_name] * len(numbers), pa.string()), pa.array(numbers, pa.int32()),
                            pa.array(cells, pa.list_(pa.string())), pa.array(numeric, pa.list_(pa.int32())),
                            pa.array(beyond, pa.list_(pa.int32()))], schema=SCHEMA)


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
    with pa.ipc.new_stream(sys.stdout.buffer, SCHEMA) as stream:
        for name in workbook.sheet_names:
            sheet = workbook.get_sheet_by_name(name)
            start = sheet.start[0] if sheet.start else 0
            left = sheet.start[1] if sheet.start else 0
            rows = sheet.iter_rows() if not left else ([""] * left + row for row in sheet.iter_rows())
            for batch in batches(name, rows, start):
                stream.write_batch(batch)


if __name__ == "__main__":
    main()
