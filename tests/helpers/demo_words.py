"""What is the demo district's own in its folder: names, codes, ids, documents. Derived from the files, field by field."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import Any

import yaml

from tests.conftest import DEMO

# Fields whose values are words of the law, of the plan or of the catalogue's grammar; every other field is the district's own.
_COMMON = frozenset(
    [
        "kind",
        "variant",
        "sectors",
        "type",
        "format",
        "encoding",
        "disclosure",
        "delivery_mode",
        "nature",
        "owner",
        "schedule",
        "title",
        "legal_basis",
        "purpose",
        "retention",
        "field_exceptions",
        "ignored_columns",
        "row_version",
        "key_column",
        "batch_column",
        "created_column",
        "signing",
        "key_departments",
        "report_areas",
        "department",
        "area",
        "milestone_id",
        "state",
    ]
)
_PLAIN = re.compile(r"[\d.\-]*|\d{4}-\d\d-\d\d")


def _scalars(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key not in _COMMON:
                yield from _scalars(value)
    elif isinstance(node, list):
        for value in node:
            yield from _scalars(value)
    elif isinstance(node, str):
        yield from (line.strip() for line in node.splitlines())


def words() -> frozenset[str]:
    """All words that nobody but the invented district has; numbers of fewer than 18 digits and dates are nobody's."""
    found: set[str] = set()
    for path in [DEMO / "district.yml", *(DEMO / "departments").glob("*.yml")]:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        found.update(_scalars(content))
        found.update(unit for listed in (content.get("sectors") or {}).values() for unit in listed)
    for path in (DEMO / "evidence").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as source:
            found.update(word for row in csv.DictReader(source) for word in _scalars(dict(row)))
    return frozenset(word for word in found if len(word) > 1 and (len(word) >= 18 or not _PLAIN.fullmatch(word)))


_PATTERN = re.compile(
    "|".join(
        rf"(?<![A-Za-z0-9_]){re.escape(word)}(?![A-Za-z0-9_])" if word.isascii() else re.escape(word)
        for word in sorted(words(), key=len, reverse=True)
    )
)


def told(text: str) -> set[str]:
    """The words of the invented district that a text holds."""
    return set(_PATTERN.findall(text))
