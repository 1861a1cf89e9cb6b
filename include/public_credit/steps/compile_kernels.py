"""Compile the kernels ahead of time: ``python -m public_credit.steps.compile_kernels`` sends one invented row through all of them."""

from __future__ import annotations

import io
from datetime import date

import numpy as np
import polars as pl

from ..custody import scan
from ..identifiers import bulk as identifiers_bulk
from ..kernels import interning, words
from ..kernels.columns import Column, columns_of
from ..kernels.views import Texts
from ..land import copy_binary
from ..land.readers import delimited


def main() -> None:
    """Send one invented row through every kernel."""
    text = '一,二\n证13800138000号,"a""b"\n'.encode()
    table = next(tables := delimited.tables(lambda: io.BytesIO(text), "x.csv", "auto", len))
    for chunk in table.chunks:
        columns = chunk.frame.get_columns()
        texts, marks = Texts(columns), np.empty(len(columns[0]), dtype=bool)
        identifiers_bulk.id_numbers_valid(columns[0], date(2026, 1, 1))
        for valid in (
            identifiers_bulk.org_codes_valid,
            identifiers_bulk.usccs_valid,
            identifiers_bulk.registrations_valid,
        ):
            valid(columns[0])
        identifiers_bulk.org_codes_embedded(*columns)
        columns_of(columns)
        Column(columns[0]).flagged(1)
        words.mark(texts.views, texts.buffers, 0, texts.count, *words.prepared(("证件",)), marks)
        interning.Interner().codes(columns[0])
        scan.find(Column(columns[0]))
        copy_binary.pair_hashes(*columns)
        ids = copy_binary.record_ids("kind", "variant", columns)
        writer = copy_binary.RowWriter(2, 10, 1, 1, None, "variant")
        writer.rows(columns, 1, chunk.source_row, ids, [columns[0]], pl.Series([True]))
    tables.close()


if __name__ == "__main__":
    main()
