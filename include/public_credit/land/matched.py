"""The columns of a table as fields of its kind: what its headers stand for, and a chunk under the fields' names."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from ..catalogue import Dataset, Kind
from ..custody import scan
from ..identifiers import persons
from ..kernels.columns import columns_of
from . import headers
from .readers import Chunk, Table

DAYS_TO_1904 = 1462  # ECMA-376 part 1, 18.17.4.1: between the first days of the two calendars of workbooks


@dataclass(frozen=True)
class Matched:
    """What the columns of a table are.

    ``channel``: columns a channel adds to the record's own, by folded name; ``version``: index of the one that tells the
    version of a row; ``others``: indexes of columns that stand for nothing the catalogue knows.
    """

    match: headers.HeaderMatch
    channel: dict[str, str]
    version: int | None
    others: list[int]


def _channel_columns(dataset: Dataset) -> dict[str, str]:
    names = {
        name: getattr(dataset.channel, name, None)
        for name in ("row_version", "key_column", "batch_column", "created_column")
    }
    return {headers.fold(value): name for name, value in names.items() if value}


def of_table(table: Table, kind: Kind, variant: str, dataset: Dataset) -> Matched:
    """Match all headers of a table."""
    match, channel = headers.match(kind, variant, table.headers, dataset), _channel_columns(dataset)
    folded = [headers.fold(header) for header in table.headers]
    version = next((index for index, header in enumerate(folded) if channel.get(header) == "row_version"), None)
    known = set(match.columns) | set(match.slip_columns)
    others = [index for index, header in enumerate(folded) if index not in known and header not in channel]
    return Matched(match, channel, version, others)


def named(chunk: Chunk, matched: Matched, first_field: str) -> pl.DataFrame:
    """The received values under the names of their fields; a blank ``first_field`` where no header stands for any."""
    if not matched.match.columns:
        return pl.DataFrame({first_field: [""] * chunk.frame.height})
    return pl.DataFrame([chunk.frame[f"c{index}"].alias(name) for index, name in matched.match.columns.items()])


def since_1900(frame: pl.DataFrame, chunk: Chunk, matched: Matched, kind: Kind) -> pl.DataFrame:
    """Named values of a workbook whose calendar begins in 1904, serial numbers in fields of dates counted from 1900."""
    for index, numeric in chunk.numeric.items():
        name = matched.match.columns.get(index, "")
        if name and kind.fields[name].type in ("date", "month"):
            counted = [
                f"{int(whole) + DAYS_TO_1904}{point}{part}" if is_number and whole.isdecimal() else value
                for value, is_number in zip(frame[name].to_list(), numeric.to_list(), strict=True)
                for whole, point, part in [value.partition(".")]
            ]
            frame = frame.with_columns(pl.Series(name, counted, dtype=pl.String))
    return frame


def versions(chunk: Chunk, matched: Matched) -> pl.Series:
    """The version of every row as its source tells it, without numbers of persons, '' where it tells none."""
    if matched.version is None:
        return pl.repeat("", chunk.frame.height, eager=True)
    column = columns_of([chunk.frame[f"c{matched.version}"]])[f"c{matched.version}"]
    return column.values if scan.find(column) is None else column.mapped(persons.mask).values
