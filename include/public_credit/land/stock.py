"""Counts over the landed rows of an attempt, made by the database from the rows that are there (``ledger.take_stock``)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, RowMapping, text
from sqlalchemy.orm import Session

from ..catalogue.models import Kind


def take_stock(
    connection: Session | Connection, kind: Kind, variant: str, seq: int, attempt: int, fields: set[str], today: date
) -> RowMapping:
    """The row of ``ledger.stock``: counts over the rows that are there, by the database, once until a row changes.

    The lander asks while the rows are fresh, the gate asks again; whoever asks something else has it counted anew.
    """
    wanted = [name for name in kind.variants[variant] if name in fields]
    return (
        connection.execute(
            text(
                "select * from ledger.take_stock(:kind, :seq, cast(:attempt as smallint), cast(:fields as text[]), :event, :today)"
            ),
            {
                "kind": kind.id,
                "seq": seq,
                "attempt": attempt,
                "fields": wanted,
                "event": kind.event_date,
                "today": today,
            },
        )
        .mappings()
        .one()
    )
