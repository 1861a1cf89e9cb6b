"""What happens beside the deliveries: documents from before the first day, uses of credit reports, decisions of the leadership.

``CONNECTED`` and ``INTRODUCED`` are what the district did in the years before (departments connected, areas in which credit
reports were introduced), each by a document. ``USES`` are reviews made on a day after its build; ``EDITIONS`` what the
leadership is asked to freeze on a day, with the reason where a frozen year is corrected.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import xlsxwriter

from district_simulator.population.enterprises import Population
from district_simulator.sectors.history import RESTATED

# department as the plan names it → unit of today, day it was connected by document
CONNECTED: dict[str, tuple[str, date | None]] = {
    "金融": ("jrj", None),
    "工商": ("scjg", date(2018, 6, 29)),
    "税务": ("swj", date(2018, 10, 31)),
    "住房城乡建设": ("zjj", date(2018, 9, 28)),
    "食品药品监管": ("scjg", date(2018, 8, 31)),
    "质监": ("scjg", date(2019, 3, 29)),
    "公安": ("gaj", date(2020, 6, 30)),
    "教育": ("jtj", date(2019, 11, 29)),
    "人力资源社会保障": ("rsj", date(2018, 11, 30)),
    "卫生计生": ("wsjk", date(2019, 6, 28)),
}
INTRODUCED: dict[str, date | None] = {
    "政府采购": date(2018, 9, 14),
    "招标投标": date(2018, 12, 28),
    "公共资源交易": date(2020, 5, 29),
    "政府资金补助": None,
}
EDITIONS = {
    1: (int(RESTATED[2][:4]), ""),
    2: (int(RESTATED[2][:4]), "财政局更正 2020 年 12 月政府采购评审专家信用档案数"),
}


@dataclass(frozen=True)
class Use:
    """A list of applicants that an office has reviewed."""

    day: int
    unit: str
    area: str
    purpose: str
    applicants: int

    def path(self, home: Path) -> Path:
        """Where the list lies below the simulator's folder."""
        return home / "office" / f"day{self.day}_{self.unit}.xlsx"


USES = (Use(1, "czj", "政府资金补助", "2026 年中小企业发展资金补助资格审查", 30),)


def write(home: Path, day: int, seed: int, population: Population) -> None:
    """The lists of applicants of a day: firms of the register, by name and code."""
    firms = [s for s in population.subjects if s.kind == "company" and s.state == "存续"]
    for use in (use for use in USES if use.day == day):
        path = use.path(home)
        path.parent.mkdir(exist_ok=True)
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet("申请单位")
            sheet.write_row(0, 0, ["序号", "申请单位名称", "统一社会信用代码"])
            for number, firm in enumerate(random.Random(f"{seed}/office/{day}").sample(firms, use.applicants), 1):
                sheet.write_row(number, 0, [number, firm.name, firm.uscc])
