"""The batch rules of one kind as a Great Expectations suite; the only module that imports Great Expectations.

Each batch rule becomes one expectation (or one per field) over the batch's row of aggregates. A rule whose ``when`` does
not hold for the batch is not asserted; a bound that cannot be computed (NULL) fails rather than passes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ..catalogue import load_catalogue
from ..catalogue.models import Dataset
from ..land.rules import BatchRule, load_ruleset
from ..ledger.models import Batch
from . import in_force

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

_SHARES = ("error_share", "duplicate_share", "unknown_code_share", "ragged_share", *in_force.COMPARED)


@dataclass(frozen=True)
class Evaluation:
    """One batch rule's result as Great Expectations evaluated it."""

    id: str
    title: str
    severity: str
    success: bool
    observed: Any
    bound: dict[str, Any]
    column: str
    field: str  # official title of the field a rate is of, '' for other columns
    owner: str
    remedy: str
    clause: str
    figures: dict[str, int]
    compared: str

    @property
    def shown(self) -> str:
        """Observed value against its bound, for a person."""

        def text(value: Any) -> str:
            if value is None:
                return "无法计算"
            if self.column in _SHARES or self.column.startswith("fill_rate__"):
                return f"{value:.1%}"
            return f"{value:g}" if isinstance(value, float) else str(value)

        limits = [
            f"下限 {text(self.bound['min'])}" if self.bound.get("min") is not None else "",
            f"上限 {text(self.bound['max'])}" if self.bound.get("max") is not None else "",
        ]
        where = f"{self.field} " if self.field else ""
        return f"{where}{text(self.observed)}，" + "，".join(filter(None, [*limits, self.compared]))

    def row(self, seq: int, attempt: int) -> dict[str, Any]:
        """The row of ``ledger.gate_result``."""
        return {
            "batch_seq": seq,
            "attempt": attempt,
            "expectation_id": self.id
            if not self.column.startswith("fill_rate__")
            else f"{self.id}:{self.column.removeprefix('fill_rate__')}",
            "title": self.title,
            "severity": self.severity,
            "success": self.success,
            "observed": {"column": self.column, "value": self.observed, **self.bound, **self.figures},
            "owner": self.owner,
            "remedy": self.remedy,
            "clause": self.clause,
        }


def _applies(rule: BatchRule, row: dict[str, Any], batch: Batch) -> bool:
    for condition, wanted in rule.when.items():
        if condition == "delivery_mode":
            if batch.delivery_mode not in wanted:
                return False
        elif condition.endswith("_min"):
            if (row[condition.removesuffix("_min")] or 0) < wanted:
                return False
        else:
            raise ValueError(f"unknown condition {condition} of rule {rule.id}")
    return not (rule.column in in_force.COMPARED and row[rule.column] is None)


def _bound(value: float | str | None, dataset: Dataset) -> float | None:
    if isinstance(value, str):
        return float(getattr(dataset, value.removeprefix("dataset.")))
    return value


@lru_cache(maxsize=1)
def _batches() -> Any:
    """The one ephemeral context of this process, as the definition of a batch of one row of aggregates."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return (
        context.data_sources.add_pandas("gate")
        .add_dataframe_asset("aggregates")
        .add_batch_definition_whole_dataframe("one_row")
    )


class Suite:
    """The suite of one record kind, evaluated batch by batch."""

    def __init__(self, kind_id: str):
        ruleset = load_ruleset(kind_id)
        self.rules, self.filled_fields = ruleset.batch_rules, ruleset.filled_fields
        self._titles = {
            f"fill_rate__{name}": field.title for name, field in load_catalogue().kinds[kind_id].fields.items()
        }
        self._batch = _batches()

    def _expectations(self, row: dict[str, Any], dataset: Dataset, batch: Batch) -> list[tuple[BatchRule, str, Any]]:
        from great_expectations.expectations.core.expect_column_values_to_be_between import (
            ExpectColumnValuesToBeBetween,
        )
        from great_expectations.expectations.core.expect_column_values_to_not_be_null import (
            ExpectColumnValuesToNotBeNull,
        )

        expectations: list[tuple[BatchRule, str, Any]] = []
        for rule in self.rules:
            if not _applies(rule, row, batch):
                continue
            # One expectation per rule: of several fields the emptiest speaks for all.
            column = rule.column or min(
                (f"fill_rate__{name}" for name in rule.fields), key=lambda name: -1 if row[name] is None else row[name]
            )
            common: dict[str, Any] = {
                "column": column,
                "severity": rule.severity,
                "meta": {"id": rule.id, "column": column},
            }
            if rule.check == "not_null" or row[column] is None:
                expectations.append((rule, column, ExpectColumnValuesToNotBeNull(**common)))
            else:
                expectations.append(
                    (
                        rule,
                        column,
                        ExpectColumnValuesToBeBetween(
                            min_value=_bound(rule.min, dataset), max_value=_bound(rule.max, dataset), **common
                        ),
                    )
                )
        return expectations

    def evaluate(self, row: dict[str, Any], dataset: Dataset, batch: Batch) -> list[Evaluation]:
        """Evaluate the suite on one batch's aggregates; one result per rule and column."""
        import pandas
        from great_expectations import ExpectationSuite

        wanted = self._expectations(row, dataset, batch)
        if not wanted:
            return []
        suite = ExpectationSuite(
            name=f"{batch.kind}_{batch.seq}", expectations=[expectation for _, _, expectation in wanted]
        )
        frame = pandas.DataFrame([{column: row[column] for _, column, _ in wanted}])
        result = self._batch.get_batch(batch_parameters={"dataframe": frame}).validate(
            suite, result_format="BOOLEAN_ONLY"
        )
        success: dict[tuple[str, str], bool] = {}
        for item in result.results:
            key = (item.expectation_config.meta["id"], item.expectation_config.meta["column"])
            success[key] = success.get(key, True) and bool(item.success)
        evaluations: dict[tuple[str, str], Evaluation] = {}
        for rule, column, _ in wanted:
            figures = in_force.figures(row) if column in in_force.COMPARED else {}
            evaluations.setdefault(
                (rule.id, column),
                Evaluation(
                    rule.id,
                    rule.title,
                    rule.severity,
                    success[(rule.id, column)],
                    row[column],
                    {"min": _bound(rule.min, dataset), "max": _bound(rule.max, dataset)},
                    column,
                    self._titles.get(column, ""),
                    rule.owner,
                    rule.remedy,
                    rule.clause,
                    figures,
                    in_force.shown(figures, batch.delivery_mode),
                ),
            )
        return list(evaluations.values())
