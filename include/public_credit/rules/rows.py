"""Judge a chunk of rows: canonical values, then every rule of the kind as a whole-column check."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import polars as pl

from ..canonical import canonicalise
from ..catalogue.models import Kind
from ..messages import UserError
from .checks import CHECKS, CROSS_RECORD, Rows
from .model import RuleSet


@dataclass
class RowContext:
    """What a chunk's rules need to know besides its values."""

    business_date: date
    supplier_usccs: frozenset[str] = frozenset()
    spreadsheet: bool = False
    absent_fields: set[str] = field(default_factory=set)
    numeric_cells: dict[str, pl.Series] = field(default_factory=dict)
    scan_hits: dict[str, pl.Series] = field(default_factory=dict)
    ragged: pl.Series | None = None


@dataclass
class Verdicts:
    """Canonical values and verdicts of a chunk: ';'-joined ids of errors and warnings, the refusing rule or ''."""

    canonical: pl.DataFrame
    errors: pl.Series
    warnings: pl.Series
    refused: pl.Series
    changed: pl.DataFrame


def _joined(marks: list[tuple[str, pl.Series]], count: int) -> pl.Series:
    """Ids of the rules that mark each row, joined by ';'."""
    if not marks:
        return pl.repeat("", count, dtype=pl.String, eager=True)
    parts = [pl.when(pl.lit(mask)).then(pl.lit(f"{rule};")).otherwise(pl.lit("")) for rule, mask in marks]
    return pl.select(pl.concat_str(parts).str.strip_chars_end(";")).to_series()


class RowRules:
    """The compiled row rules of one kind and variant."""

    def __init__(self, kind: Kind, variant: str, ruleset: RuleSet):
        self.kind, self.variant = kind, variant
        self.fields = [kind.fields[name] for name in kind.variants[variant]]
        self.rules = [rule for rule in ruleset.row_rules if rule.check != CROSS_RECORD]
        for rule in self.rules:
            if rule.check not in CHECKS:
                raise UserError(f"规则 {rule.id} 使用了不存在的检查 {rule.check}。",
                                remedy="可用的检查：" + "、".join(sorted(CHECKS)))

    def apply(self, frame: pl.DataFrame, context: RowContext) -> Verdicts:
        """Judge rows given as received text per field (rows × present fields)."""
        canonical = canonicalise(frame, self.fields, self.kind.code_lists, context.spreadsheet)
        rows = Rows(self.kind, self.variant, canonical, context)
        rows.derive()
        count = frame.height
        marks: dict[str, list[tuple[str, pl.Series]]] = {"error": [], "warning": [], "refuse": []}
        for rule in self.rules:
            mask = CHECKS[rule.check](rows, rule.params)
            if mask is not None and mask.any():
                marks[rule.severity].append((rule.id, mask))
        for name in set(self.kind.columns) - set(rows.frame.columns):
            rows.frame = rows.frame.with_columns(pl.lit("").alias(name))
        refused = _joined(marks["refuse"][:1], count) if len(marks["refuse"]) < 2 else (
            _joined(marks["refuse"], count).str.split(";").list.first())
        changed = pl.DataFrame([
            (rows.frame[name] != frame[name].fill_null("")).alias(name) for name in frame.columns if name in rows.frame.columns
        ])
        return Verdicts(rows.frame.select(self.kind.columns), _joined(marks["error"], count),
                        _joined(marks["warning"], count), refused, changed)
