"""Keys of records: what names a record, and what tells that two rows may be about one."""

from __future__ import annotations

import numba
import numpy as np

from .hashes import blake2b, murmur3
from .memory import Array, Number, copy
from .views import address_of, fetch_ahead, length_of

_SEPARATOR = 31


@numba.njit(cache=True)
def record_ids(head: Array, views: Array, buffers: Array, count: Number) -> tuple[Array, Array]:
    """Digest of ``head`` and the key's parts, separated by 0x1f, per row: (rows × 16 bytes, complete?).

    A key with an empty part is not complete; its digest is of no use.
    """
    digests, complete = np.zeros((count, 2), np.uint64), np.ones(count, np.bool_)
    text = np.empty(1024, np.uint8)
    text[: len(head)] = head
    for row in range(count):
        wanted = len(head)
        for column in range(len(views)):
            fetch_ahead(views, buffers, column, row, count)
        for column in range(len(views)):
            length = length_of(views, column, row)
            wanted += 1 + length
            if length == 0:
                complete[row] = False
        if wanted > len(text) - 128:
            text = np.empty((2 * wanted + 256) // 8 * 8, np.uint8)
            text[: len(head)] = head
        base, used = np.uint64(text.ctypes.data), np.uint64(len(head))
        for column in range(len(views)):
            text[used] = _SEPARATOR
            length = length_of(views, column, row)
            copy(address_of(views, buffers, column, row), base + used + np.uint64(1), length)
            used += np.uint64(1) + length
        if complete[row]:
            digests[row, 0], digests[row, 1] = blake2b(text, np.int64(used))
    return digests.view(np.uint8).reshape((count, 16)), complete


@numba.njit(cache=True)
def pair_hashes(views: Array, buffers: Array, count: Number) -> Array:
    """64 bits that are equal for rows with equal texts in all the columns."""
    found = np.zeros(count, np.uint64)
    for row in range(count):
        for column in range(len(views)):
            fetch_ahead(views, buffers, column, row, count)
            first, _ = murmur3(address_of(views, buffers, column, row), length_of(views, column, row))
            found[row] = found[row] * np.uint64(0x9E3779B97F4A7C15) + first
    return found
