"""What the rules of a chunk need to know besides its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from ...kernels.columns import Marks


@dataclass
class RowContext:
    """What a chunk's rules need to know besides its values."""

    business_date: date
    supplier_usccs: frozenset[str] = frozenset()
    spreadsheet: bool = False
    absent_fields: set[str] = field(default_factory=set)
    numeric_cells: Mapping[str, Marks | pl.Series] = field(default_factory=dict)
    scan_hits: Mapping[str, Marks | pl.Series] = field(default_factory=dict)
    ragged: Marks | pl.Series | None = None
