"""The three days of the district: who delivers what, with which accidents."""

from __future__ import annotations

import random

from district_simulator.decisions import roster, scenarios
from district_simulator.decisions.clean import Decisions
from district_simulator.decisions.headings import DIALECTS, Dialect, swapped_s2
from district_simulator.decisions.planting import Planter
from district_simulator.population.enterprises import Population
from district_simulator.sectors.ordinary import SectorPlan
from district_simulator.vocabulary.deliveries import Delivery, format_of
from district_simulator.vocabulary.rows import Row
from district_simulator.vocabulary.units import DATASETS, DECISION_DATASETS, unit_of
from district_simulator.vocabulary.workcalendar import DAYS

LATER_SHARE = 0.07  # of the first day's volume on days 2 and 3
MIN_PER_ERROR = 7  # ordinary rows per planted case, at any scale
EXCHANGE_LOCAL = "syfw"  # 信息使用范围, a local extension of the rsj tables


def base_dialect(dataset: str, day: int) -> Dialect:
    """Headings of a dataset's ordinary delivery of a day."""
    dialect = DIALECTS[dataset]
    if dataset == "zhzf.penalty_entity" and day == 2:
        dialect = swapped_s2("cf_fr", dates="slash_short")
    if dataset.startswith("rsj."):
        dialect = dialect.with_columns(add=[EXCHANGE_LOCAL])
    extra, rename = {
        ("xzsp.licence_entity", 2): (["XK_BLR"], {}),
        ("wsjk.penalty_entity", 2): (["案件来源"], {}),
        ("wsjk.licence_person", 2): (["宗教信仰"], {}),
        ("zhzf.penalty_person", 2): (["联系方式"], {}),
        ("zhzf.penalty_person", 3): (["既往病史"], {}),
        ("jtys.penalty_person", 3): (["证件复印件编号"], {}),
        ("zjj.licence_entity", 2): ([], {"备注": "!备注说明"}),
    }.get((dataset, day), ([], {}))
    if extra or rename:
        dialect = dialect.with_columns(add=extra, rename=rename, suffix=f"_day{day}")
    return dialect


class Plan:
    """All deliveries of one seed, day by day.  The clerk's resubmissions are not in it: they answer slips."""

    def __init__(self, seed: int = 1, scale: float = 1.0):
        self.seed, self.scale = seed, scale
        self.rng = random.Random(f"{seed}/plan")
        self.population = Population(seed, max(1500, int(12000 * scale)))
        self.decisions = Decisions(seed, self.population)
        self.deliveries: dict[int, list[Delivery]] = {1: [], 2: [], 3: []}
        self.main: dict[tuple[str, int], Delivery] = {}
        self._batches: dict[tuple[str, int], int] = {}
        volumes = {
            (d, day): max(10, int(DATASETS[d] * scale * (1 if day == 1 else LATER_SHARE)))
            for d in DECISION_DATASETS
            for day in DAYS
        }
        dialects = {(d, day): base_dialect(d, day) for d in DECISION_DATASETS for day in DAYS}
        self.planter = Planter(seed, self.population, self.decisions, dialects, volumes)
        for day in DAYS:
            for dataset in DECISION_DATASETS:
                self._ordinary(dataset, day, volumes[dataset, day], dialects[dataset, day])
        self.sectors = SectorPlan(self)
        self.revocations: list[tuple[int, Row, str]] = []
        self.rekey: dict[str, str] = {}  # decision numbers the clerk will find wrong on day 3
        roster.add(self)
        scenarios.add(self)
        self.sectors.add()
        self._stamp()

    def _ordinary(self, dataset: str, day: int, volume: int, dialect: Dialect) -> None:
        mixed, last = self.planter.rows(dataset, day)
        missing = max(volume, MIN_PER_ERROR * (len(mixed) + len(last))) - len(mixed) - len(last)
        mixed += [self.decisions.row(dataset, recent=day > 1) for _ in range(missing)]
        self.rng.shuffle(mixed)
        self.deliver(day, dataset, mixed + last, dialect, main=True)

    def deliver(
        self, day: int, dataset: str, rows: list[Row], dialect: Dialect | None = None, *, main: bool = False, **options
    ) -> Delivery:
        """Add a delivery (its place in the day's list is its order of arrival)."""
        delivery = Delivery(day, dataset, dialect or base_dialect(dataset, day), rows, **options)
        if format_of(dataset) == "db" and not delivery.batch_no:
            delivery.batch_no = self.batch_number(unit_of(dataset).id, day)
        self.deliveries[day].append(delivery)
        if main:
            self.main[dataset, day] = delivery
        return delivery

    def batch_number(self, unit: str, day: int) -> str:
        """Next batch number of an exchange schema."""
        number = self._batches[unit, day] = self._batches.get((unit, day), 0) + 1
        return f"{DAYS[day]:%Y%m%d}{number:03d}"

    def _stamp(self) -> None:
        """Row versions for the APIs and cells for columns outside the catalogue."""
        rng = random.Random(f"{self.seed}/stamps")
        for day, deliveries in self.deliveries.items():
            for delivery in deliveries:
                foreign = [h for f, h in delivery.dialect.columns if f is None]
                for i, row in enumerate(delivery.rows):
                    if delivery.format == "json" and not row.sjc:
                        second = min(i, 25000)
                        row.sjc = (
                            f"{DAYS[day].isoformat()}T{9 + second // 3600:02d}:"
                            f"{second // 60 % 60:02d}:{second % 60:02d}"
                        )
                    for heading in foreign:
                        if heading not in row.extra:
                            row.extra[heading] = (
                                row.get("remark") if heading == "备注说明" else self._foreign(heading, day, rng)
                            )

    def _foreign(self, heading: str, day: int, rng: random.Random) -> str:
        """What stands in a column that no catalogue names."""
        population = self.population
        if heading == "联系方式":
            return population.mobile() if rng.random() < 0.7 else population.id_number()
        if heading == "证件复印件编号":
            return f"复印件{population.id_number()}"
        values = {
            "数据导出时间": f"{DAYS[day]:%Y/%m/%d} 08:00:00",
            "宗教信仰": rng.choice(["无", "不详"]),
            "既往病史": rng.choice(["无", "高血压"]),
            "案件来源": rng.choice(["日常检查", "投诉举报"]),
            "XK_BLR": f"经办{rng.randrange(1, 20):02d}",
            "DFBM": "370399",
            "syfw": rng.choice("12"),
            "信访情况": "无",
            "计划生育情况": "不详",
            "项目经办人": f"经办{rng.randrange(1, 20):02d}",
            "SJC": f"{DAYS[day]:%Y/%m/%d}",
            "XK_ZT": "0",
            "CF_ZT": "0",
            "CF_CFLB2": "",
        }
        return values.get(heading, "")
