"""Rows of one attempt that share a key with another row of it: the few that checks across records must look at."""

from __future__ import annotations

import numpy as np


class Repeats:
    """Collects 64-bit hashes of two keys per row, so memory is 16 bytes a row; a collision costs a look, never a verdict.

    The keys: the record id, and the pair of decision number and subject name (rule R16).
    """

    def __init__(self) -> None:
        self._row_no: list[np.ndarray] = []
        self._keys: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])

    def note(self, row_no: np.ndarray, *keys: np.ndarray) -> None:
        """Take in landed rows with a readable key: their numbers, and 64 bits per row for one key or for both."""
        self._row_no.append(row_no)
        for known, found in zip(self._keys, keys, strict=False):
            known.append(found)

    def rows(self) -> np.ndarray:
        """Row numbers that share one of their keys with another row, ascending."""
        if not self._row_no:
            return np.empty(0, dtype=np.int32)
        numbers = np.concatenate(self._row_no)
        found = [numbers[_shared(np.concatenate(keys))] for keys in self._keys if keys]
        return np.unique(np.concatenate(found)) if found else numbers[:0]


def _shared(keys: np.ndarray) -> np.ndarray:
    """Which values occur more than once."""
    ordered = np.sort(keys)
    twice = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    return np.isin(keys, twice) if len(twice) else np.zeros(len(keys), dtype=bool)
