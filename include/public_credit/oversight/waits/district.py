"""What waits in the district's own folder: files with a mistake, and units whose connection nobody has entered yet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ...catalogue import load_catalogue
from ..district import mistakes
from .item import ENGINEER, Item, Rank

DISTRICT = "district/"


def files(on: date) -> Iterator[Item]:
    """Every file with a mistake, since the day it is asked for: the ledger does not know when a file was edited."""
    catalogue = load_catalogue()
    for mistake in mistakes(catalogue):
        lines = "+".join(str(problem.line) for problem in catalogue.left_out.get(mistake.file, []))
        yield Item(
            f"{DISTRICT}{mistake.file}", f"line/{lines}", Rank.STOPPED, ENGINEER, mistake.text,
            "改正辖区文件夹中的文件，再用 public-credit catalogue check 核对", on, mistake.unit_id,
        )  # fmt: skip
