"""What waits in the district's own folder: files with a mistake."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from operator import attrgetter

from ...catalogue import Catalogue
from ..district import mistakes
from .item import ENGINEER, Item, Rank

DISTRICT = "district/"


def files(catalogue: Catalogue, on: date) -> Iterator[Item]:
    """Every file with a mistake, since the day it is asked for: the ledger does not know when a file was edited."""
    for file, found in groupby(sorted(mistakes(catalogue), key=attrgetter("file")), attrgetter("file")):
        told = list(found)  # all of a department's or receiver's file are one, of the evidence there may be several
        lines = "+".join(str(problem.line) for problem in catalogue.left_out.get(file, []))
        yield Item(
            f"{DISTRICT}{file}", f"line/{lines or len(told)}", Rank.STOPPED, ENGINEER, " ".join(one.text for one in told),
            "改正辖区文件夹中的文件，再用 public-credit catalogue check 核对", on, told[0].unit_id,
        )  # fmt: skip
