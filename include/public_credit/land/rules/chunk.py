"""A chunk of rows under judgement: canonical columns and what several checks share, computed once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np
import polars as pl

from ...catalogue.models import Field, Kind
from ...identifiers import codes as identifiers
from ...identifiers.bulk import usccs_valid
from ...kernels.columns import Column, Marks, constant
from ..canonical import Canonical
from .context import RowContext

INDIVIDUAL, ORGANISATION, PERSON = "个体工商户", "法人及非法人组织", "自然人"
ID_CARD = "身份证"
ID_PAIRS = (("id_type", "id_no"), ("legal_rep_id_type", "legal_rep_id_no"))

Shared = TypeVar("Shared")


class Rows:
    """Columns by field name; every mask is one Boolean per row, a NumPy array no check writes to."""

    def __init__(
        self, kind: Kind, variant: str, canonical: Canonical, context: RowContext, present: set[str], count: int
    ):
        self.kind, self.variant, self.context, self.count = kind, variant, context, count
        self.unreadable, self.mended, self.timed = canonical.unreadable, canonical.mended, canonical.timed
        self._columns = dict(canonical.columns)
        self._shared: dict[Hashable, Any] = {}
        self.none: Marks = np.zeros(count, dtype=bool)  # marks no row
        self.blank: pl.Series = pl.repeat("", count, dtype=pl.String, eager=True)
        self._derive(context.absent_fields | (set(self._columns) - present))

    def __getitem__(self, name: str) -> pl.Series:
        """The values of a column, one per row."""
        return self._columns[name].values

    def __contains__(self, name: str) -> bool:
        return name in self._columns

    @property
    def fields(self) -> Iterable[Field]:
        """Fields of the variant."""
        return (self.kind.fields[name] for name in self._columns)

    def column(self, name: str) -> Column:
        """A field's canonical values."""
        return self._columns[name]

    def shared(self, key: Hashable, compute: Callable[[], Shared]) -> Shared:
        """What related checks ask for, computed once."""
        if key not in self._shared:
            self._shared[key] = compute()
        found: Shared = self._shared[key]
        return found

    def where(self, name: str, predicate: Callable[[pl.Series], pl.Series | Marks]) -> Marks:
        """Rows whose value fulfils the predicate; it is asked about distinct values."""
        column = self._columns[name]
        return column.rows(predicate(column.distinct))

    def filled(self, name: str) -> Marks:
        """Rows whose value is present."""
        return self.shared(("filled", name), lambda: self.where(name, lambda values: values != ""))

    def readable(self, name: str) -> Marks:
        """Rows whose value is present and could be read."""
        return self.filled(name) & ~self.unreadable[name] if name in self.unreadable else self.filled(name)

    def uscc_valid(self, name: str) -> Marks:
        """Rows whose value is a valid 统一社会信用代码."""
        return self.shared(("uscc", name), lambda: self.where(name, usccs_valid))

    def placeholder(self, name: str) -> Marks:
        """Rows whose value is the national placeholder for "no code" (17 zeros and X)."""
        return self.shared(
            ("placeholder", name), lambda: self.where(name, lambda values: values == identifiers.PLACEHOLDER)
        )

    def one_of(self, name: str, wanted: Iterable[str]) -> Marks:
        """Rows whose value is one of few."""
        wanted, column = frozenset(wanted), self._columns[name]
        if column.few:
            return column.rows(np.array([value in wanted for value in column.texts], dtype=bool))
        return column.rows(column.distinct.is_in(list(wanted)))

    def later(self, first: str, second: str, strict: bool = True) -> Marks:
        """Rows in which the first value comes after the second in the order of text; not ``strict``: or is the same."""
        return comes_after(self._columns[first], self._columns[second], strict)

    def _derive(self, absent: set[str]) -> None:
        """Fill what first-generation (424号) templates lack: the category, the type of an ID number."""
        if "subject_category" in absent and "subject_category" in self:
            if self.variant == "person":
                derived = constant(PERSON, self.count)
            else:
                derived = self._either(
                    "uscc",
                    lambda codes: codes.str.starts_with("92") | codes.is_in([identifiers.PLACEHOLDER, ""]),
                    INDIVIDUAL,
                    ORGANISATION,
                )
            self._columns["subject_category"] = derived
        for type_field, number_field in ID_PAIRS:
            if type_field in absent and type_field in self and number_field not in absent:
                self._columns[type_field] = self._either(number_field, lambda numbers: numbers != "", ID_CARD, "")

    def _either(self, name: str, predicate: Callable[[pl.Series], pl.Series], yes: str, no: str) -> Column:
        """A column of two values, by what is true of another column."""
        codes, distinct = (~self.where(name, predicate)).astype(np.int32), pl.Series([yes, no], dtype=pl.String)
        return Column(distinct[codes], distinct, codes)

    def frame(self) -> pl.DataFrame:
        """The canonical columns of all variants of the kind, '' where this variant has no such field."""
        return pl.DataFrame([(self[name] if name in self else self.blank).alias(name) for name in self.kind.columns])


def comes_after(first: Column, second: Column, strict: bool = True) -> Marks:
    """Rows in which the first text comes after the second; not ``strict``: or is the same."""
    if first.codes is None or second.codes is None:
        return np.asarray(first.values > second.values if strict else first.values >= second.values)
    order = {value: place for place, value in enumerate(sorted({*first.texts, *second.texts}))}
    one, other = (
        np.array([order[value] for value in texts], dtype=np.int32).take(codes)
        for texts, codes in ((first.texts, first.codes), (second.texts, second.codes))
    )
    return one > other if strict else one >= other


def any_of(masks: Sequence[Marks]) -> Marks | None:
    """Rows marked by any of the masks; None when there is no mask."""
    return union(masks) if masks else None


def union(masks: Sequence[Marks]) -> Marks:
    """Rows marked by any of the masks, of which there is one at least."""
    result = masks[0]
    for mask in masks[1:]:
        result = result | mask
    return result
