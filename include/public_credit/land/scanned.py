"""Every value of a chunk, mapped or not, is looked at for numbers of persons before anything is written."""

from __future__ import annotations

from collections.abc import Iterator

from ..catalogue import Kind
from ..custody import scan
from ..kernels.columns import Marks, columns_of
from .canonical import Canonical
from .readers import Chunk


def fields(read: Canonical, kind: Kind) -> dict[str, Marks]:
    """Rows per field whose received value holds a sensitive number outside the field meant for it."""
    hits = {}
    for name, column in read.received.items():
        form, role = kind.fields[name].type, kind.fields[name].role
        as_received = name not in read.unreadable and name not in read.changed
        if form == "person_id" or (as_received and form in ("date", "month")):
            continue
        hit = scan.find(column, role)
        if hit is not None:
            hits[name] = hit
    return hits


def others(chunk: Chunk, indexes: list[int]) -> Iterator[tuple[int, int]]:
    """Of columns that are no field, those with sensitive numbers: (index, rows)."""
    for index in indexes:
        hit = scan.find(columns_of([chunk.frame[f"c{index}"]])[f"c{index}"])
        if hit is not None:
            yield index, int(hit.sum())
