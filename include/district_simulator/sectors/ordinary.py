"""All deliveries of the sectors, day by day; ``SectorPlan(plan)`` adds them to the plan of the district."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from district_simulator.decisions.headings import Dialect
from district_simulator.population.enterprises import Person
from district_simulator.population.organisations import SectorPopulation
from district_simulator.sectors import counts, food, headings, history, later, registers, stories
from district_simulator.sectors.clean import SectorRows
from district_simulator.sectors.planting import MIN_PER_ERROR, SectorPlanter
from district_simulator.vocabulary.deliveries import Delivery
from district_simulator.vocabulary.rows import Row
from district_simulator.vocabulary.sector_datasets import SECTOR_DATASETS
from district_simulator.vocabulary.sector_tables import SECTOR_TABLES

if TYPE_CHECKING:
    from district_simulator.assemble import Plan

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
# (dataset, day) → a column of the department's own system
EXTRA_COLUMNS = {
    ("wsjk.practitioner", 1): "既往病史",
    ("zjj.practitioner", 1): "计划生育情况",
    ("town_east.commitment", 1): "信访情况",
    ("czj.contract_performance", 1): "项目经办人",
    ("fgj.practitioner", 1): "联系方式",
    ("tjj.commitment", 2): "案件来源",
    ("sfj.commitment_person", 3): "联系方式",
}


class SectorPlan:
    """Subjects, rows and deliveries of the sectors of one seed."""

    def __init__(self, plan: Plan):
        self.plan = plan
        self.rng = random.Random(f"{plan.seed}/sector-plan")
        self.subjects = SectorPopulation(plan.seed, plan.scale, plan.population)
        self.reissued: dict[str, str] = {}  # old code → new code on day 3
        self.corrected: set[int] = set()
        self.objected: list[Row] = []
        self.revoked_penalties: list[Row] = []  # ended by a notice on day 2
        self.stories = stories.Stories(self)
        self.main: dict[tuple[str, int], Delivery] = {}
        self._dialects: dict[tuple[str, int], Dialect] = {}
        self._taken: set[int] = set()  # rows live as long as the plan, so their ids stay theirs
        self.turned_away: dict[int, list[later.Refused]] = {1: [], 2: [], 3: []}
        food.add_decisions(self)

    def dialect(self, name: str, day: int) -> Dialect:
        """Headings of a stream on a day."""
        if (name, day) not in self._dialects:
            dialect = headings.build(SECTOR_DATASETS[name])
            extra = EXTRA_COLUMNS.get((name, day))
            self._dialects[name, day] = dialect.with_columns(add=[extra], suffix=f"_day{day}") if extra else dialect
        return self._dialects[name, day]

    def deliver(self, day: int, name: str, rows: list[Row], **options) -> Delivery:
        """Add a delivery."""
        delivery = self.plan.deliver(day, name, rows, self.dialect(name, day), **options)
        if not options.get("case"):
            self.main[name, day] = delivery
        return delivery

    def add(self) -> None:
        """Everything of the three days; the old registers and decisions are already planned."""
        plan = self.plan
        self.rows = SectorRows(plan.seed, plan.population, self.subjects, plan.decisions.pool)
        self.stories.add_to_registers()
        sent = [d for d in SECTOR_DATASETS.values() if d.unit not in SILENT]
        volumes = {
            (d.id, 1): max(SMALLEST if d.rows > SMALLEST else d.rows, int(d.rows * plan.scale)) or SMALLEST
            for d in sent
        }
        volumes |= {
            (d.id, day): max(SMALLEST_LATER, int(d.rows * plan.scale * LATER_SHARE))
            for day in (2, 3)
            for d in sent
            if d.id in LATER
        }
        volumes |= {
            (d.id, 1): len(counts.MONTHS) * len(self.rows.cycle(d))
            for d in sent
            if SECTOR_TABLES[d.table].about == "count"
        }
        for name, group in registers.REGISTERS.items():
            volumes[name, 1] = len(getattr(self.subjects.groups, group))
        self.planter = SectorPlanter(self, volumes)
        told = self.stories.records() + food.records(self)
        for (name, day), volume in sorted(volumes.items(), key=lambda item: item[0][1]):
            self._ordinary(name, day, volume, [r for on, r in told if r.dataset == name and on == day])
        later.add(self)
        history.add(self)

    def _ordinary(self, name: str, day: int, volume: int, told: list[Row]) -> None:
        planted = self.planter.rows(name, day)
        if name in registers.REGISTERS:
            rows = registers.first_day(self, name) + planted
        else:
            count = max(volume, MIN_PER_ERROR * len(planted)) - len(planted)
            rows = [self.rows.row(name, day) for _ in range(count)] + planted + told
        self.rng.shuffle(rows)
        for i, row in enumerate(rows):
            row.extra["序号"] = str(i + 1)
        self.deliver(day, name, rows)

    def clean(self, name: str, count: int, **wanted: str) -> list[Row]:
        """Clean rows of the first day named by USCC (or a person's number), each given away once; more are made if too few."""
        rows, found = self.main[name, 1].rows, []
        while len(found) < count:
            row = next((r for r in rows if self._free(r, wanted)), None)
            if row is None:
                row = self.rows.row(name, 1, how="uscc")
                row.extra["序号"] = str(len(rows) + 1)
                rows.append(row)
                continue
            self._taken.add(id(row))
            found.append(row)
        return found

    def _free(self, row: Row, wanted: dict[str, str]) -> bool:
        named = isinstance(row.subject, Person) or (row.get("uscc") and row.subject.kind != "food")
        return bool(
            not row.case and id(row) not in self._taken and named and all(row.truth[k] == v for k, v in wanted.items())
        )
