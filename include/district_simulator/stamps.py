"""What is added last to every delivery: row versions of the APIs and cells of columns outside the catalogue."""

from __future__ import annotations

import random

from district_simulator.book import Book
from district_simulator.population.enterprises import Population
from district_simulator.vocabulary.workcalendar import CALENDAR


def add(book: Book, population: Population) -> None:
    """Row versions for the APIs and cells for columns outside the catalogue."""
    rng = random.Random(f"{book.seed}/stamps")
    for day, deliveries in book.deliveries.items():
        for delivery in deliveries:
            foreign = [h for f, h in delivery.dialect.columns if f is None]
            for i, row in enumerate(delivery.rows):
                if delivery.format == "json" and not row.sjc:
                    second = min(i, 25000)
                    row.sjc = f"{CALENDAR[day].isoformat()}T{9 + second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
                for heading in foreign:
                    if heading not in row.extra:
                        row.extra[heading] = (
                            row.get("remark") if heading == "备注说明" else _foreign(heading, day, rng, population)
                        )


def _foreign(heading: str, day: int, rng: random.Random, population: Population) -> str:
    """What stands in a column that no catalogue names."""
    if heading == "联系方式":
        return population.mobile() if rng.random() < 0.7 else population.id_number()
    if heading == "证件复印件编号":
        return f"复印件{population.id_number()}"
    values = {
        "数据导出时间": f"{CALENDAR[day]:%Y/%m/%d} 08:00:00",
        "宗教信仰": rng.choice(["无", "不详"]),
        "既往病史": rng.choice(["无", "高血压"]),
        "案件来源": rng.choice(["日常检查", "投诉举报"]),
        "XK_BLR": f"经办{rng.randrange(1, 20):02d}",
        "DFBM": "370399",
        "syfw": rng.choice("12"),
        "信访情况": "无",
        "计划生育情况": "不详",
        "项目经办人": f"经办{rng.randrange(1, 20):02d}",
        "SJC": f"{CALENDAR[day]:%Y/%m/%d}",
        "XK_ZT": "0",
        "CF_ZT": "0",
        "CF_CFLB2": "",
    }
    return values.get(heading, "")
