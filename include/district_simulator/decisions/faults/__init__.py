"""Planted faults of licences and penalties and their valid look-alikes, one module per group of rules."""

from district_simulator.decisions.faults import dates, identity, money, references, spelling, texts  # noqa: F401  (registers)
from district_simulator.decisions.faults.describe import DECISION_FAULTS, Context, Variant

__all__ = ["DECISION_FAULTS", "Context", "Variant"]
