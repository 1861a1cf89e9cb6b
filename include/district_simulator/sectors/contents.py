"""What each kind of record says: the fields of its own, besides subject, authority and source."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from typing import Any

from district_simulator.decisions.clean import plus_years
from district_simulator.sectors import wording
from district_simulator.vocabulary.sector_datasets import SectorDataset
from district_simulator.vocabulary.subjects import Person
from district_simulator.vocabulary.units import UNITS

Values = dict[str, str]


class Contents:
    """One method per kind; numbers never repeat within a dataset."""

    def __init__(self, rng: random.Random):
        self.rng = rng
        self._serials: Counter[str] = Counter()

    def serial(self, dataset: SectorDataset) -> int:
        self._serials[dataset.id] += 1
        return self._serials[dataset.id]

    def number(self, dataset: SectorDataset, word: str, day: date) -> str:
        return f"示{UNITS[dataset.unit].short}{word}〔{day.year}〕第{self.serial(dataset):04d}号"

    def of(self, dataset: SectorDataset, day: date, subject: Any) -> Values:
        """The kind's own fields for a record of that day."""
        return getattr(self, dataset.table.split(".")[0])(dataset, day, subject, dataset.options)

    def _span(self, day: date, least: int, most: int) -> str:
        return (day + timedelta(days=self.rng.randrange(least, most))).isoformat()

    def statutory_rating(self, dataset: SectorDataset, day: date, subject: Any, options: dict) -> Values:
        return {
            "rating_domain": options["domain"],
            "period": str(day.year - 1),
            "grade": self.rng.choice(options["grades"]),
            "decided_on": day.isoformat(),
            "valid_to": plus_years(day, 1).isoformat() if self.rng.random() < 0.7 else "",
            "document_no": self.number(dataset, "评", day),
        }

    def inspection_result(self, dataset: SectorDataset, day: date, subject: Any, options: dict) -> Values:
        area = self.rng.choice(options["areas"])
        values = {
            "inspection_no": self.number(dataset, "检", day),
            "inspection_area": area,
            "inspected_on": day.isoformat(),
        }
        if dataset.table.endswith("sampling"):
            bad = self.rng.random() < 0.12
            return {
                **values,
                "product_name": self.rng.choice(wording.PRODUCTS[area]),
                "product_batch": f"批号{day:%y%m}-{self.rng.randrange(10, 99)}",
                "result": "不合格" if bad else "合格",
                "findings": wording.DEFECTS[area] if bad else "",
            }
        bad = self.rng.random() < 0.2
        return {
            **values,
            "inspection_type": options["type"],
            "result": "发现问题" if bad else "合格",
            "findings": wording.FINDINGS[area] if bad else "",
        }

    def honour(self, dataset: SectorDataset, day: date, subject: Any, options: dict) -> Values:
        at = self.rng.randrange(len(options["titles"]))
        kind = options["kinds"][min(at, len(options["kinds"]) - 1)]
        values = {
            "honour_title": options["titles"][at],
            "honour_kind": kind,
            "honour_level": options["level"],
            "document_no": self.number(dataset, "信", day),
            "decided_on": day.isoformat(),
            "valid_to": plus_years(day, 2).isoformat(),
        }
        if self.rng.random() < 0.08 and day < date(2025, 12, 1):
            values |= {"removed_on": self._span(day, 20, 60), "removal_reason": "复核不再符合条件"}
        return values

    def breach_list(self, dataset: SectorDataset, day: date, subject: Any, options: dict) -> Values:
        name = options["list"]
        values = {
            "list_name": name,
            "entry_no": self.number(dataset, "列", day),
            "entered_on": day.isoformat(),
            "reason": wording.LIST_REASONS[name],
            "legal_basis": f"《{options['basis']}》",
            "term_to": plus_years(day, 3).isoformat(),
        }
        if self.rng.random() < 0.15 and day < date(2025, 12, 1):
            values |= {
                "removed_on": self._span(day, 30, 70),
                "removal_no": values["entry_no"].replace("列", "移"),
                "removal_reason": "已纠正违法行为，提前移出",
            }
        return values

    def abnormal_operation(self, dataset: SectorDataset, day: date, subject: Any, options: dict) -> Values:
        values = {
            "entry_no": self.number(dataset, "异列", day),
            "entered_on": day.isoformat(),
            "reason": self.rng.choice(
                [
                    "未按规定公示年度报告",
                    "未按规定公示年度报告",
                    "通过登记的住所或者经营场所无法联系",
                    "公示信息隐瞒真实情况、弄虚作假",
                ]
            ),
        }
        if self.rng.random() < 0.25 and day < date(2025, 12, 1):
            values |= {
                "removed_on": self._span(day, 20, 60),
                "removal_no": values["entry_no"].replace("异列", "异移"),
                "removal_reason": "已补报年度报告并公示",
            }
        return values

    def judgment_debtor(self, dataset: SectorDataset, day: date, subject: Any, options: dict) -> Values:
        number = self.serial(dataset) + (50000 if isinstance(subject, Person) else 0)
        values = {
            "case_no": f"（{day.year}）示0399执{number}号",
            "basis_no": f"（{day.year - 1}）示0399民初{number}号",
            "court_name": UNITS[dataset.unit].name,
            "obligation": self.rng.choice(wording.OBLIGATIONS),
            "performance": self.rng.choice(["全部未履行", "全部未履行", "部分未履行"]),
            "conduct": wording.DEBTOR_CONDUCT,
            "filed_on": (day - timedelta(days=40)).isoformat(),
            "published_on": day.isoformat(),
        }
        if self.rng.random() < 0.12 and day < date(2025, 12, 1):
            values |= {"removed_on": self._span(day, 30, 70), "performance": "已履行"}
        return values

    def contract_performance(self, dataset: SectorDataset, day: date, subject: Any, options: dict) -> Values:
        signed = day - timedelta(days=self.rng.randrange(60, 300))
        bad = self.rng.random() < 0.08
        return {
            "contract_no": f"{UNITS[dataset.unit].short}合{signed:%Y%m}-{self.serial(dataset):04d}",
            "contract_name": self.rng.choice(wording.CONTRACTS),
            "contract_kind": self.rng.choice(options["kinds"]),
            "subject_role": self.rng.choice(options["roles"]),
            "counterparty_name": "示范区机关事务服务中心",
            "amount_wan": str(self.rng.choice([8, 12.5, 36, 98, 150, 420])),
            "signed_on": signed.isoformat(),
            "due_on": day.isoformat(),
            "performance": "违约" if bad else "履约",
            "evaluated_on": day.isoformat(),
            "breach_detail": "逾期未交付且未整改" if bad else "",
        }

    def social_insurance_payment(self, dataset: SectorDataset, day: date, subject: Any, options: dict) -> Values:
        period = self.rng.choice(["2025-11", "2025-12", "2026-01"])
        owes = self.rng.random() < 0.07
        return {
            "period": period,
            "insured_count": str(self.rng.randrange(3, 240)),
            "payment_state": "欠缴" if owes else "正常缴费",
            "arrears_wan": str(self.rng.choice([0.8, 1.25, 3])) if owes else "",
            "paid_on": "" if owes else f"{period}-15",
        }

    def labour_violation(self, dataset: SectorDataset, day: date, subject: Any, options: dict) -> Values:
        kind = self.rng.choice(list(wording.LABOUR))
        return {
            "case_no": self.number(dataset, "劳罚", day),
            "violation_type": kind,
            "facts": wording.LABOUR[kind],
            "workers_count": str(self.rng.randrange(5, 80)),
            "amount_wan": str(self.rng.choice([5, 12.6, 30])),
            "decision_date": day.isoformat(),
            "outcome": "责令限期改正并依法处理",
            "published_on": day.isoformat(),
        }

    def disclosure_item(self, dataset: SectorDataset, day: date, subject: Any, options: dict) -> Values:
        state = self.rng.choices(["网上已公开", "其他方式公开", "未公开", "依法不予公开"], [80, 8, 8, 4])[0]
        online = state == "网上已公开"
        return {
            "item_no": f"GK{dataset.unit.upper().replace('_', '')}{self.serial(dataset):04d}",
            "item_title": f"{day.year}年{self.rng.choice(wording.DISCLOSURE)}",
            "item_category": "法定主动公开",
            "due_on": day.isoformat(),
            "publication_state": state,
            "published_on": (day - timedelta(days=self.rng.randrange(0, 9))).isoformat() if online else "",
            "channel": "区政府门户网站" if online else "",
        }

    def commitment(self, dataset: SectorDataset, day: date, subject: Any, options: dict) -> Values:
        area = self.rng.choice(options["areas"])
        state = self.rng.choices(["履行中", "已履行", "违诺"], [60, 32, 8])[0] if day < date(2025, 12, 1) else "履行中"
        values = {
            "commitment_no": f"{UNITS[dataset.unit].short}诺{day:%Y}-{self.serial(dataset):04d}",
            "commitment_type": self.rng.choice(options["types"]),
            "commitment_area": area,
            "content": wording.COMMITMENTS[area],
            "made_on": day.isoformat(),
            "due_on": plus_years(day, 1).isoformat(),
            "fulfilment": state,
            "fulfilment_on": "" if state == "履行中" else self._span(day, 30, 70),
            "breach_detail": "未按承诺期限完成" if state == "违诺" else "",
        }
        return values | ({"profession": self.rng.choice(options["professions"])} if isinstance(subject, Person) else {})

    def practitioner_registration(self, dataset: SectorDataset, day: date, subject: Any, options: dict) -> Values:
        issued = day - timedelta(days=self.rng.randrange(30, 1500))
        return {
            "profession": self.rng.choice(options["professions"]),
            "register_name": options["register"],
            "certificate_no": f"SF{dataset.unit.upper()}{issued:%Y}{self.serial(dataset):05d}",
            "issued_on": issued.isoformat(),
            "valid_to": plus_years(issued, 8).isoformat(),
            "state": self.rng.choices(["有效", "暂停执业"], [97, 3])[0],
        }

    def sector_roster(self, dataset: SectorDataset, day: date, subject: Any, options: dict) -> Values:
        listed = date(2017, 3, 1) + timedelta(days=self.rng.randrange(2900))
        return {
            "roster_name": options["roster"],
            "listed_on": listed.isoformat(),
            "removed_on": self._span(listed, 200, 900) if listed.year < 2023 and self.rng.random() < 0.06 else "",
        }
