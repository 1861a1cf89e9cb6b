"""Policy that Python needs, read from the dbt seeds: severity classes, publication terms."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from ..base import settings
from ..base.files import kept_while_unchanged

CLASS_ORDER = ("minor", "undetermined", "general", "serious")
# The template's value for 暂扣 and 吊销 alike (行政处罚法第9条第三项), and what it may mean.
MERGED = {"暂扣或者吊销许可证、暂扣或者吊销执照": ("暂扣许可证件", "吊销许可证件")}


def _path(name: str, folder: str) -> Path:
    return Path(settings.checkout()) / "dbt_project" / "seeds" / folder / f"{name}.csv"


def seed(name: str, folder: str = "policy") -> list[dict[str, str]]:
    """The rows of a seed."""
    return _rows(_path(name, folder))


def header(name: str, folder: str = "policy") -> list[str]:
    """The columns of a seed."""
    with _path(name, folder).open(encoding="utf-8", newline="") as source:
        return next(csv.reader(source))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def severity_classes() -> dict[str, str]:
    """Penalty kind → severity class as the policy stands last (seed ``severity_class``, rows in order of time)."""
    return _severity_classes(_path("severity_class", "policy"))


@kept_while_unchanged
def _severity_classes(path: Path) -> dict[str, str]:
    return {row["penalty_kind"]: row["severity_class"] for row in _rows(path)}


def maximum_months() -> dict[str, int]:
    """Severity class → longest publication in months (seed ``publication_term``)."""
    return _maximum_months(_path("publication_term", "policy"))


@kept_while_unchanged
def _maximum_months(path: Path) -> dict[str, int]:
    return {row["severity_class"]: int(row["max_months"]) for row in _rows(path)}


def add_months(day: date, months: int) -> date:
    """The same day ``months`` later, or the last day of a shorter month (as PostgreSQL adds an interval)."""
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    last = (date(year + month // 12, month % 12 + 1, 1) - date(year, month, 1)).days
    return date(year, month, min(day.day, last))


def publication_months(categories: Iterable[str]) -> dict[str, int]:
    """Longest publication in months that any kind of a penalty category may have, by the policy as it stands last.

    其他 and unknown kinds count as general, a merged value as the gravest it may mean: nothing is returned as published
    for too long that may be right.
    """
    classes, months = severity_classes(), maximum_months()
    found = {
        category: [
            classes.get(kind, classes["其他"]) for part in category.split(";") for kind in MERGED.get(part, (part,))
        ]
        for category in categories
    }
    return {category: months[max(kinds, key=CLASS_ORDER.index)] for category, kinds in found.items()}
