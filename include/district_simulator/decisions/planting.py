"""Which fault goes where among licences and penalties: quotas per rule, spread over days, datasets and dialects."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass

from district_simulator.decisions.clean import CleanDecisions
from district_simulator.decisions.faults import DECISION_FAULTS, Context, Variant
from district_simulator.population.enterprises import Population
from district_simulator.vocabulary.deliveries import format_of
from district_simulator.vocabulary.dialects import Dialect
from district_simulator.vocabulary.rows import Row
from district_simulator.vocabulary.subjects import Person, Subject
from district_simulator.vocabulary.units import DECISION_DATASETS, table_of
from district_simulator.vocabulary.workcalendar import DAYS

RULES = [f"R{i:02d}" for i in range(1, 24)]
SINGLES, ALIKES, PAIRS = 23, 29, 20
ERROR_SHARE = 0.12  # no ordinary delivery carries more errors than this


@dataclass(frozen=True)
class Plant:
    """One or two variants to be planted in one row."""

    variants: tuple[Variant, ...]
    day: int
    dataset: str
    n: int

    @property
    def is_error(self) -> bool:
        return any(v.expect != "accepted" for v in self.variants)


def day_of(i: int) -> int:
    """70 % on day 1, 20 % on day 2, 10 % on day 3."""
    return 1 if i % 10 < 7 else 2 if i % 10 < 9 else 3


class Planter:
    """Chooses places for the quotas and makes the rows."""

    def __init__(
        self,
        seed: int,
        population: Population,
        clean: CleanDecisions,
        dialects: dict[tuple[str, int], Dialect],
        volumes: dict[tuple[str, int], int],
    ):
        self.rng = random.Random(f"{seed}/planting")
        self.population, self.clean = population, clean
        self.dialects, self.volumes = dialects, volumes
        self.load: Counter[tuple[str, int]] = Counter()
        self.used: Counter[str] = Counter()
        self.plants: list[Plant] = []
        self._serial = 0
        for rule in RULES:
            faults = [v for v in DECISION_FAULTS if v.rule == rule and not v.alike]
            likes = [v for v in DECISION_FAULTS if v.rule == rule and v.alike]
            for reported in sorted({v.rules for v in faults}, key=lambda r: (len(r), r)):
                self._quota([v for v in faults if v.rules == reported], SINGLES if len(reported) == 1 else SINGLES // 3)
            self._quota(likes, ALIKES)
            self._pairs(faults, PAIRS)

    def _quota(self, variants: list[Variant], count: int) -> None:
        for i in range(count):
            variant = variants[i % len(variants)]
            self._place((variant,), day_of(i * 3))

    def _pairs(self, variants: list[Variant], count: int) -> None:
        rng = self.rng
        others = [v for v in DECISION_FAULTS if not v.alike and v.rule not in {x.rule for x in variants}]
        made = 0
        for attempt in range(count * 30):
            if made == count:
                return
            first, second = variants[attempt % len(variants)], rng.choice(others)
            if compatible(first, second) and self._place((first, second), day_of(made * 3), must=False):
                made += 1
        raise AssertionError(f"no partners for {variants[0].rule}")

    def _place(self, variants: tuple[Variant, ...], day: int, must: bool = True) -> bool:
        """Put the case where, relative to size, the fewest cases lie."""
        places = [
            d
            for d in DECISION_DATASETS
            if all(v.fits(d, table_of(d), self.dialects[d, day], format_of(d)) for v in variants)
        ]
        if not places:
            if must:
                raise AssertionError(f"{variants[0].name} fits nowhere")
            return False
        dataset = min(places, key=lambda d: (self.load[d, day] / self.volumes[d, day], self.rng.random()))
        self.load[dataset, day] += 1
        n = self.used[variants[0].name]
        self.used[variants[0].name] += 1
        self.plants.append(Plant(variants, day, dataset, n))
        return True

    def rows(self, dataset: str, day: int) -> tuple[list[Row], list[Row]]:
        """(rows to be mixed in, rows that must come last) of one delivery."""
        mixed, last = list[Row](), list[Row]()
        for plant in (p for p in self.plants if p.dataset == dataset and p.day == day):
            row, partner = self._make(plant)
            if partner is None:
                mixed.append(row)
            else:
                mixed.append(partner)
                last.append(row)
        return mixed, last

    def _make(self, plant: Plant) -> tuple[Row, Row | None]:
        self._serial += 1
        wish = next((v.subject for v in plant.variants if v.subject), "")
        table = table_of(plant.dataset)
        partner: Row | None = None
        subject: Subject | Person | None = None
        if wish.startswith("partner"):
            groups = self.population.groups
            other = self.rng.choice(groups["individual"]) if wish == "partner-individual" else None
            partner = self.clean.row(plant.dataset, recent=plant.day > 1, subject=other)
            if wish == "partner-individual" or not table.endswith("zrr"):
                partner.fix(org_code="", tax_reg_no="")
        elif table.endswith("zrr"):
            if wish == "digits-person":
                subject = self.rng.choice(self.population.digit_persons)
        elif wish:
            subject = self.rng.choice(self.population.groups[wish])
        row = self.clean.row(plant.dataset, recent=plant.day > 1, subject=subject)
        expect, rules = "accepted", list[str]()
        ordered = sorted(plant.variants, key=lambda v: not v.subject.startswith("partner"))
        for i, variant in enumerate(ordered):  # a partner's values come first, the other fault on top
            dialect = self.dialects[plant.dataset, plant.day]
            context = Context(
                self.rng, self.population, DAYS[plant.day], dialect, format_of(plant.dataset), partner, plant.n + i
            )
            variant.apply(row, context)
            rules += variant.rules
            expect = max(expect, variant.expect, key=["accepted", "quarantined", "refused"].index)
        if expect == "refused":
            rules = [r for r in rules if r == "R20"]
        note = "+".join(v.name for v in plant.variants)
        letter = "L" if plant.variants[0].alike else "F"
        row.plant(f"{letter}{self._serial:04d}", sorted(set(rules)), expect, note)
        return row, partner


def compatible(first: Variant, second: Variant) -> bool:
    """Two variants that do not disturb each other in one row."""
    subjects = {v.subject for v in (first, second) if v.subject}
    if first.touches & second.touches or len(subjects) > 1:
        return False
    partnered = any(s.startswith("partner") for s in subjects)
    return not partnered or all(v.expect == "accepted" for v in (first, second))
