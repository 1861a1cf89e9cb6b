"""Rows as PostgreSQL's binary COPY data: whole columns in, one buffer out; record ids and content hashes on the way."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from uuid import UUID

import numpy as np
import polars as pl

from ..kernels import copy_rows
from ..kernels.views import Texts

HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
TRAILER = struct.pack(">h", -1)
DIGEST = copy_rows.DIGEST
_DIGEST = np.arange(DIGEST)
_KEPT = np.array([0xFF] * (DIGEST - 1) + [0xF0], dtype=np.uint8)
_NUMBERS = 16  # bytes of row number and source row


@dataclass(frozen=True)
class Ids:
    """Record ids of a chunk: two words of 64 bits each, and the rows whose key is complete; other digests mean nothing."""

    digests: np.ndarray
    complete: np.ndarray

    @property
    def short(self) -> np.ndarray:
        """64 bits of each."""
        words: np.ndarray = self.digests[:, 0]
        return words


def record_ids(kind: str, variant: str, parts: list[pl.Series]) -> Ids:
    """The first 124 bits of BLAKE2b-128 of kind, variant and the parts of the key, separated by 0x1f (``ledger.ids``)."""
    named = [part.alias(str(place)) for place, part in enumerate(parts)]
    keys = pl.select(pl.concat_str([pl.lit(kind), pl.lit(variant), *named], separator="\x1f")).to_series()
    digests = b"".join(_digests(keys.cast(pl.Binary).to_list()))
    complete = np.logical_and.reduce([(part != "").to_numpy() for part in parts])
    kept = np.frombuffer(digests, dtype=np.uint8).reshape(-1, DIGEST) & _KEPT
    return Ids(kept.view(np.uint64), complete)


def pair_hashes(first: pl.Series, second: pl.Series) -> np.ndarray:
    """64 bits a row that are equal where both texts are; of use in this process only."""
    return pl.DataFrame([first.alias("first"), second.alias("second")]).hash_rows().to_numpy()


def content_hashes(fields: list[pl.Series]) -> list[UUID]:
    """The content hash of rows that hold these fields, as ``RowWriter`` writes it.

    BLAKE2b-128 over the fields as they are written, so their lengths are in it.
    """
    texts = Texts(fields)
    out = np.empty(copy_rows.room(texts.views, texts.count, 0), dtype=np.uint8)
    ends = np.zeros(texts.count + 1, dtype=np.int64)
    copy_rows.write_fields(out, texts.views, texts.buffers, texts.count, ends[1:])
    rows = (out.data[begin:end] for begin, end in pairwise(ends.tolist()))
    return [UUID(bytes=digest) for digest in _digests(rows)]


def _digests(contents: Iterable[bytes | memoryview]) -> list[bytes]:
    """BLAKE2b-128 of each."""
    return [blake2b(content, digest_size=DIGEST).digest() for content in contents]


def _text(value: str | None) -> bytes:
    data = b"" if value is None else value.encode()
    return struct.pack(">i", -1 if value is None else len(data)) + data


class RowWriter:
    """Writes the rows of one table of one attempt, in the order of ``raw_tables.columns``."""

    def __init__(self, fields: int, columns: int, batch_seq: int, attempt: int, sheet: str | None, variant: str):
        self._fields = fields
        constant = struct.pack(">hiqih", columns, 8, batch_seq, 2, attempt) + _text(sheet) + _text(variant)
        self._constant = np.frombuffer(constant, dtype=np.uint8)
        self._out = np.empty(0, dtype=np.uint8)

    def rows(
        self,
        fields: list[pl.Series],
        row_no: int,
        source_row: pl.Series,
        ids: Ids,
        others: list[pl.Series],
        keep: pl.Series,
    ) -> memoryview:
        """COPY data of a chunk, valid until the next is written.

        ``row_no``: number of its first row; ``others``: text columns that may hold NULL.
        """
        texts = Texts([*fields, *others])
        present = np.array([column.is_not_null().to_numpy() for column in others])
        others_fixed = len(self._constant) + _NUMBERS + 2 * (4 + DIGEST)
        room = copy_rows.room(texts.views, texts.count, others_fixed)
        if len(self._out) < room:
            self._out = np.empty(room, dtype=np.uint8)
        spans = np.empty((texts.count, 3), dtype=np.int64)
        used, kept = copy_rows.write(
            self._out,
            texts.views,
            texts.buffers,
            self._fields,
            present,
            keep.to_numpy(),
            self._constant,
            row_no,
            source_row.to_numpy(),
            ids.digests,
            ids.complete,
            spans,
        )
        begins, ends, places = spans[:kept].T
        data = self._out.data
        hashes = b"".join(_digests(map(data.__getitem__, map(slice, begins.tolist(), ends.tolist()))))
        self._out[places[:, None] + _DIGEST] = np.frombuffer(hashes, dtype=np.uint8).reshape(-1, DIGEST)
        return data[:used]
