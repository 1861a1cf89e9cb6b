"""Judge a chunk of rows: canonical values, then every row rule of the kind as a whole-column check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from ...base.messages import UserError
from ...catalogue.models import Kind
from ...kernels.columns import Marks
from ..canonical import Canonical, canonicalise
from . import checks  # noqa: F401  (registers the checks)
from .chunk import Rows, any_of, union
from .context import RowContext
from .model import CROSS_RECORD, RowRule, RuleSet
from .registry import CHECKS


@dataclass
class Verdicts:
    """Canonical values and verdicts of a chunk: ';'-joined ids of errors, of warnings; the refusing rule.

    ``changed`` tells per received field where the canonical value differs from the received one, ``usccs_valid`` which rows
    name a valid 统一社会信用代码 (None in kinds without that field).
    """

    canonical: pl.DataFrame
    errors: pl.Series
    warnings: pl.Series
    refused: pl.Series
    changed: pl.DataFrame
    usccs_valid: Marks | None


def _joined(marks: list[tuple[str, Marks]], blank: pl.Series) -> pl.Series:
    """Ids of the rules that mark each row, joined by ';' in the order of the rules, in a column that is ``blank``."""
    if not marks:
        return blank
    positions = np.flatnonzero(union([mask for _, mask in marks]))
    ids = np.full(len(positions), "", dtype=object)
    for rule, mask in marks:
        ids[mask[positions]] += f"{rule};"
    return blank.clone().scatter(
        pl.Series(positions), pl.Series(ids.tolist(), dtype=pl.String).str.strip_chars_end(";")
    )


class RowRules:
    """The compiled row rules of one kind and variant."""

    def __init__(self, kind: Kind, variant: str, ruleset: RuleSet):
        if variant not in kind.variants:
            raise UserError(
                f"记录类型 {kind.id} 没有变体 {variant}。", remedy="可用的变体：" + "、".join(kind.variants)
            )
        self.kind, self.variant = kind, variant
        self.fields = [kind.fields[name] for name in kind.variants[variant]]
        self.rules = [(rule, self._compiled(rule)) for rule in ruleset.row_rules if rule.check != CROSS_RECORD]

    def _compiled(self, rule: RowRule) -> list[Callable[[Rows], Marks | None]]:
        unknown = [name for name in rule.fields if name not in self.kind.fields]
        if unknown:
            raise UserError(
                f"规则 {rule.id} 的 fields 中没有这些字段：{'、'.join(unknown)}。",
                remedy=f"参照 include/catalogue/kinds/{self.kind.id}.yml 改正。",
            )
        for condition in rule.conditions:
            if condition.check not in CHECKS:
                raise UserError(
                    f"规则 {rule.id} 使用了不存在的检查 {condition.check}。",
                    remedy="可用的检查：" + "、".join(sorted(CHECKS)),
                )
        return [CHECKS[condition.check].bind(rule.id, condition.params) for condition in rule.conditions]

    def canonical(self, frame: pl.DataFrame, spreadsheet: bool = False) -> Canonical:
        """Canonical values of rows given as received text, one column per field present in the source."""
        return canonicalise(frame, self.fields, self.kind.code_lists, spreadsheet)

    def apply(self, frame: pl.DataFrame, context: RowContext, canonical: Canonical | None = None) -> Verdicts:
        """Judge rows given as received text; ``canonical`` where it was computed before."""
        canonical = canonical or self.canonical(frame, context.spreadsheet)
        rows = Rows(self.kind, self.variant, canonical, context, set(frame.columns), frame.height)
        marks: dict[str, list[tuple[str, Marks]]] = {"error": [], "warning": [], "refuse": []}
        for rule, conditions in self.rules:
            mask = any_of([mask for mask in (condition(rows) for condition in conditions) if mask is not None])
            if mask is not None and mask.any():
                marks[rule.severity].append((rule.id, mask))
        refused = _joined(marks["refuse"], rows.blank)
        if len(marks["refuse"]) > 1:
            refused = refused.str.extract("^([^;]*)", 1)
        return Verdicts(
            rows.frame(),
            _joined(marks["error"], rows.blank).alias("errors"),
            _joined(marks["warning"], rows.blank).alias("warnings"),
            refused.alias("refused"),
            self._changed(frame, canonical),
            rows.uscc_valid("uscc") if "uscc" in rows else None,
        )

    @staticmethod
    def _changed(frame: pl.DataFrame, canonical: Canonical) -> pl.DataFrame:
        unchanged = pl.repeat(False, frame.height, eager=True)
        return pl.DataFrame(
            [
                pl.Series(name, canonical.changed[name]) if name in canonical.changed else unchanged.alias(name)
                for name in frame.columns
            ]
        )


def compile_all(kinds: dict[str, Kind], rulesets: dict[str, RuleSet]) -> int:
    """Compile the rules of every kind and variant; how many. Raises UserError for the first mistake."""
    return sum(
        len(RowRules(kind, variant, rulesets[kind.id]).rules) for kind in kinds.values() for variant in kind.variants
    )
