"""Which fault of the sectors goes where: quotas per rule, spread over days and datasets by size."""

from __future__ import annotations

import random
from collections import Counter, defaultdict

from district_simulator.population.enterprises import Population
from district_simulator.population.organisations import Organisations
from district_simulator.sectors.clean import CleanRecords
from district_simulator.sectors.faults import SECTOR_FAULTS, SectorContext, SectorFault
from district_simulator.sectors.headings import on_day
from district_simulator.sectors.registers import REGISTERS, register_row
from district_simulator.vocabulary.rows import Row
from district_simulator.vocabulary.sector_datasets import SECTOR_DATASETS
from district_simulator.vocabulary.sector_tables import SECTOR_TABLES
from district_simulator.vocabulary.subjects import Person, Subject
from district_simulator.vocabulary.workcalendar import DAYS

SINGLES, ALIKES = 24, 13  # per rule: faults, and look-alikes (35 %)
MIN_PER_ERROR = 4  # rows per planted case, look-alikes included: fewer than one in five is an error
RULES = sorted({f.rule for f in SECTOR_FAULTS})


class SectorPlanter:
    """Chooses places for the quotas, then makes the rows of a delivery."""

    def __init__(
        self,
        seed: int,
        population: Population,
        organisations: Organisations,
        clean: CleanRecords,
        volumes: dict[tuple[str, int], int],
    ):
        self.population, self.clean, self.volumes = population, clean, volumes
        self.rng = random.Random(f"{seed}/sector-planting")
        self.load: Counter[tuple[str, int]] = Counter()
        self.used: Counter[str] = Counter()
        self.places: dict[tuple[str, int], list[tuple[SectorFault, int]]] = defaultdict(list)
        self.spare = {name: iter(group) for name, group in organisations.groups.spare.items()}
        self._serial = 0
        for rule in RULES:
            wrong = [f for f in SECTOR_FAULTS if f.rule == rule and not f.alike]
            right = [f for f in SECTOR_FAULTS if f.rule == rule and f.alike]
            for variants, count in ((wrong, SINGLES), (right, ALIKES)):
                for i in range(count if variants else 0):
                    self._place(variants[i % len(variants)], 1 if i % 10 < 7 else 2 if i % 10 < 9 else 3)

    def _place(self, fault: SectorFault, day: int) -> None:
        """Where, relative to size, the fewest cases lie; on the first day where later there is no place."""
        for when in dict.fromkeys((day, 1)):
            fitting = [
                name
                for name, on in self.volumes
                if on == when
                and fault.can_be_in(
                    SECTOR_TABLES[SECTOR_DATASETS[name].table], on_day(name, when), SECTOR_DATASETS[name].form
                )
                and (name not in REGISTERS or self.load[name, when] < 14)
            ]
            if fitting:
                break
        else:
            raise AssertionError(f"{fault.name} fits nowhere")
        name = min(fitting, key=lambda d: (self.load[d, when] / self.volumes[d, when], self.rng.random()))
        self.load[name, when] += 1
        self.places[name, when].append((fault, self.used[fault.name]))
        self.used[fault.name] += 1

    def rows(self, name: str, day: int) -> list[Row]:
        """The planted rows of one delivery."""
        return [self._make(fault, n, name, day) for fault, n in self.places[name, day]]

    def _subject(self, fault: SectorFault) -> Subject | Person | None:
        if fault.subject == "digits-person":
            return self.rng.choice(self.population.digit_persons)
        return self.rng.choice(self.population.groups[fault.subject]) if fault.subject else None

    def _clean(self, fault: SectorFault, name: str, day: int) -> Row:
        if name in REGISTERS:  # a faulty line is about somebody nobody else speaks of
            return register_row(name, next(self.spare[SECTOR_DATASETS[name].table.split(".")[1]]))
        table = SECTOR_TABLES[SECTOR_DATASETS[name].table]
        if table.about != "organisation":
            return self.clean.row(name, day, self._subject(fault))
        propose = (lambda: self._subject(fault)) if fault.subject else None
        return self.clean.row(name, day, propose, how=fault.how or "uscc")

    def _make(self, fault: SectorFault, n: int, name: str, day: int) -> Row:
        self._serial += 1
        row = self._clean(fault, name, day)
        context = SectorContext(self.rng, self.population, DAYS[day], SECTOR_TABLES[SECTOR_DATASETS[name].table], n)
        fault.apply(row, context)
        rules = ["R20"] if fault.expect == "refused" else sorted(fault.rules)
        return row.plant(f"Z{'L' if fault.alike else 'F'}{self._serial:04d}", rules, fault.expect, fault.name)
