"""Clean records of the sectors that scenarios may use, each given away once."""

from __future__ import annotations

from district_simulator.book import Book
from district_simulator.sectors.clean import CleanRecords
from district_simulator.vocabulary.rows import Row
from district_simulator.vocabulary.subjects import Person


def take(book: Book, clean: CleanRecords, name: str, count: int, **wanted: str) -> list[Row]:
    """Clean rows of the first day named by USCC (or a person's number); more are made and delivered if there are too few."""
    rows, found = book.main[name, 1].rows, list[Row]()
    while len(found) < count:
        row = next((r for r in rows if _fits(book, r, wanted)), None)
        if row is None:
            row = clean.row(name, 1, how="uscc")
            row.extra["序号"] = str(len(rows) + 1)
            rows.append(row)
            continue
        book.take(row)
        found.append(row)
    return found


def _fits(book: Book, row: Row, wanted: dict[str, str]) -> bool:
    named = isinstance(row.subject, Person) or (row.get("uscc") and row.organisation.kind != "food")
    return bool(book.is_free(row) and named and all(row.truth[k] == v for k, v in wanted.items()))
