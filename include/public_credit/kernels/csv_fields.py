"""Split a block of CSV into fields, without moving the text: views (``views``) into the block."""

from __future__ import annotations

import numba
import numpy as np

from .memory import trailing_zeros
from .views import put_view

_QUOTE, _LF, _CR = 34, 10, 13
REGULAR, IRREGULAR = 0, 1
BLOCK, ASIDE = 0, 1
_TILE = 1 << 14  # bytes marked at once, so that the marks stay in the processor's nearest cache


@numba.njit(cache=True)
def count(text, byte):
    """How often a byte occurs."""
    byte, found = np.uint8(byte), 0
    for start in range(0, len(text), 255):
        here = np.uint8(0)  # narrow, so that many bytes are compared at once
        for place in range(start, min(start + 255, len(text))):
            here = np.uint8(here + np.uint8(text[place] == byte))
        found += here
    return found


@numba.njit(cache=True)
def _mark(block, start, end, delimiter, marks):
    """Mark every byte that may end something: delimiter, quote, line feed, carriage return."""
    delimiter = np.uint8(delimiter)
    for place in range(end - start):
        byte = block[start + place]
        marks[place] = (byte == delimiter) | (byte == _QUOTE) | (byte == _LF) | (byte == _CR)
    marks[end - start:] = 0


@numba.njit(cache=True)
def _unquote(block, start, end, aside, used):
    """Write a quoted text with its doubled quotes made single; the end of what is used."""
    place = start
    while place < end:
        aside[used] = block[place]
        used += 1
        place += 2 if block[place] == _QUOTE else 1
    return used


@numba.njit(cache=True)
def split(block, delimiter, line, views, aside, source_row):
    """Fields of every record as views (columns × records × 2 words): (outcome, records, line after the block).

    Text with doubled quotes is written to ``aside``, which is as long as the block. IRREGULAR – another number of
    cells, a blank line, a lone carriage return, text after a closing quote, an open quote – leaves the block to the
    careful reader; nothing of the views is of use then.
    """
    size, width = len(block), views.shape[0]
    marks = np.empty(_TILE, np.uint8)
    words = marks.view(np.uint64)
    base, aside_base = np.uint64(block.ctypes.data), np.uint64(aside.ctypes.data)
    record, column, start, used, ready = 0, 0, 0, 0, 0
    inside = quoted = doubled = False
    content, closed = 0, -1
    source_row[0] = line
    for tile in range(0, size, _TILE):
        _mark(block, tile, min(tile + _TILE, size), delimiter, marks)
        for word_number in range(len(words)):
            word = words[word_number]
            while word:
                place = tile + word_number * 8 + np.int64(trailing_zeros(word) >> np.uint64(3))
                word &= word - np.uint64(1)
                if place < ready:
                    continue
                byte = block[place]
                if inside:
                    if byte == _LF:
                        line += 1
                    elif byte == _QUOTE:
                        if place + 1 < size and block[place + 1] == _QUOTE:
                            doubled, ready = True, place + 2
                        else:
                            inside, closed = False, place
                    continue
                if byte == _QUOTE:
                    if place == start:
                        inside = quoted = True
                        content = place + 1
                    elif quoted:
                        return IRREGULAR, 0, line
                    continue
                first, last = start, place
                if quoted:
                    if closed + 1 != place:
                        return IRREGULAR, 0, line
                    first, last = content, closed
                if column >= width:
                    return IRREGULAR, 0, line
                if doubled:
                    begun, used = used, _unquote(block, first, last, aside, used)
                    put_view(views, column, record, aside_base, begun, used - begun, ASIDE)
                else:
                    put_view(views, column, record, base, first, last - first, BLOCK)
                column += 1
                quoted = doubled = False
                start = place + 1
                if byte == delimiter:
                    continue
                if byte == _CR:
                    if place + 1 >= size or block[place + 1] != _LF:
                        return IRREGULAR, 0, line
                    ready = start = place + 2
                if column != width:
                    return IRREGULAR, 0, line
                line += 1
                record += 1
                column = 0
                source_row[record] = line
    if start < size or column:  # the last record has no line end
        first, last = start, size
        if inside or column != width - 1:
            return IRREGULAR, 0, line
        if quoted:
            if closed + 1 != size:
                return IRREGULAR, 0, line
            first, last = content, closed
        if doubled:
            begun, used = used, _unquote(block, first, last, aside, used)
            put_view(views, column, record, aside_base, begun, used - begun, ASIDE)
        else:
            put_view(views, column, record, base, first, last - first, BLOCK)
        line += 1
        record += 1
    return REGULAR, record, line
