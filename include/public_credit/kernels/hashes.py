"""Hashes of bytes at an address: MurmurHash3 (128 bits, x64) and BLAKE2b with a digest of 16 bytes.

MurmurHash3 tells contents apart and is no protection against forgery; BLAKE2b (RFC 7693) is cryptographic.
"""

from __future__ import annotations

import numba
import numpy as np

from .memory import Array, Number, load8, load64

_C1, _C2 = np.uint64(0x87C37B91114253D5), np.uint64(0x4CF5AD432745937F)
_MIX1, _MIX2 = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
_ADD1, _ADD2, _FIVE = np.uint64(0x52DCE729), np.uint64(0x38495AB5), np.uint64(5)
_IV = np.array(
    [
        0x6A09E667F3BCC908,
        0xBB67AE8584CAA73B,
        0x3C6EF372FE94F82B,
        0xA54FF53A5F1D36F1,
        0x510E527FADE682D1,
        0x9B05688C2B3E6C1F,
        0x1F83D9ABFB41BD6B,
        0x5BE0CD19137E2179,
    ],
    dtype=np.uint64,
)
_SIGMA = np.array(
    [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
        [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
        [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
        [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
        [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
        [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
        [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
        [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
        [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    ],
    dtype=np.uint64,
)
_BLOCK = 128


@numba.njit(inline="always")
def _left(word: Number, bits: Number) -> Number:
    return (word << numba.uint64(bits)) | (word >> numba.uint64(64 - bits))


@numba.njit(inline="always")
def _right(word: Number, bits: Number) -> Number:
    return (word >> numba.uint64(bits)) | (word << numba.uint64(64 - bits))


@numba.njit(inline="always")
def _final(word: Number) -> Number:
    word ^= word >> numba.uint64(33)
    word *= _MIX1
    word ^= word >> numba.uint64(33)
    word *= _MIX2
    return word ^ (word >> numba.uint64(33))


@numba.njit(inline="always")
def _end(address: Number, length: Number, count: Number) -> Number:
    """The last ``count`` bytes of a text, one to eight, as a little-endian word."""
    if length >= 8:
        return load64(address + length - numba.uint64(8)) >> (numba.uint64(64) - numba.uint64(8) * count)
    word = numba.uint64(0)
    for place in range(length):
        word |= numba.uint64(load8(address + numba.uint64(place))) << numba.uint64(8 * place)  # type: ignore[operator]  # a stub takes the number for a signature
    return word


@numba.njit(inline="always")
def murmur3(address: Number, length: Number) -> tuple[Number, Number]:
    """MurmurHash3_x64_128 with seed 0: two words."""
    first = second = numba.uint64(0)
    done = numba.uint64(0)
    while done + numba.uint64(16) <= length:
        one, two = load64(address + done), load64(address + done + numba.uint64(8))
        done += numba.uint64(16)
        first ^= _left(one * _C1, 31) * _C2
        first = (_left(first, 27) + second) * _FIVE + _ADD1
        second ^= _left(two * _C2, 33) * _C1
        second = (_left(second, 31) + first) * _FIVE + _ADD2
    rest = length - done
    if rest > 8:
        one, two = load64(address + done), _end(address, length, rest - numba.uint64(8))
        second ^= _left(two * _C2, 33) * _C1
        first ^= _left(one * _C1, 31) * _C2
    elif rest:
        first ^= _left(_end(address, length, rest) * _C1, 31) * _C2
    first ^= length
    second ^= length
    first += second
    second += first
    first, second = _final(first), _final(second)
    first += second
    second += first
    return first, second


@numba.njit(inline="always")
def _mix(a: Number, b: Number, c: Number, d: Number, one: Number, two: Number) -> tuple[Number, Number, Number, Number]:
    a = a + b + one
    d = _right(d ^ a, 32)
    c = c + d
    b = _right(b ^ c, 24)
    a = a + b + two
    d = _right(d ^ a, 16)
    c = c + d
    return a, _right(b ^ c, 63), c, d


@numba.njit(cache=True)
def blake2b(text: Array, length: Number) -> tuple[Number, Number]:
    """BLAKE2b-128 of the first ``length`` bytes of an array; (first, second) word of the digest, little-endian.

    ``text`` has room for whole blocks of 128 bytes; what is behind the text is overwritten.
    """
    blocks = max((length + _BLOCK - 1) // _BLOCK, 1)
    text[length : blocks * _BLOCK] = 0
    words = text.view(np.uint64)
    h0, h1, h2, h3 = _IV[0] ^ np.uint64(0x01010000 ^ 16), _IV[1], _IV[2], _IV[3]
    h4, h5, h6, h7 = _IV[4], _IV[5], _IV[6], _IV[7]
    for block in range(blocks):
        last, first = block == blocks - 1, np.uint64(block * 16)
        v0, v1, v2, v3, v4, v5, v6, v7 = h0, h1, h2, h3, h4, h5, h6, h7
        v8, v9, v10, v11, v13, v15 = _IV[0], _IV[1], _IV[2], _IV[3], _IV[5], _IV[7]
        v12 = _IV[4] ^ np.uint64(length if last else (block + 1) * _BLOCK)
        v14 = ~_IV[6] if last else _IV[6]
        for turn in range(12):
            order = _SIGMA[turn]
            v0, v4, v8, v12 = _mix(v0, v4, v8, v12, words[first + order[0]], words[first + order[1]])
            v1, v5, v9, v13 = _mix(v1, v5, v9, v13, words[first + order[2]], words[first + order[3]])
            v2, v6, v10, v14 = _mix(v2, v6, v10, v14, words[first + order[4]], words[first + order[5]])
            v3, v7, v11, v15 = _mix(v3, v7, v11, v15, words[first + order[6]], words[first + order[7]])
            v0, v5, v10, v15 = _mix(v0, v5, v10, v15, words[first + order[8]], words[first + order[9]])
            v1, v6, v11, v12 = _mix(v1, v6, v11, v12, words[first + order[10]], words[first + order[11]])
            v2, v7, v8, v13 = _mix(v2, v7, v8, v13, words[first + order[12]], words[first + order[13]])
            v3, v4, v9, v14 = _mix(v3, v4, v9, v14, words[first + order[14]], words[first + order[15]])
        h0, h1, h2, h3 = h0 ^ v0 ^ v8, h1 ^ v1 ^ v9, h2 ^ v2 ^ v10, h3 ^ v3 ^ v11
        h4, h5, h6, h7 = h4 ^ v4 ^ v12, h5 ^ v5 ^ v13, h6 ^ v6 ^ v14, h7 ^ v7 ^ v15
    return h0, h1
