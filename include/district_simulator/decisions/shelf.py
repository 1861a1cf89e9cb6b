"""Clean licences and penalties that scenarios may use, each given away once."""

from __future__ import annotations

from district_simulator.book import Book
from district_simulator.vocabulary.rows import Row


def free(book: Book, dataset: str, day: int = 1) -> list[Row]:
    """Clean rows about ordinary subjects of an ordinary delivery that no scenario uses yet."""
    rows = book.main[dataset, day].rows
    partners = {r.truth["decision_no"] for r in rows if "R16" in r.rules or "one_number" in r.note}
    return [
        r
        for r in rows
        if book.is_free(r)
        and r.truth["decision_no"] not in partners
        and (r.table.endswith("zrr") or r.organisation.kind == "company")
        and r.get("licence_state") != "2"
    ]


def take(book: Book, dataset: str, count: int, day: int = 1) -> list[Row]:
    """Rows of the shelf for one scenario; AssertionError where there are too few."""
    found = free(book, dataset, day)
    if len(found) < count:
        raise AssertionError(f"{dataset}: too few clean rows")
    for row in found[:count]:
        book.take(row)
    return found[:count]
