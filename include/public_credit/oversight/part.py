"""What stands beside the rows of a record, told by the database in one statement: of an organisation's, or of one whose look it has just logged."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ..catalogue.models import Kind

_ASKED = text("select b.part, b.told from desk.beside(:kind, :record, cast(:parts as text[])) b")
_READ: dict[str, Callable[[str], Any]] = {"date": date.fromisoformat, "timestamptz": datetime.fromisoformat}


@lru_cache(maxsize=64)
def _shape(columns: str) -> tuple[Callable[..., Any], list[tuple[str, Callable[[str], Any] | None]]]:
    """A type with these columns, and how the JSON of each is read."""
    pairs = [column.split() for column in columns.split(", ")]
    # mypy knows only names of a literal
    made = namedtuple("Told", [name for name, _ in pairs])  # type: ignore[misc]
    return made, [(name, _READ.get(kind)) for name, kind in pairs]


def _row(columns: str, told: Mapping[str, Any]) -> Any:
    made, readers = _shape(columns)
    values = ((told[name], read) for name, read in readers)
    return made(*(read(value) if read and value is not None else value for value, read in values))


def told(opened: Session, kind: Kind, record_id: str, parts: Mapping[str, str]) -> dict[str, list[Any]]:
    """Parts of what is known of a record, each in the order the database tells it, as named tuples.

    ``parts``: part → its columns and their types, as SQL writes them. Nothing is known of a row that tells no record ('').
    """
    found: dict[str, list[Any]] = {name: [] for name in parts}
    if record_id:
        asked = {"kind": kind.id, "record": record_id, "parts": list(parts)}
        for row in opened.execute(_ASKED, asked):
            found[row.part].append(_row(parts[row.part], row.told))
    return found
