"""Lists that get work done: the organisations a target counts and no archive covers, a workbook per unit in charge, and
the assessment sheets of the units.

They lie beside the page, which links them; they name organisations, never persons (``mart_targets__uncovered``).
"""

from __future__ import annotations

import re
from pathlib import Path

from ...base import files
from .model import Publication, Target
from .workbook.book import Book

COLUMNS = [
    ("统一社会信用代码", "middle", 24),
    ("名称", "wrap", 44),
    ("提供名册或登记的单位", "wrap", 30),
    ("计入分母自", "day", 12),
    ("原因", "wrap", 22),
]


ASSESSMENT = [
    ("项目", "wrap", 22),
    ("得分", "score", 10),
    ("分值", "score", 10),
    ("算式", "wrap", 36),
    ("依据", "wrap", 40),
]


def _of(publication: Publication, unit: str) -> list[Target]:
    """The targets a unit answers for that have somebody to list, each once."""
    found = {
        target.target_id: target
        for target in publication.targets
        if unit in target.responsible and publication.uncovered.get(target.target_id) and not target.about_persons
    }
    return list(found.values())


def name(publication: Publication, unit: str) -> str | None:
    """File name of a unit's list, None where it has nobody to list."""
    if unit not in publication.units or not _of(publication, unit):
        return None
    return f"未覆盖名单_{publication.units[unit]}_{publication.business_date}.xlsx"


def assessment_name(publication: Publication, year: int) -> str:
    """File name of the assessment sheets of a year."""
    return f"考核表_{year}_{publication.business_date}.xlsx"


def write_assessment(publication: Publication, folder: Path, year: int) -> Path:
    """Write the assessment sheets of a year, a sheet per unit to send along, into ``folder``."""
    path = folder / assessment_name(publication, year)
    with files.whole(path, files.SHARED) as part:
        book = Book(part, publication, year, "考核对象为单位，不含个人信息")
        units = [unit for unit in publication.units if publication.assessment_of(unit, year)]
        book.sheet(
            "说明", f"{year} 年度双公示考核表", [("单位", "wrap", 40)], ([publication.units[unit]] for unit in units)
        )
        for unit in units:
            book.sheet(
                re.sub(r"[\[\]:*?/\\]", " ", publication.units[unit])[:31],
                f"{publication.units[unit]} {year} 年度考核表",
                ASSESSMENT,
                (
                    [item.title, item.points, item.max_points, item.formula, item.clause]
                    for item in publication.assessment_of(unit, year)
                ),
            )
        book.file.close()
    return path


def write(publication: Publication, folder: Path) -> list[Path]:
    """Write the list of every unit that has one into ``folder``; their paths."""
    written = []
    for unit in publication.units:
        if (file := name(publication, unit)) is None:
            continue
        with files.whole(folder / file, files.SHARED) as part:
            book = Book(part, publication, publication.years[-1], "仅列组织，不含个人信息")
            for target in _of(publication, unit):
                book.sheet(
                    target.target_id,
                    f"{target.title}：哪些还没有信用档案？",
                    COLUMNS,
                    (
                        [item.uscc or None, item.name, publication.units.get(item.unit_id), item.since, item.reason]
                        for item in publication.uncovered[target.target_id]
                    ),
                )
            book.file.close()
        written.append(folder / file)
    return written
