"""A chunk of rows under judgement: canonical columns and what several checks share, computed once."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from .. import identifiers
from ..canonical import Canonical, distinct_of
from ..catalogue.models import Field, Kind
from ..identifiers_bulk import series_bytes, usccs_valid

if TYPE_CHECKING:
    from .rows import RowContext

INDIVIDUAL, ORGANISATION, PERSON = "个体工商户", "法人及非法人组织", "自然人"
ID_CARD = "身份证"
ID_PAIRS = (("id_type", "id_no"), ("legal_rep_id_type", "legal_rep_id_no"))


class Rows:
    """Columns by field name; every mask is one Boolean per row."""

    def __init__(
        self, kind: Kind, variant: str, canonical: Canonical, context: RowContext, present: set[str]
    ):
        self.kind, self.variant, self.context = kind, variant, context
        self.unreadable, self.mended = canonical.unreadable, canonical.mended
        self.count = canonical.frame.height
        self._columns = {column.name: column for column in canonical.frame.get_columns()}
        self.shared: dict[str, Any] = {}  # what related checks compute once
        self._filled: dict[str, pl.Series] = {}
        self._valid: dict[str, pl.Series] = {}
        self._distinct = dict(canonical.distinct)
        self._derive(context.absent_fields | (set(self._columns) - present))

    def __getitem__(self, name: str) -> pl.Series:
        return self._columns[name]

    def __contains__(self, name: str) -> bool:
        return name in self._columns

    @property
    def fields(self) -> Iterable[Field]:
        """Fields of the variant."""
        return (self.kind.fields[name] for name in self._columns)

    @cached_property
    def none(self) -> pl.Series:
        """A mask that marks no row."""
        return pl.repeat(False, self.count, eager=True)

    def at(self, positions: pl.Series) -> pl.Series:
        """A mask of these positions."""
        return self.none.clone().scatter(positions, True)

    def filled(self, name: str) -> pl.Series:
        if name not in self._filled:
            self._filled[name] = self[name] != ""
        return self._filled[name]

    def readable(self, name: str) -> pl.Series:
        """Rows whose value is present and could be read."""
        return self.filled(name) & ~self.unreadable[name] if name in self.unreadable else self.filled(name)

    def uscc_valid(self, name: str) -> pl.Series:
        """Rows whose value is a valid 统一社会信用代码."""
        if name not in self._valid:
            chars, fits = series_bytes(self[name], 18)
            self._valid[name] = pl.Series(usccs_valid(chars) & fits)
        return self._valid[name]

    def placeholder(self, name: str) -> pl.Series:
        return self[name] == identifiers.PLACEHOLDER

    def one_of(self, name: str, values: Iterable[str]) -> pl.Series:
        """Rows whose value is one of few."""
        masks = [self[name] == value for value in values]
        return any_of(masks, self.none)

    def distinct(self, name: str) -> pl.Series:
        """The values of a column, each at least once."""
        if name not in self._distinct:
            self._distinct[name] = distinct_of(self[name])
        return self._distinct[name]

    def _derive(self, absent: set[str]) -> None:
        """Fill what first-generation (424号) templates lack: the category, the type of an ID number."""
        if "subject_category" in absent and "subject_category" in self:
            if self.variant == "person":
                derived = pl.repeat(PERSON, self.count, dtype=pl.String, eager=True)
            else:
                individual = (
                    self["uscc"].str.starts_with("92") | self.placeholder("uscc") | (self["uscc"] == "")
                )
                derived = pl.select(
                    pl.when(individual).then(pl.lit(INDIVIDUAL)).otherwise(pl.lit(ORGANISATION))
                ).to_series()
            self._columns["subject_category"] = derived
            self._distinct.pop("subject_category", None)
        for type_field, number_field in ID_PAIRS:
            if type_field in absent and type_field in self and number_field not in absent:
                self._columns[type_field] = pl.select(
                    pl.when(self[number_field] != "").then(pl.lit(ID_CARD)).otherwise(pl.lit(""))
                ).to_series()
                self._distinct.pop(type_field, None)

    def frame(self) -> pl.DataFrame:
        """The canonical columns of all variants of the kind, '' where this variant has no such field."""
        blank = pl.repeat("", self.count, dtype=pl.String, eager=True)
        return pl.DataFrame([self._columns.get(name, blank).alias(name) for name in self.kind.columns])


def any_of(masks: list[pl.Series], none: pl.Series | None = None) -> pl.Series | None:
    """Rows marked by any of the masks; ``none`` when there is no mask."""
    if not masks:
        return none
    result = masks[0]
    for mask in masks[1:]:
        result = result | mask
    return result
