"""Row rules and batch rules: declared in ``expectations/``, row rules compiled to whole-column checks (``rows``, needs polars)."""

from .model import BatchRule, Condition, RowRule, RuleSet, load_ruleset

__all__ = ["BatchRule", "Condition", "RowRule", "RuleSet", "load_ruleset"]
