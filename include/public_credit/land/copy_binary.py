"""Rows as PostgreSQL's binary COPY data: whole columns in, one buffer out; record ids and content hashes on the way."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
import polars as pl

from ..kernels import copy_rows, record_keys
from ..kernels.views import Texts

HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
TRAILER = struct.pack(">h", -1)
_NUMBERS = 16  # bytes of row number and source row


@dataclass(frozen=True)
class Ids:
    """Record ids of a chunk: digests (rows × 16 bytes) and the rows whose key is complete."""

    digests: np.ndarray
    complete: np.ndarray

    @property
    def short(self) -> np.ndarray:
        """64 bits of each."""
        words: np.ndarray = self.digests.view(np.uint64)
        return words[:, 0]


def record_ids(kind: str, variant: str, parts: list[pl.Series]) -> Ids:
    """BLAKE2b-128 of kind, variant and the parts of the key, separated by 0x1f."""
    head = np.frombuffer(f"{kind}\x1f{variant}".encode(), dtype=np.uint8)
    texts = Texts(parts)
    return Ids(*record_keys.record_ids(head, texts.views, texts.buffers, texts.count))


def pair_hashes(first: pl.Series, second: pl.Series) -> np.ndarray:
    """64 bits a row that are equal where both texts are."""
    texts = Texts([first, second])
    return record_keys.pair_hashes(texts.views, texts.buffers, texts.count)


def content_hashes(fields: list[pl.Series]) -> list[str]:
    """The content hash of rows that hold these fields, as ``RowWriter`` writes it: 32 hexadecimal digits each."""
    texts = Texts(fields)
    out = np.empty(copy_rows.room(texts.views, texts.count, 0), dtype=np.uint8)
    return [digest.tobytes().hex() for digest in copy_rows.content_hashes(out, texts.views, texts.buffers, texts.count)]


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
        others_fixed = len(self._constant) + _NUMBERS + 8 + copy_rows.ID_BYTES + copy_rows.HASH_BYTES
        room = copy_rows.room(texts.views, texts.count, others_fixed)
        if len(self._out) < room:
            self._out = np.empty(room, dtype=np.uint8)
        used = copy_rows.write(
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
        )
        return self._out.data[:used]
