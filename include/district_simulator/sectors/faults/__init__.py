"""Planted faults of the sectors' records and their valid look-alikes, by group of rules."""

from district_simulator.sectors.faults import form, kinds, subjects, values  # noqa: F401  (registers)
from district_simulator.sectors.faults.describe import SECTOR_FAULTS, SectorContext, SectorFault

__all__ = ["SECTOR_FAULTS", "SectorContext", "SectorFault"]
