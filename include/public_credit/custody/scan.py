"""Columns that hold numbers of persons, whatever they are called (``identifiers.persons`` says what such a number is).

A kernel picks the values with enough digits in a row; only those are looked at one by one.
"""

from __future__ import annotations

import numpy as np

from ..identifiers import persons
from ..kernels import survey
from ..kernels.columns import Column, Marks


def find(column: Column, role: persons.Role | None = None) -> Marks | None:
    """Rows whose value holds a sensitive number, or None when no row does; ``role`` of the field, where it has one."""
    places = column.flagged(survey.DIGITS)
    if not len(places):
        return None
    some = column.distinct[places]
    probable = np.asarray(some.str.contains(persons.PROBABLE))
    sure = [
        place
        for place, value in zip(places[probable].tolist(), some.filter(probable).to_list(), strict=True)
        if persons.holds(value, role)
    ]
    return column.rows_at(sure) if sure else None
