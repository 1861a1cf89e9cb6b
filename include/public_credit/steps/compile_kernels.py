"""Compile the kernels ahead of time: ``python -m public_credit.steps.compile_kernels`` sends one invented row through all of them."""

from __future__ import annotations

import io

import polars as pl

from ..custody import scan
from ..kernels.columns import Column, columns_of
from ..land import copy_binary
from ..land.readers import delimited


def main() -> None:
    """Send one invented row through every kernel."""
    text = '一,二\n证13800138000号,"a""b"\n'.encode()
    table = next(tables := delimited.tables(lambda: io.BytesIO(text), "x.csv", "auto", len))
    for chunk in table.chunks:
        columns = chunk.frame.get_columns()
        columns_of(columns)
        Column(columns[0]).flagged(1)
        scan.find(Column(columns[0]))
        copy_binary.pair_hashes(*columns)
        ids = copy_binary.record_ids("kind", "variant", columns)
        writer = copy_binary.RowWriter(2, 10, 1, 1, None, "variant")
        writer.rows(columns, 1, chunk.source_row, ids, [columns[0]], pl.Series([True]))
    tables.close()


if __name__ == "__main__":
    main()
