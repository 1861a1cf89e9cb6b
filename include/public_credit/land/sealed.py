"""Vault tokens in the place of sensitive numbers, in canonical and in received values."""

from __future__ import annotations

import numpy as np
import orjson
import polars as pl

from ..catalogue import Kind
from ..custody.vault import Vault
from ..identifiers import persons
from ..kernels.columns import Marks
from .readers import Chunk
from .rules.rows import Verdicts


class Seal:
    """Seals the values of one kind; ``fields`` of its variant."""

    def __init__(self, vault: Vault, kind: Kind, fields: list[str]):
        self._vault, self._kind, self._fields = vault, kind, fields

    def _token(self, number: str, letter: str) -> str:
        return self._vault.tokenise([number], letter)[0]

    def canonical(self, values: pl.DataFrame, hits: dict[str, Marks]) -> pl.DataFrame:
        """Canonical values with vault tokens for person numbers and for every number the scan found."""
        columns = []
        for name in self._fields:
            series = values[name]
            if self._kind.fields[name].type == "person_id":
                if (series != "").any():
                    columns.append(
                        pl.Series(name, self._vault.tokenise(series.to_list(), canonical=True), dtype=pl.String)
                    )
            elif name in hits:
                columns.append(self._replaced(series, hits[name], name).alias(name))
        return values.with_columns(columns) if columns else values

    def _replaced(self, series: pl.Series, mask: Marks, name: str) -> pl.Series:
        positions, role = pl.Series(np.flatnonzero(mask)), self._kind.fields[name].role
        return series.scatter(
            positions,
            pl.Series(
                [persons.replace_text(value, self._token, role) for value in series.gather(positions)], dtype=pl.String
            ),
        )

    def received(
        self,
        frame: pl.DataFrame,
        verdicts: Verdicts,
        hits: dict[str, Marks],
        chunk: Chunk,
        slip_columns: dict[int, str],
    ) -> pl.Series:
        """Sparse JSON of received values that differ from the canonical ones, and a slip's place columns; else NULL."""
        sparse: dict[int, dict[str, str]] = {}
        for name in frame.columns:
            if self._kind.fields[name].type == "person_id":
                continue
            changed = verdicts.changed[name]
            if not changed.any():
                continue
            values = frame[name].fill_null("")
            if name in hits:
                values = self._replaced(values, hits[name], name)
            for position, value in zip(changed.arg_true().to_list(), values.filter(changed).to_list(), strict=True):
                sparse.setdefault(position, {})[name] = value
        for index, label in slip_columns.items():
            if label in ("批次", "行号", "工作表"):
                for position, value in enumerate(chunk.frame[f"c{index}"].to_list()):
                    if value:
                        sparse.setdefault(position, {})[label] = persons.mask(value)
        if not sparse:
            return pl.repeat(None, frame.height, dtype=pl.String, eager=True)
        lines: list[str | None] = [None] * frame.height
        for position, received in sparse.items():
            lines[position] = orjson.dumps(received).decode()
        return pl.Series(lines, dtype=pl.String)
