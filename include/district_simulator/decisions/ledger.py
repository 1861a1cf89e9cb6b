"""decision_ledger: what 司法局 says each unit generated per month (the G of domain.md 2.2)."""

from __future__ import annotations

import random
from collections import Counter

from district_simulator.book import Book
from district_simulator.decisions.headings import on_day
from district_simulator.vocabulary.rows import Row
from district_simulator.vocabulary.units import UNITS, table_of, unit_of

DATASET = "sfj.decision_ledger"
MONTHS = ["2025-09", "2025-10", "2025-11", "2025-12", "2026-01"]


def generated(book: Book, rng: random.Random) -> Counter:
    """(unit, 许可|处罚, month) → really decided: distinct decisions of all three days plus the unreported."""
    seen: set[tuple] = set()
    counts: Counter = Counter()
    for deliveries in book.deliveries.values():
        for delivery in deliveries:
            if table_of(delivery.dataset) not in ("xk_fr", "xk_zrr", "cf_fr", "cf_zrr"):
                continue
            for row in delivery.rows:
                subject = row.truth.get("uscc") or row.truth.get("id_no")
                key = (delivery.dataset, row.truth["decision_no"], subject)
                if key not in seen:
                    seen.add(key)
                    counts[_cell(delivery.dataset, row.truth["decision_date"][:7])] += 1
    for cell in sorted(counts):
        if rng.random() < 0.5:  # decided, never reported
            counts[cell] += rng.randrange(1, 1 + max(2, counts[cell] // 12))
    for month in [*MONTHS, "2026-02"]:
        counts["wlj", "处罚", month] = rng.randrange(6, 20)
        counts["nync", "处罚", month] = 0
    return counts


def _cell(dataset: str, month: str) -> tuple[str, str, str]:
    return unit_of(dataset).id, "许可" if table_of(dataset).startswith("xk") else "处罚", month


def ledger_row(unit: str, table: str, month: str, count: int, published: int, reason: str) -> Row:
    u = UNITS[unit]
    return Row(
        DATASET,
        "ledger",
        {
            "month": month,
            "unit_name": u.name,
            "unit_uscc": u.uscc,
            "decision_table": table,
            "generated_count": str(count),
            "own_site_published_count": str(published),
            "unreported_reason": reason,
        },
    )


def add(book: Book, rng: random.Random) -> None:
    """Day 1: five months; day 2: faulty lines among good ones; day 3: February and one correction."""
    counts = generated(book, rng)

    def line(cell: tuple[str, str, str], count: int) -> Row:
        reason = rng.choice(["", "", "涉密不予报送", "复议期间暂缓"])
        return ledger_row(*cell, count, max(0, count - rng.randrange(0, 4)), reason)

    cells = [c for c in sorted(counts) if c[2] in MONTHS]
    first = {c: line(c, counts[c]) for c in cells}
    wrong = cells[3]
    first[wrong] = line(wrong, counts[wrong] + 5).plant("S-ledger-a", [], "accepted", "产生数量有误，第三日更正")
    book.deliver(1, DATASET, list(first.values()), on_day(DATASET, 1), main=True)
    book.deliver(
        3,
        DATASET,
        [line(c, n) for c, n in sorted(counts.items()) if c[2] == "2026-02"]
        + [line(wrong, counts[wrong]).plant("S-ledger-b", [], "accepted", "更正后的产生数量")],
        on_day(DATASET, 3),
        main=True,
    )
    lines = [line(c, counts[c]) for c in cells if c[0] in ("xzsp", "scjg", "jtys", "zhzf")]
    for row, name, text, rule in zip(
        lines,
        ("generated_count", "month", "unit_uscc", "unit_name"),
        ("约80", "2025年9月份", "11370399000099999X", ""),
        ("G03", "G02", "G04", "G01"),
        strict=False,
    ):
        row.put(name, text, text)
        row.plant(f"G-{rule}", [rule], "quarantined", "有误的台账行")
    for row in lines[4:]:
        published = max(0, int(row.truth["generated_count"]) - 1)
        row.fix(own_site_published_count=str(published), unreported_reason="复核更正")
    book.deliver(2, DATASET, lines, on_day(DATASET, 2), tail="_复核", main=True)
