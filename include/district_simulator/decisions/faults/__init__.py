"""Planted faults and their valid look-alikes, one module per group of rules."""

from district_simulator.decisions.faults import dates, identity, money, references, spelling, texts  # noqa: F401  (registers)
from district_simulator.decisions.faults.registry import REGISTRY, Context, Variant

__all__ = ["REGISTRY", "Context", "Variant"]
