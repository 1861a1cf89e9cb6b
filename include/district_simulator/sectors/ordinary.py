"""The ordinary deliveries of the sectors' records, planted faults and the rows of stories among the clean ones."""

from __future__ import annotations

import random

from district_simulator.book import Book
from district_simulator.population.enterprises import Population
from district_simulator.population.organisations import Organisations
from district_simulator.sectors import counts
from district_simulator.sectors.clean import CleanRecords
from district_simulator.sectors.headings import on_day
from district_simulator.sectors.planting import MIN_PER_ERROR, SectorPlanter
from district_simulator.sectors.registers import REGISTERS, first_day
from district_simulator.vocabulary.rows import Row
from district_simulator.vocabulary.sector_datasets import SECTOR_DATASETS
from district_simulator.vocabulary.sector_tables import SECTOR_TABLES

SILENT = ("street_north",)  # a unit that never delivers anything
SMALLEST, SMALLEST_LATER, LATER_SHARE = 24, 12, 0.05
# Streams that deliver on days 2 and 3 as well (registers have days of their own).
LATER = (
    "scjg.inspection",
    "scjg.sampling",
    "scjg.abnormal_operation",
    "scjg.breach_list",
    "scjg.honour",
    "rsj.social_insurance_payment",
    "rsj.labour_violation",
    "fy.judgment_debtor_entity",
    "fy.judgment_debtor_person",
    "yjgl.commitment",
    "yjgl.breach_list",
    "swj.breach_list",
    "swj.rating",
    "czj.contract_performance",
    "xzsp.contract_performance",
    "fgj.commitment",
    "tjj.commitment",
    "town_east.commitment",
    "sfj.commitment_person",
    "street_south.disclosure_item",
    "zfb.disclosure_item",
    "gaj.inspection",
    "zjj.rating",
    "wlj.rating",
)


def _volumes(scale: float, clean: CleanRecords, organisations: Organisations) -> dict[tuple[str, int], int]:
    """(dataset, day) → rows to deliver."""
    sent = [d for d in SECTOR_DATASETS.values() if d.unit not in SILENT]
    volumes = {(d.id, 1): max(SMALLEST if d.rows > SMALLEST else d.rows, int(d.rows * scale)) or SMALLEST for d in sent}
    volumes |= {
        (d.id, day): max(SMALLEST_LATER, int(d.rows * scale * LATER_SHARE))
        for day in (2, 3)
        for d in sent
        if d.id in LATER
    }
    volumes |= {
        (d.id, 1): len(counts.MONTHS) * len(clean.cycle(d)) for d in sent if SECTOR_TABLES[d.table].about == "count"
    }
    return volumes | {(name, 1): len(getattr(organisations.groups, group)) for name, group in REGISTERS.items()}


def add(
    book: Book,
    rng: random.Random,
    population: Population,
    organisations: Organisations,
    clean: CleanRecords,
    told: list[tuple[int, Row]],
) -> None:
    """Deliver every stream on its days; ``told`` are (day, row) of the stories."""
    volumes = _volumes(book.scale, clean, organisations)
    planter = SectorPlanter(book.seed, population, organisations, clean, volumes)
    for (name, day), volume in sorted(volumes.items(), key=lambda item: item[0][1]):
        planted = planter.rows(name, day)
        if name in REGISTERS:
            rows = first_day(organisations, name) + planted
        else:
            count = max(volume, MIN_PER_ERROR * len(planted)) - len(planted)
            rows = [clean.row(name, day) for _ in range(count)] + planted
            rows += [row for on, row in told if row.dataset == name and on == day]
        rng.shuffle(rows)
        for i, row in enumerate(rows):
            row.extra["序号"] = str(i + 1)
        book.deliver(day, name, rows, on_day(name, day), main=True)
