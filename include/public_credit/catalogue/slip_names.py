"""How the file of a 退回单 is called, so that a clerk sees what it is and every file channel takes it when it comes back."""

from __future__ import annotations

import glob
import re
from datetime import date

from .load import Catalogue
from .models import Dataset

_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|\s_]+')  # what file systems refuse; blanks and _ divide the parts of the name


def _plain(text: str) -> str:
    return _NOT_IN_NAMES.sub("-", text).strip("-")


def _begin(catalogue: Catalogue, dataset: Dataset) -> str:
    unit = catalogue.units[dataset.unit]
    alike = sum(_plain(other.title) == _plain(dataset.title) for other in unit.datasets)
    table = dataset.title if alike == 1 else f"{dataset.title}-{dataset.id}"
    return f"退回单_{_plain(unit.name)}_{_plain(table)}_"


def file_name(catalogue: Catalogue, dataset: Dataset, day: date, rows: int, count: int = 1) -> str:
    """退回单_单位_表_日期_行数.xlsx; the ``count``-th of a day with as many rows says so."""
    return f"{_begin(catalogue, dataset)}{day:%Y%m%d}_{rows}行{f'-{count}' if count > 1 else ''}.xlsx"


def patterns(catalogue: Catalogue, dataset: Dataset) -> list[str]:
    """Patterns of the names of a dataset's slips, as they are written and as they were until they had words in them."""
    return [f"{glob.escape(_begin(catalogue, dataset))}{'[0-9]' * 8}_*", f"退回单_{dataset.id}_[0-9]*"]
