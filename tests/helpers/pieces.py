"""Files read in pieces of a size: where a piece ends must not change what is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from public_credit.land.readers import delimited, records, text


@contextmanager
def pieces_of(size: int, head: int = 40) -> Iterator[None]:
    """Read text in pieces of ``size`` bytes; the header stands in the first ``head`` bytes, or as many as a piece has."""
    before = records.PIECE, text.PROBE, delimited.HEAD
    records.PIECE, text.PROBE, delimited.HEAD = size, max(size, head), max(size, head)
    try:
        yield
    finally:
        records.PIECE, text.PROBE, delimited.HEAD = before
