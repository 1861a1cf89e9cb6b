"""The three days of the district, put together: each part is called once, in this order, and writes into the book."""

from __future__ import annotations

import random
from dataclasses import dataclass

from district_simulator import stamps
from district_simulator.book import Book
from district_simulator.decisions import accidents, city_register, earlier, events, ledger, roster, versions
from district_simulator.decisions import ordinary as ordinary_decisions
from district_simulator.decisions.clean import CleanDecisions
from district_simulator.decisions.planting import Plant
from district_simulator.population.enterprises import Population
from district_simulator.population.organisations import Organisations
from district_simulator.sectors import food, history, later
from district_simulator.sectors import ordinary as ordinary_records
from district_simulator.sectors.clean import CleanRecords
from district_simulator.sectors.stories import Stories


@dataclass(frozen=True)
class Assembly:
    """Who is there, and the book of what will be delivered."""

    book: Book
    population: Population
    organisations: Organisations
    stories: Stories
    plants: list[Plant]  # faults planted among the licences and penalties


def assemble(seed: int = 1, scale: float = 1.0) -> Assembly:
    """Everything of one seed: the same seed and scale, the same bytes."""
    book = Book(seed, scale)

    # who is there
    population = Population(seed, max(1500, int(12000 * scale)))
    organisations = Organisations(seed, scale)
    stories = Stories(organisations)

    # licences and penalties: ordinary deliveries with faults, the register, what befalls decisions and deliveries, counts
    rng = random.Random(f"{seed}/plan")
    decisions = CleanDecisions(seed, population)
    plants = ordinary_decisions.add(book, rng, population, decisions)
    food.add_decisions(book, population, organisations)
    roster.add(book, rng, population, decisions)
    versions.add(book, population, decisions)
    events.add(book)
    earlier.add(book)
    accidents.add(book, decisions)
    ledger.add(book, rng)

    # the sectors' records: ordinary deliveries with faults and stories, changes of the later days, five years before
    rng = random.Random(f"{seed}/sector-plan")
    records = CleanRecords(seed, population, organisations, decisions.pool)
    stories.add_to_registers(book)
    told = stories.records(records) + food.records(organisations, records)
    ordinary_records.add(book, rng, population, organisations, records, told)
    later.add(book, rng, population, organisations, records)
    history.add(book, population, organisations, records)

    # last, over all of it
    stamps.add(book, population)
    city_register.add(book, [*population.subjects, *stories.firms])
    return Assembly(book, population, organisations, stories, plants)
