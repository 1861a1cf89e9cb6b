"""Lists that get work done: the organisations a target counts and no archive covers, a workbook per unit in charge.

They lie beside the page, which links them; they name organisations, never persons (``mart_targets__uncovered``).
"""

from __future__ import annotations

from pathlib import Path

from ...base import files
from .model import Publication, Target
from .workbook import Book

COLUMNS = [
    ("统一社会信用代码", "middle", 24),
    ("名称", "wrap", 44),
    ("提供名册或登记的单位", "wrap", 30),
    ("计入分母自", "day", 12),
    ("原因", "wrap", 22),
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
