"""Licences and penalties as they really were decided: every value right."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal

from district_simulator.decisions import wording
from district_simulator.population.enterprises import Population
from district_simulator.vocabulary.rows import Row
from district_simulator.vocabulary.subjects import Person, Subject
from district_simulator.vocabulary.units import Unit, table_of, unit_of
from district_simulator.vocabulary.workcalendar import FIRST_DECISION, LAST_DECISION, workdays

CONFISCATION = "没收违法所得、没收非法财物"
SUSPENSION = "暂扣或者吊销许可证、暂扣或者吊销执照"
_FINES = [500, 800, 1000, 2000, 3000, 5000, 8000, 10000, 20000, 35000, 50000, 120000]


def wan(yuan: int) -> str:
    """元 → 万元, shortest decimal."""
    return f"{(Decimal(yuan) / 10000).normalize():f}"


def plus_years(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)


class CleanDecisions:
    """Source of clean rows; decision numbers never repeat within a unit."""

    def __init__(self, seed: int | str, population: Population):
        self.rng = random.Random(f"{seed}/decisions")
        self.population = population
        self.pool = [s for s in population.subjects if s.state == "存续"]
        self._numbers: dict[tuple[str, str, int], int] = {}
        self._past = workdays(FIRST_DECISION, date(2026, 2, 13))
        self._recent = workdays(date(2026, 2, 9), LAST_DECISION)

    def forget(self, codes: set[str]) -> None:
        """Never again a decision about these subjects."""
        self.pool = [s for s in self.pool if s.uscc not in codes]
        for name, group in self.population.groups.items():
            self.population.groups[name] = [s for s in group if s.uscc not in codes]

    def decision_date(self, recent: bool = False) -> date:
        """A working day of the period; ``recent`` means around the holiday."""
        if recent or self.rng.random() < 0.06:
            return self.rng.choice(self._recent)
        return self.rng.choice(self._past)

    def number(self, unit: Unit, table: str, day: date) -> str:
        key = (unit.id, table, day.year)
        serial = self._numbers[key] = self._numbers.get(key, 0) + 1
        if table.startswith("xk"):
            person = "个" if table == "xk_zrr" else ""
            return f"示{unit.short}许准{person}〔{day.year}〕第{serial:05d}号"
        person = "个" if table == "cf_zrr" else ""
        return f"示{unit.short}罚{person}〔{day.year}〕第{serial:05d}号"

    def row(
        self, dataset: str, *, day: date | None = None, subject: Subject | Person | None = None, recent: bool = False
    ) -> Row:
        """One clean row of a dataset."""
        table, unit = table_of(dataset), unit_of(dataset)
        day = day or self.decision_date(recent)
        someone = subject or self._anybody(table)
        values = self._subject(table, someone)
        values |= (self._licence if table.startswith("xk") else self._penalty)(unit, table, day, someone)
        values |= {
            "source_unit_name": unit.name,
            "source_unit_uscc": unit.uscc,
            "authority_name": unit.name,
            "authority_uscc": unit.uscc,
            "remark": self._remark(),
        }
        return Row(dataset, table, values, someone)

    def _anybody(self, table: str) -> Subject | Person:
        return self.rng.choice(self.population.persons) if table.endswith("zrr") else self.rng.choice(self.pool)

    def _remark(self) -> str:
        return self.rng.choice(["", "", "", "", "无", "已归档", "以纸质文书为准"])

    def _subject(self, table: str, subject: Subject | Person) -> dict[str, str]:
        if isinstance(subject, Person):
            return {
                "subject_name": subject.name,
                "subject_category": "自然人",
                "id_type": "身份证",
                "id_no": subject.id_no,
            }
        roll = self.rng.random()
        with_id = roll < 0.25
        return {
            "subject_name": subject.name,
            "subject_category": subject.category,
            "uscc": subject.uscc,
            "business_reg_no": subject.business_reg_no if roll > 0.6 else "",
            "org_code": subject.org_code if roll > 0.7 else "",
            "tax_reg_no": f"370399{subject.org_code}" if roll > 0.95 else "",
            "institution_cert_no": f"137039900{int(subject.business_reg_no[9:12]):03d}"
            if subject.kind == "institution"
            else "",
            "social_org_cert_no": f"示社证字第{subject.uscc[10:16]}号" if subject.kind == "association" else "",
            "legal_rep_name": subject.rep_name,
            "legal_rep_id_type": "身份证" if with_id else "",
            "legal_rep_id_no": subject.rep_id if with_id else "",
        }

    def _licence(self, unit: Unit, table: str, day: date, subject: Subject | Person) -> dict[str, str]:
        kinds = wording.PERSON_LICENCES if table == "xk_zrr" else wording.LICENCES
        title, certificate, content, years = self.rng.choice(kinds[unit.id])
        number = self.number(unit, table, day)
        start = day + timedelta(days=self.rng.choice([0, 0, 0, 1, 3]))
        end = plus_years(start, years) - timedelta(days=1) if years else date(2099, 12, 31)
        serial = number.split("第")[1].rstrip("号")
        return {
            "decision_title": title,
            "decision_no": number,
            "licence_category": self.rng.choice(wording.LICENCE_CATEGORIES),
            "certificate_name": certificate,
            "licence_no": f"SF{unit.short}{day:%Y}-{serial}" if certificate else "",
            "licence_content": content,
            "decision_date": day.isoformat(),
            "valid_from": start.isoformat(),
            "valid_to": end.isoformat(),
            "licence_state": "1" if self.rng.random() < 0.96 else "2",
        }

    def _penalty(self, unit: Unit, table: str, day: date, subject: Subject | Person) -> dict[str, str]:
        rng = self.rng
        violation, basis = rng.choice(wording.VIOLATIONS[unit.id])
        seen = day - timedelta(days=rng.randrange(10, 60))
        facts = (
            f"{seen.year}年{seen.month}月{seen.day}日，执法人员检查发现当事人（{subject.name}）{violation}，"
            f"经立案调查，违法事实清楚，证据确凿。"
        )
        fine, taken, licence = "", "", ""
        yuan = rng.choice(_FINES)
        roll = rng.random()
        if roll < 0.58:
            kinds, content, fine = ["罚款"], f"处以罚款{yuan}元。", wan(yuan)
        elif roll < 0.76:
            kinds, content, fine = ["警告", "罚款"], f"1.给予警告；2.罚款{yuan}元。", wan(yuan)
        elif roll < 0.86:
            kinds, content = ["警告"], "给予警告。"
        elif roll < 0.94:
            got = rng.choice([120, 350, 1500, 2600])
            kinds, content = ["罚款", CONFISCATION], f"没收违法所得{got}元，并处罚款{yuan}元。"
            fine, taken = wan(yuan), wan(got)
        elif roll < 0.98:
            licence = f"许可证 示字{rng.randrange(1000, 9999)}号"
            kinds, content = [SUSPENSION], f"暂扣{licence}三个月。"
        else:
            kinds, content = ["责令停产停业"], "责令停业整顿七日。"
        minor = kinds == ["警告"]
        published = "" if minor or rng.random() < 0.4 else (day + timedelta(days=180)).isoformat()
        return {
            "decision_no": self.number(unit, table, day),
            "violation_type": violation,
            "violation_facts": facts,
            "legal_basis": basis,
            "penalty_category": ";".join(kinds),
            "penalty_content": content,
            "fine_amount_wan": fine,
            "confiscated_amount_wan": taken,
            "suspended_or_revoked_licence": licence,
            "decision_date": day.isoformat(),
            "valid_until": plus_years(day, 1).isoformat(),
            "publication_end": published,
        }
