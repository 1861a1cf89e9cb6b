"""What the city's own register knows: ours with gaps and other names, so that the city refuses some records we accept."""

from __future__ import annotations

import random
from collections.abc import Iterable

from district_simulator.book import Book
from district_simulator.vocabulary.rows import Row
from district_simulator.vocabulary.subjects import Subject
from district_simulator.vocabulary.units import DATASETS

MISSING, OTHER_NAME = 60, 20


def add(book: Book, registered: Iterable[Subject]) -> None:
    """Choose firms whose first-day decisions are all clean, mark those rows and write down what the city knows."""
    rng = random.Random(f"{book.seed}/city")
    seen: dict[str, list[Row]] = {}
    for dataset in DATASETS:
        main = book.main.get((dataset, 1))
        if main is None or not dataset.endswith(("licence_entity", "penalty_entity")):
            continue
        for row in main.rows:
            seen.setdefault(row.organisation.uscc, []).append(row)
    candidates = sorted(
        code for code, rows in seen.items() if all(book.is_free(r) and r.organisation.kind == "company" for r in rows)
    )
    chosen = rng.sample(candidates, MISSING + OTHER_NAME)
    missing, other = set(chosen[:MISSING]), set(chosen[MISSING:])
    book.city_register = {
        s.uscc: s.name.replace("有限公司", "实业有限公司") if s.uscc in other else s.name
        for s in registered
        if s.uscc not in missing
    }
    for n, code in enumerate(chosen):
        what = "市平台登记库缺该主体" if code in missing else "市平台登记库名称不同"
        for row in seen[code]:
            case = f"Y{n:03d}-{row.dataset}-{row.truth['decision_no'][-6:-1]}"
            row.plant(case, [], "accepted", f"{what}：1001 拒收")
