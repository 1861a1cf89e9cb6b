"""What units count about their staff, year by year: the same numbers whenever they are asked, growing as campaigns do."""

from __future__ import annotations

import random
from datetime import date

from district_simulator.vocabulary.units import Unit

# The newest month first, then the year ends of the history.
MONTHS = [date(2026, 1, 1), *(date(year, 12, 1) for year in range(2025, 2015, -1))]
SMALL = "kjj"  # a unit with so few people that its cells must not be shown


def part_and_whole(seed: int, unit: Unit, what: str, month: date) -> tuple[int, int]:
    """Covered and all of a unit in a month: about a tenth in 2016, most of it by 2020, slowly more afterwards."""
    rng = random.Random(f"{seed}/{unit.uscc}/{what}")
    size = 4 if unit.id == SMALL else rng.randrange(40, 400)
    start, reached = rng.uniform(0.03, 0.15), rng.uniform(0.82, 1.0)
    years = month.year + month.month / 12 - 2017
    share = start + (reached - start) * min(1.0, max(0.0, years / 4)) + max(0.0, years - 4) * 0.01
    whole = size if unit.id == SMALL else int(size * (1 + 0.01 * max(0.0, years)))
    return min(whole, int(whole * min(1.0, share))), whole
