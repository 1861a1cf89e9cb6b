"""Sectors of the plan (D01–D35) and what is refused in them: models, checks, recognition by words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

from pydantic import Field as Attribute

from .models import Dataset
from .strict import Strict

SECTOR_IDS = tuple(f"D{number:02d}" for number in range(1, 36))


class Sector(Strict):
    """One row of the plan, and whether coverage is counted against a roster or reported as an aggregate."""

    title: str = Attribute(min_length=2)
    clause: str = Attribute(min_length=2)
    population: Literal["roster", "aggregate"]


class Refused(Strict):
    """What is never collected though the plan names it, with the reason and its clause."""

    title: str = Attribute(min_length=2)
    sectors: list[str] = Attribute(min_length=1)
    words: list[str] = Attribute(min_length=1)
    reason: str = Attribute(min_length=4)
    clause: str = Attribute(min_length=4)

    def speaks_of(self, text: str) -> bool:
        """Whether a title or file name contains one of the words, however it is spaced or punctuated."""
        folded = _fold(text)
        return any(_fold(word) in folded for word in self.words)


@lru_cache(maxsize=4096)
def _fold(text: str) -> str:
    return re.sub(r"[\s_\-.·,，、()（）]+", "", unicodedata.normalize("NFKC", text).upper())


Mistake = tuple[tuple[object, ...], str, str]  # location in the file, reason, remedy


def check_sectors(sectors: dict[str, Sector]) -> Iterable[Mistake]:
    """Mistakes of ``sectors.yml``: rows missing or unknown."""
    for missing in sorted(set(SECTOR_IDS) - set(sectors)):
        yield (), f"缺少领域 {missing}", "按依据文件补上这一行（标题、条款、统计口径）"
    for unknown in sorted(set(sectors) - set(SECTOR_IDS)):
        yield (unknown,), f"没有领域 {unknown}", "编号为 D01 至 D35"


def check_refused(refused: dict[str, Refused]) -> Iterable[Mistake]:
    """Mistakes of ``refused.yml``: unknown sectors, an id that could be a dataset's."""
    for refused_id, entry in refused.items():
        if unknown := set(entry.sectors) - set(SECTOR_IDS):
            yield (refused_id, "sectors"), f"没有领域 {'、'.join(sorted(unknown))}", "编号为 D01 至 D35"
        if "." in refused_id:
            yield (refused_id,), f"编号 {refused_id} 带点，像数据集的编号", "换一个编号"


def check_dataset(dataset: Dataset, refused: dict[str, Refused]) -> Iterable[Mistake]:
    """Mistakes of one dataset (locations within it): unknown sectors, something that may not be collected."""
    if unknown := set(dataset.sectors) - set(SECTOR_IDS):
        yield ("sectors",), f"没有领域 {'、'.join(sorted(unknown))}", "编号为 D01 至 D35"
    for refused_id, entry in refused.items():
        if dataset.id == refused_id or entry.speaks_of(dataset.title):
            yield ("title",), f"该类数据依法不得归集（{entry.reason}，{entry.clause}）", "删去这个数据集"
