"""A column of a chunk as the distinct values it holds: what is asked of a column is asked of each value once.

Most columns of a delivery hold few values – units, categories, dates, amounts –, so rules and scans look at those and
rows carry a number. A column that hardly repeats any value is its own list of distinct values. Marks are NumPy arrays of
Booleans, either one per distinct value or one per row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import polars as pl

from . import survey
from .views import Texts

Marks: TypeAlias = "np.ndarray[Any, np.dtype[np.bool_]]"
_FEW = 256
_TABLE = 1 << 22


class Column:
    """Text of one column, no value NULL.

    ``values``: one per row; ``distinct``: each value at least once; ``codes``: per row the place of its value there (int32),
    None where ``distinct`` is ``values`` itself; ``seen``: what the distinct values are like, where that is known.
    """

    def __init__(
        self,
        values: pl.Series,
        distinct: pl.Series | None = None,
        codes: np.ndarray | None = None,
        seen: survey.Survey | None = None,
    ):
        self.values, self.codes, self._seen = values, codes, seen
        self.distinct = values if distinct is None else distinct

    @cached_property
    def texts(self) -> list[str]:
        """The distinct values as Python's own texts: for columns known to hold few."""
        return self.distinct.to_list()

    @property
    def few(self) -> bool:
        """Whether there are so few distinct values that looking at them one by one costs least."""
        return len(self.distinct) <= _FEW

    @property
    def longest(self) -> int:
        """Bytes of the longest value."""
        if self._seen is not None:
            return self._seen.longest
        longest = self.distinct.str.len_bytes().max()
        return longest if isinstance(longest, int) else 0

    def flagged(self, flag: int) -> np.ndarray:
        """Places of the distinct values that are so."""
        if self._seen is None:
            self._seen = survey.of_distinct(Texts([self.distinct]))
        return np.flatnonzero(self._seen.flags & flag)

    def rows(self, marks: Marks | pl.Series) -> Marks:
        """Marks of distinct values as marks of rows."""
        marks = marks.to_numpy() if isinstance(marks, pl.Series) else marks
        return marks if self.codes is None else marks.take(self.codes)

    def rows_at(self, places: np.ndarray | list[int]) -> Marks:
        """Rows whose value is at one of these places."""
        marks = np.zeros(len(self.distinct), dtype=bool)
        marks[places] = True
        return self.rows(marks)

    def mapped(self, function: Callable[[str], str]) -> Column:
        """The column of what the function makes of each value."""
        distinct = pl.Series([function(value) for value in self.distinct.to_list()], dtype=pl.String)
        if self.codes is None:
            return Column(distinct)
        return Column(distinct[self.codes], distinct, self.codes)

    def replaced(self, places: np.ndarray | list[int], values: list[str] | pl.Series) -> Column:
        """The column with other values at these places of the distinct ones."""
        new = values if isinstance(values, pl.Series) else pl.Series(values, dtype=pl.String)
        distinct = self.distinct.clone().scatter(pl.Series(np.asarray(places, dtype=np.uint32)), new)
        if self.codes is None:
            return Column(distinct)
        rows = np.flatnonzero(self.rows_at(places))
        fresh = distinct[self.codes.take(rows)]
        return Column(self.values.clone().scatter(pl.Series(rows.astype(np.uint32)), fresh), distinct, self.codes)


def constant(value: str, count: int) -> Column:
    """A column that holds one value in every row."""
    values = pl.repeat(value, count, dtype=pl.String, eager=True)
    return Column(values, values.head(1), np.zeros(count, dtype=np.int32)) if count else Column(values)


def columns_of(received: Iterable[pl.Series]) -> dict[str, Column]:
    """The columns by name, their repeated values found in one go."""
    columns = [column.fill_null("") if column.null_count() else column for column in received]
    if not columns:
        return {}
    return {
        column.name: Column(column, None if seen.first is None else column[seen.first], seen.codes, seen)
        for column, seen in zip(columns, survey.survey(Texts(columns)), strict=True)
    }


def _renumbered(numbers: np.ndarray, end: int) -> tuple[np.ndarray, np.ndarray]:
    """The different numbers (0 … ``end`` − 1) in their order, and per number its place among them."""
    if end > _TABLE:
        return np.unique(numbers, return_inverse=True)
    there, places = np.zeros(end, dtype=bool), np.empty(end, dtype=np.int32)
    there[numbers] = True
    different = np.flatnonzero(there)
    places[different] = np.arange(len(different), dtype=np.int32)
    return different, places.take(numbers)


def pairs(first: Column, second: Column) -> tuple[pl.Series, pl.Series, Callable[[Marks], Marks]]:
    """Two columns side by side, distinct pairs only: their values, and marks of pairs as marks of rows."""
    if first.codes is None or second.codes is None:
        return first.values, second.values, lambda marks: marks
    numbers, codes = _renumbered(
        first.codes.astype(np.int64) * len(second.distinct) + second.codes, len(first.distinct) * len(second.distinct)
    )
    one, two = np.divmod(numbers, len(second.distinct))
    return first.distinct[one], second.distinct[two], lambda marks: marks.take(codes)
