"""Row rules and batch rules: declared in ``expectations/``, row rules compiled to whole-column checks."""

from .model import BatchRule, Condition, RowRule, RuleSet, load_ruleset

__all__ = [
    "BatchRule",
    "Condition",
    "RowContext",
    "RowRule",
    "RowRules",
    "RuleSet",
    "Verdicts",
    "compile_all",
    "load_ruleset",
]


def __getattr__(name: str):
    """Import the column engine (polars) only where rows are judged."""
    if name in ("RowContext", "RowRules", "Verdicts", "compile_all"):
        from . import rows

        return getattr(rows, name)
    raise AttributeError(name)
