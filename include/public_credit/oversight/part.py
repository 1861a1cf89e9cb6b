"""What stands beside the rows of a record, told by the database: of an organisation's, or of one whose look it has just logged."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from ..catalogue.models import Kind

_PART = "select p.* from desk.beside(:kind, :record, :part) as told (r) cross join lateral jsonb_to_record(told.r) as p({columns})"


def told(opened: Session, kind: Kind, record_id: str, part: str, columns: str) -> list[Row[Any]]:
    """A part of what is known of a record, in the order the database tells it; ``columns``: names and types, as SQL writes them."""
    asked = {"kind": kind.id, "record": record_id, "part": part}
    return [*opened.execute(text(_PART.format(columns=columns)), asked)]
