"""How a fault of the sectors' records is described."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from district_simulator.population.enterprises import Population
from district_simulator.vocabulary.dialects import Dialect
from district_simulator.vocabulary.rows import Row
from district_simulator.vocabulary.sector_tables import SectorTable


@dataclass
class SectorContext:
    """What a mutator may use."""

    rng: random.Random
    population: Population
    today: date
    table: SectorTable
    n: int  # running number of this fault: rotates through wordings, fields

    def pick(self, *choices):
        return choices[self.n % len(choices)]


Apply = Callable[[Row, SectorContext], None]


@dataclass(frozen=True)
class SectorFault:
    """One way to go wrong (or to look wrong and be right)."""

    rule: str
    name: str
    apply: Apply
    rules: tuple[str, ...]
    expect: str  # accepted | quarantined | refused
    alike: bool
    fits: Callable[[SectorTable], bool]
    formats: tuple[str, ...] = ()
    subject: str = ""  # which group of subjects it needs
    how: str = ""  # how the subject must be named

    def can_be_in(self, table: SectorTable, dialect: Dialect, form: str) -> bool:
        """True if it can be planted in a delivery of that shape."""
        if self.formats and form not in self.formats:
            return False
        if self.subject and table.kind == "organisation_registration":
            return False  # its lines are about spare subjects
        return self.fits(table)


SECTOR_FAULTS: list[SectorFault] = []


def has(*names: str) -> Callable[[SectorTable], bool]:
    """Tables with all these fields."""
    return lambda table: all(name in table.fields for name in names)


def named_by_code(table: SectorTable) -> bool:
    """Tables about organisations (registers apart: their names are the registry)."""
    return table.about == "organisation" and table.kind != "organisation_registration"


def fault(
    rule: str,
    *,
    fits: Callable[[SectorTable], bool],
    rules: str | None = None,
    expect: str = "quarantined",
    formats: str = "",
    subject: str = "",
    how: str = "",
    alike: bool = False,
) -> Callable[[Apply], Apply]:
    """Register a mutator; ``rules`` defaults to the rule itself (to nothing for a look-alike)."""

    def register(function: Apply) -> Apply:
        reported = rules if rules is not None else ("" if alike else rule)
        SECTOR_FAULTS.append(
            SectorFault(
                rule,
                function.__name__,
                function,
                tuple(reported.split()),
                "accepted" if alike else expect,
                alike,
                fits,
                tuple(formats.split()),
                subject,
                how,
            )
        )
        return function

    return register


def alike(rule: str, **options) -> Callable[[Apply], Apply]:
    """Register a valid look-alike of a rule."""
    return fault(rule, alike=True, **options)
