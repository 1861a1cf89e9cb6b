"""The gate: every landed attempt is checked, measured and decided by its kind's Great Expectations suite."""

from .run import GateOutcome, run

__all__ = ["GateOutcome", "run"]
