"""Hashes of bytes at an address: MurmurHash3 (128 bits, x64) and BLAKE2b with a digest of 16 bytes.

MurmurHash3 tells contents apart and is no protection against forgery; BLAKE2b (RFC 7693) is cryptographic.
"""

from __future__ import annotations

import numba
import numpy as np

from .memory import load8, load64

_C1, _C2 = np.uint64(0x87C37B91114253D5), np.uint64(0x4CF5AD432745937F)
_MIX1, _MIX2 = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
_ADD1, _ADD2, _FIVE = np.uint64(0x52DCE729), np.uint64(0x38495AB5), np.uint64(5)
_IV = np.array([0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1,
                0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179], dtype=np.uint64)
_SIGMA = np.array([
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4], [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
    [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13], [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
    [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11], [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
    [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5], [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
], dtype=np.uint8)
_BLOCK = 128


@numba.njit(inline="always")
def _left(word, bits):
    return (word << numba.uint64(bits)) | (word >> numba.uint64(64 - bits))


@numba.njit(inline="always")
def _right(word, bits):
    return (word >> numba.uint64(bits)) | (word << numba.uint64(64 - bits))


@numba.njit(inline="always")
def _final(word):
    word ^= word >> numba.uint64(33)
    word *= _MIX1
    word ^= word >> numba.uint64(33)
    word *= _MIX2
    return word ^ (word >> numba.uint64(33))


@numba.njit(inline="always")
def _word(address, length):
    """At most eight bytes as a little-endian word."""
    word = numba.uint64(0)
    for place in range(length):
        word |= numba.uint64(load8(address + numba.uint64(place))) << numba.uint64(8 * place)
    return word


@numba.njit(inline="always")
def murmur3(address, length):
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
        second ^= _left(_word(address + done + numba.uint64(8), rest - numba.uint64(8)) * _C2, 33) * _C1
    if rest:
        first ^= _left(_word(address + done, min(rest, numba.uint64(8))) * _C1, 31) * _C2
    first ^= length
    second ^= length
    first += second
    second += first
    first, second = _final(first), _final(second)
    first += second
    second += first
    return first, second


@numba.njit(inline="always")
def _mix(state, a, b, c, d, one, two):
    state[a] = state[a] + state[b] + one
    state[d] = _right(state[d] ^ state[a], 32)
    state[c] = state[c] + state[d]
    state[b] = _right(state[b] ^ state[c], 24)
    state[a] = state[a] + state[b] + two
    state[d] = _right(state[d] ^ state[a], 16)
    state[c] = state[c] + state[d]
    state[b] = _right(state[b] ^ state[c], 63)


@numba.njit(cache=True)
def blake2b(text, length, state, words):
    """BLAKE2b-128 of the first ``length`` bytes of an array; (first, second) word of the digest, little-endian.

    Room for the work: ``state`` 24 words; ``words`` 16. ``text`` has room for whole blocks of 128 bytes.
    """
    for place in range(8):
        state[16 + place] = _IV[place]
    state[16] ^= numba.uint64(0x01010000 ^ 16)
    blocks = max((length + _BLOCK - 1) // _BLOCK, 1)
    text[length:blocks * _BLOCK] = 0
    source = text.view(np.uint64)
    for block in range(blocks):
        last = block == blocks - 1
        for place in range(8):
            state[place] = state[16 + place]
            state[8 + place] = _IV[place]
        state[12] ^= numba.uint64(length if last else (block + 1) * _BLOCK)
        if last:
            state[14] = ~state[14]
        for place in range(16):
            words[place] = source[block * 16 + place]
        for turn in range(12):
            order = _SIGMA[turn]
            _mix(state, 0, 4, 8, 12, words[order[0]], words[order[1]])
            _mix(state, 1, 5, 9, 13, words[order[2]], words[order[3]])
            _mix(state, 2, 6, 10, 14, words[order[4]], words[order[5]])
            _mix(state, 3, 7, 11, 15, words[order[6]], words[order[7]])
            _mix(state, 0, 5, 10, 15, words[order[8]], words[order[9]])
            _mix(state, 1, 6, 11, 12, words[order[10]], words[order[11]])
            _mix(state, 2, 7, 8, 13, words[order[12]], words[order[13]])
            _mix(state, 3, 4, 9, 14, words[order[14]], words[order[15]])
        for place in range(8):
            state[16 + place] ^= state[place] ^ state[8 + place]
    return state[16], state[17]
