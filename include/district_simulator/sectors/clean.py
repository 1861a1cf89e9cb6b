"""Clean rows of the sectors: who it is about, what it says, who decided it, who sends it."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta

from district_simulator.population.enterprises import Population
from district_simulator.population.organisations import Organisations
from district_simulator.sectors import counts
from district_simulator.sectors.contents import Contents
from district_simulator.vocabulary.rows import Row
from district_simulator.vocabulary.sector_datasets import SECTOR_DATASETS, SectorDataset
from district_simulator.vocabulary.sector_tables import CODES, SECTOR_TABLES
from district_simulator.vocabulary.subjects import Person, Subject
from district_simulator.vocabulary.units import UNITS, Unit
from district_simulator.vocabulary.workcalendar import DAYS, workdays

_POPULATIONS = ["公务员", "事业单位工作人员"]


class CleanRecords:
    """Source of clean rows; no two describe the same record."""

    def __init__(self, seed: int, population: Population, organisations: Organisations, pool: list[Subject]):
        self.seed = seed
        self.rng = random.Random(f"{seed}/sector-rows")
        self.population, self.organisations = population, organisations
        self.pool = [s for s in pool if s.kind in ("company", "individual", "cooperative")]
        self.contents = Contents(self.rng)
        self._past = workdays(date(2025, 3, 3), date(2026, 2, 13))
        self._seen: set[tuple[str, ...] | None] = set()

    def event_day(self, day: int) -> date:
        """When it happened: in the past year, or for the later days just before."""
        if day == 1:
            return self.rng.choice(self._past)
        return DAYS[day] - timedelta(days=self.rng.randrange(1, 7))

    def subject(self, dataset: SectorDataset) -> Subject | Person:
        """Somebody this kind of record can be about."""
        if SECTOR_TABLES[dataset.table].about == "person":
            return self.rng.choice(self.population.persons)
        groups, roll = self.organisations.groups, self.rng.random()
        wanted = dataset.options.get("subjects") or {"disclosure_item.body": "body"}.get(dataset.table, "")
        if wanted == "institution":
            return self.rng.choice(groups.institutions)
        if wanted == "body":
            return self.rng.choice(groups.bodies if roll < 0.8 else groups.institutions)
        mixed = dataset.table in ("social_insurance_payment.entity", "honour.entity", "contract_performance.entity")
        if mixed and roll < 0.2:
            return self.rng.choice(groups.institutions if roll < 0.1 else groups.social)
        return self.rng.choice(self.pool)

    def row(
        self,
        name: str,
        day: int = 1,
        subject: Subject | Person | Callable | None = None,
        *,
        when: date | None = None,
        how: str = "",
        **values: str,
    ) -> Row:
        """One clean row about a subject (or one that a function proposes).

        ``how``: by which identifier the subject is named (default: mostly its USCC).
        """
        dataset = SECTOR_DATASETS[name]
        if SECTOR_TABLES[dataset.table].about == "count":
            return self.count(dataset, day)
        for _ in range(200):
            someone = subject() if callable(subject) else subject or self.subject(dataset)
            row = self._row(dataset, when or self.event_day(day), someone, how)
            row.fix(**values)
            if row.key not in self._seen:
                self._seen.add(row.key)
                return row
        raise AssertionError(f"{name}: nobody left")

    def _row(self, dataset: SectorDataset, when: date, subject: Subject | Person, how: str) -> Row:
        table, unit = SECTOR_TABLES[dataset.table], UNITS[dataset.unit]
        given = self._person(subject) if isinstance(subject, Person) else self.naming(subject, how)
        given |= self.contents.of(dataset, when, subject)
        given |= {
            "authority_name": unit.name,
            "authority_uscc": unit.uscc,
            "source_unit_name": unit.name,
            "source_unit_uscc": unit.uscc,
            "remark": self.rng.choice(["", "", "", "无", "已归档"]),
        }
        if "practice_org_name" in table.fields:
            place = self.rng.choice(self.organisations.groups.institutions if dataset.unit == "wsjk" else self.pool)
            given |= {"practice_org_name": place.name, "practice_org_uscc": place.uscc}
        return Row(dataset.id, table.id, {n: given.get(n, "") for n in table.fields}, subject)

    @staticmethod
    def _person(person: Person) -> dict[str, str]:
        return {"subject_name": person.name, "id_type": "身份证", "id_no": person.id_no}

    def naming(self, subject: Subject, how: str = "") -> dict[str, str]:
        """Name and codes as the department holds them."""
        known = {
            "uscc": subject.uscc,
            "org_code": subject.org_code,
            "business_reg_no": subject.business_reg_no,
            "tax_reg_no": getattr(subject, "tax_reg_no", ""),
            "institution_cert_no": getattr(subject, "institution_cert_no", ""),
            "social_org_cert_no": getattr(subject, "social_org_cert_no", ""),
        }
        if not how:
            how = self.rng.choices(
                [
                    "uscc",
                    "both",
                    "org_code",
                    "business_reg_no",
                    "institution_cert_no",
                    "social_org_cert_no",
                    "tax_reg_no",
                ],
                [84, 6, 4, 3, 1, 1, 1],
            )[0]
        if how == "name":
            return {"subject_name": subject.name}
        if how == "both":
            return {"subject_name": subject.name, "uscc": subject.uscc, "org_code": subject.org_code}
        field = how if how in CODES and known[how] else "uscc"
        return {"subject_name": subject.name, field: known[field]}

    def cycle(self, dataset: SectorDataset) -> list[tuple[Unit, str]]:
        """Which unit reports what in a stream of counts: one line each per month."""
        units = [UNITS[dataset.unit]]
        if dataset.id == "rsj.training_count":
            units = [u for u in UNITS.values() if u.id != "town_west"]
        whats = _POPULATIONS if dataset.table.startswith("training") else dataset.options["measures"]
        return [(unit, what) for unit in units for what in whats]

    def count(self, dataset: SectorDataset, day: int = 1) -> Row:
        """One line of counts of a month nobody reported yet: first the year ends of the history, then months between."""
        table, source, between = SECTOR_TABLES[dataset.table], UNITS[dataset.unit], date(2025, 11, 1)
        months = list(counts.MONTHS)
        while True:
            month = months.pop(0) if months else between
            for unit, what in self.cycle(dataset):
                key = (dataset.table, unit.uscc, what, f"{month:%Y-%m}")
                if key in self._seen:
                    continue
                self._seen.add(key)
                part, whole = counts.part_and_whole(self.seed, unit, what, month)
                named = {
                    "unit_name": unit.name,
                    "unit_uscc": unit.uscc,
                    "month": key[3],
                    "source_unit_name": source.name,
                    "source_unit_uscc": source.uscc,
                }
                named |= (
                    {"population": what, "staff_count": str(whole), "trained_count": str(part)}
                    if table.id.startswith("training")
                    else self._measured(dataset, what, part, whole, month)
                )
                return Row(dataset.id, table.id, {n: named.get(n, "") for n in table.fields})
            if not months:
                between = (month - timedelta(days=1)).replace(day=1) if month <= date(2025, 11, 1) else between

    @staticmethod
    def _measured(dataset: SectorDataset, measure: str, part: int, whole: int, month: date) -> dict[str, str]:
        if measure == "检察机关行贿档案查询次数" or dataset.options.get("no_denominator"):
            return {"measure": measure, "numerator": str(part)}
        return {
            "measure": measure,
            "numerator": str(part),
            "denominator": str(whole),
            "denominator_source": "编制与人员台账",
            "denominator_on": month.isoformat(),
        }
