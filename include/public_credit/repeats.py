"""Rows of one attempt that share a key with another row of it: the few that checks across records must look at."""

from __future__ import annotations

import numpy as np
import polars as pl


class Repeats:
    """Collects 64-bit hashes of two keys per row, so memory is 16 bytes a row; a collision costs a look, never a verdict.

    The keys: the record id, and the pair of decision number and subject name (rule R16).
    """

    def __init__(self) -> None:
        self._row_no: list[np.ndarray] = []
        self._keys: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])

    def note(self, record_ids: pl.Series, rows: pl.DataFrame, row_no: pl.Series, keep: pl.Series) -> None:
        """Take in a chunk: record ids (NULL where the key cannot be read), canonical values, row numbers, landed rows."""
        landed = keep & record_ids.is_not_null()
        keys = [record_ids.hash()]
        if "decision_no" in rows.columns and "subject_name" in rows.columns:
            keys.append(rows["decision_no"].hash() ^ rows["subject_name"].hash(seed=1))
        self._row_no.append(row_no.filter(landed).to_numpy())
        for known, found in zip(self._keys, keys, strict=False):
            known.append(found.filter(landed).to_numpy())

    def rows(self) -> np.ndarray:
        """Row numbers that share one of their keys with another row, ascending."""
        if not self._row_no:
            return np.empty(0, dtype=np.int32)
        numbers = np.concatenate(self._row_no)
        found = [numbers[_shared(np.concatenate(keys))] for keys in self._keys if keys]
        return np.unique(np.concatenate(found)) if found else numbers[:0]


def _shared(keys: np.ndarray) -> np.ndarray:
    """Positions of values that occur more than once."""
    order = np.argsort(keys, kind="stable")
    same = keys[order][1:] == keys[order][:-1]
    marked = np.zeros(len(keys), dtype=bool)
    marked[order[1:][same]] = True
    marked[order[:-1][same]] = True
    return np.flatnonzero(marked)
