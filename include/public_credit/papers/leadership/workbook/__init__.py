"""The workbook: one sheet per question a reader asks, a module per kind of sheet."""

from __future__ import annotations

from pathlib import Path

from ..model import Publication
from . import corrections, overview, supervision, targets
from .book import Book


def write(publication: Publication, path: Path, year: int) -> None:
    """Write the workbook for one year (history sheets hold all years)."""
    book = Book(path, publication, year)
    overview.summary(book, publication, year)
    overview.asks(book, publication)
    targets.behind(book, publication, year)
    targets.by_unit(book, publication, year)
    targets.history(book, publication)
    supervision.by_year(book, publication)
    supervision.by_month(book, publication, year)
    supervision.returned(book, publication, year)
    supervision.compared(book, publication, year)
    overview.milestones(book, publication, year)
    targets.changes(book, publication)
    corrections.corrected(book, publication)
    targets.not_advanced(book, publication, year)
    overview.meanings(book, publication)
    book.file.close()
