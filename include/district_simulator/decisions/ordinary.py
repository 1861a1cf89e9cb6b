"""The ordinary deliveries of licences and penalties of the three days, planted faults among the clean rows."""

from __future__ import annotations

import random

from district_simulator.book import Book
from district_simulator.decisions.clean import CleanDecisions
from district_simulator.decisions.headings import on_day
from district_simulator.decisions.planting import Plant, Planter
from district_simulator.population.enterprises import Population
from district_simulator.vocabulary.units import DATASETS, DECISION_DATASETS
from district_simulator.vocabulary.workcalendar import DAYS

LATER_SHARE = 0.07  # of the first day's volume on days 2 and 3
MIN_PER_ERROR = 7  # ordinary rows per planted case, at any scale


def add(book: Book, rng: random.Random, population: Population, clean: CleanDecisions) -> list[Plant]:
    """Deliver every dataset on every day; returns what was planted."""
    dialects = {(dataset, day): on_day(dataset, day) for dataset in DECISION_DATASETS for day in DAYS}
    volumes = {
        (dataset, day): max(10, int(DATASETS[dataset] * book.scale * (1 if day == 1 else LATER_SHARE)))
        for dataset, day in dialects
    }
    planter = Planter(book.seed, population, clean, dialects, volumes)
    for day in DAYS:
        for dataset in DECISION_DATASETS:
            mixed, last = planter.rows(dataset, day)
            planted = len(mixed) + len(last)
            missing = max(volumes[dataset, day], MIN_PER_ERROR * planted) - planted
            mixed += [clean.row(dataset, recent=day > 1) for _ in range(missing)]
            rng.shuffle(mixed)
            book.deliver(day, dataset, mixed + last, dialects[dataset, day], main=True)
    return planter.plants
