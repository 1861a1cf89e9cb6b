"""Child process: texts that end where no memory can be read go through all kernels."""

from __future__ import annotations

import ctypes
import hashlib
import mmap
import struct
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "include")]

import numpy as np  # noqa: E402
import polars as pl  # noqa: E402
import pyarrow as pa  # noqa: E402
from public_credit.kernels.columns import columns_of  # noqa: E402
from public_credit.kernels.views import Texts  # noqa: E402
from public_credit.land import copy_binary  # noqa: E402

from tests import seeds  # noqa: E402

PAGE = mmap.PAGESIZE


def guarded(data: bytes) -> pa.Buffer:
    """The bytes in memory that ends with them: the page behind cannot be read or written."""
    pages = -(-len(data) // PAGE)
    region = mmap.mmap(-1, (pages + 1) * PAGE)
    start = pages * PAGE - len(data)
    region[start : start + len(data)] = data
    address = ctypes.addressof(ctypes.c_char.from_buffer(region))
    assert ctypes.CDLL(None).mprotect(ctypes.c_void_p(address + pages * PAGE), PAGE, 0) == 0
    return pa.foreign_buffer(address + start, len(data), base=region)


def flush(values: list[str]) -> pl.Series:
    """A column whose views and whose longest text end with their memory."""
    _, views, *texts = pa.array(values, pa.string_view()).buffers()
    size = sum(len(value.encode()) for value in values if len(value.encode()) > 12)
    buffers = [guarded(text.to_pybytes()[:size]) for text in texts[:1] if size]
    places = guarded(views.to_pybytes()[: 16 * len(values)])
    column = pl.from_arrow(pa.Array.from_buffers(pa.string_view(), len(values), [None, places, *buffers]))
    assert isinstance(column, pl.Series)
    assert Texts([column]).views[0] == places.address, "the column was copied: nothing would be tested"
    return column


def main() -> None:
    rng = seeds.rng("flush")
    for _ in range(300):
        count = rng.randint(1, 40)
        values = ["".join(rng.choices("甲a0 -９　", k=rng.randint(0, 40))) for _ in range(count)]
        column = flush(values)
        found = columns_of([column])[""]
        assert found.distinct.gather(found.codes).to_list() == values
        expected = [struct.pack(">i", len(value.encode())) + value.encode() for value in values]
        hashes = [hashlib.blake2b(text, digest_size=16).digest() for text in expected]
        assert [digest.bytes for digest in copy_binary.content_hashes([column])] == hashes
        ids = copy_binary.Ids(np.zeros((count, 2), dtype=np.uint64), np.zeros(count, dtype=bool))
        lines = pl.Series(range(count), dtype=pl.Int32)
        writer = copy_binary.RowWriter(1, 9, 1, 1, None, "v")
        written = bytes(writer.rows([column], 1, lines, ids, [column], pl.Series([True] * count)))
        assert all(text in written and digest in written for text, digest in zip(expected, hashes, strict=True))
    print("seen right")


if __name__ == "__main__":
    main()
