"""Split a block of CSV into fields, without moving the text: views (``views``) into the block."""

from __future__ import annotations

import numba
import numpy as np

from .memory import Array, Number, trailing_zeros
from .views import put_view

_QUOTE, _LF, _CR = 34, 10, 13
REGULAR, IRREGULAR, DAMAGED, WITH_NUL = 0, 1, 2, 3
BLOCK, ASIDE = 0, 1
PADDING = 16  # bytes that must be readable behind a block: views are made from whole words
_TILE = 1 << 14  # bytes marked at once, so that they and the marks stay in the processor's nearest cache


@numba.njit(cache=True)
def count(text: Array, byte: Number) -> Number:
    """How often a byte occurs."""
    found: Number = 0
    byte = np.uint8(byte)
    for start in range(0, len(text), 4096):
        part, here = text[start : start + 4096], np.uint16(0)  # narrow, so that many bytes are compared at once
        for place in range(len(part)):
            here = np.uint16(here + np.uint16(part[place] == byte))
        found += here
    return found


@numba.njit()
def _mark(block: Array, start: Number, end: Number, delimiter: Number, marks: Array) -> None:
    """Mark every byte that may end something: delimiter, quote, line feed, carriage return."""
    delimiter = np.uint8(delimiter)
    text = block[start:end]
    for place in range(len(text)):
        byte = text[place]
        marks[place] = (byte == delimiter) | (byte == _QUOTE) | (byte == _LF) | (byte == _CR)
    marks[end - start :] = 0


@numba.njit(inline="always")
def _misplaced(byte: Number, before: Number, second: Number, third: Number) -> Number:
    """Whether a byte cannot follow the three before it in UTF-8 (``third`` is the farthest)."""
    due = (before >= 0xC0) | (second >= 0xE0) | (third >= 0xF0)
    return (
        (due != ((byte & 0xC0) == 0x80))
        | (byte == 0xC0)
        | (byte == 0xC1)
        | (byte >= 0xF5)
        | ((before == 0xE0) & (byte < 0xA0))
        | ((before == 0xED) & (byte >= 0xA0))
        | ((before == 0xF0) & (byte < 0x90))
        | ((before == 0xF4) & (byte >= 0x90))
    )


@numba.njit()
def _checked(text: Array, start: Number, end: Number) -> int:
    """REGULAR, DAMAGED when the bytes from ``start`` to ``end`` are no UTF-8 after those before, WITH_NUL when one is zero.

    A character that ``end`` cuts off passes.
    """
    wrong, zero = np.uint8(0), np.uint8(0)
    nothing = np.uint8(0)
    for place in range(start, min(3, end)):
        wrong = np.uint8(
            wrong
            | np.uint8(
                _misplaced(
                    text[place],
                    text[place - 1] if place > 0 else nothing,
                    text[place - 2] if place > 1 else nothing,
                    nothing,
                )
            )
        )
        zero = np.uint8(zero | np.uint8(text[place] == 0))
    start = max(start, 3)
    if start < end:
        here, before, second, third = (
            text[start:end],
            text[start - 1 : end - 1],
            text[start - 2 : end - 2],
            text[start - 3 : end - 3],
        )
        for place in range(len(here)):
            wrong = np.uint8(wrong | np.uint8(_misplaced(here[place], before[place], second[place], third[place])))
            zero = np.uint8(zero | np.uint8(here[place] == 0))
    return DAMAGED if wrong else WITH_NUL if zero else REGULAR


@numba.njit()
def _cut_off(text: Array, size: Number) -> bool:
    """Whether the text ends inside a character."""
    for behind in range(1, min(3, size) + 1):
        byte = text[size - behind]
        if byte >= 0xC0:
            return not ((byte < 0xE0 and behind >= 2) or (byte < 0xF0 and behind >= 3))
        if byte < 0x80:
            break
    return False


@numba.njit(cache=True)
def check(text: Array) -> int:
    """REGULAR for UTF-8, WITH_NUL for UTF-8 with a zero byte, else DAMAGED."""
    size, found = len(text), REGULAR
    for start in range(0, size, _TILE):
        seen = _checked(text, start, min(start + _TILE, size))
        if seen == DAMAGED:
            return seen
        found = max(found, seen)
    return DAMAGED if _cut_off(text, size) else found


@numba.njit()
def _unquote(block: Array, start: Number, end: Number, aside: Array, used: Number) -> Number:
    """Write a quoted text with its doubled quotes made single; the end of what is used."""
    place = start
    while place < end:
        aside[used] = block[place]
        used += 1
        place += 2 if block[place] == _QUOTE else 1
    return used


@numba.njit(cache=True)
def split(
    block: Array,
    size: Number,
    last: Number,
    delimiter: Number,
    line: Number,
    views: Array,
    aside: Array,
    source_row: Array,
) -> tuple[int, Number, Number, Number, Number]:
    """Fields of the complete records as views (columns × records × 2 words).

    ``block``: ``size`` bytes of text and PADDING; ``last``: the file ends with it, so what is behind the last line end is
    a record too; ``aside`` (as long as the block) takes text whose doubled quotes are made single; ``source_row``: the
    line each record begins with. Gives (outcome, records, the line after them, bytes they take, quotes in them that
    stand inside unquoted text). Unless REGULAR, nothing of the views is of use: IRREGULAR – another number of cells,
    a blank line, a lone carriage return, text after a closing quote, an open quote at the end – is for the careful reader.
    DAMAGED: the text is no UTF-8, or the file ends inside a character; views into such text must never be made.
    """
    if last and _cut_off(block, size):
        return DAMAGED, 0, line, 0, 0
    width = views.shape[0]
    marks = np.empty(_TILE, np.uint8)
    words = marks.view(np.uint64)
    base, aside_base = np.uint64(block.ctypes.data), np.uint64(aside.ctypes.data)
    start: Number
    ready: Number
    taken: Number
    content: Number
    closed: Number
    record, column, start, used, ready, taken, stray, stray_taken, next_line = 0, 0, 0, 0, 0, 0, 0, 0, line
    inside = quoted = doubled = False
    content, closed = 0, -1
    source_row[0] = line
    for tile in range(0, size, _TILE):
        end = min(tile + _TILE, size)
        seen = _checked(block, tile, end)
        if seen != REGULAR:
            return seen, 0, line, 0, 0
        _mark(block, tile, end, delimiter, marks)
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
                        next_line += 1
                    elif byte == _QUOTE:
                        if place + 1 == size and not last:  # whether it closes is not known yet
                            return REGULAR, record, line, taken, stray_taken
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
                        return IRREGULAR, 0, line, 0, 0
                    else:
                        stray += 1
                    continue
                first, behind = start, place
                if quoted:
                    if closed + 1 != place:
                        return IRREGULAR, 0, line, 0, 0
                    first, behind = content, closed
                if column >= width:
                    return IRREGULAR, 0, line, 0, 0
                if doubled:
                    begun, used = used, _unquote(block, first, behind, aside, used)
                    put_view(views, column, record, aside_base, begun, used - begun, ASIDE)
                else:
                    put_view(views, column, record, base, first, behind - first, BLOCK)
                column += 1
                quoted = doubled = False
                start = place + 1
                if byte == delimiter:
                    continue
                if byte == _CR:
                    if place + 1 == size and not last:
                        return REGULAR, record, line, taken, stray_taken
                    if place + 1 >= size or block[place + 1] != _LF:
                        return IRREGULAR, 0, line, 0, 0
                    ready = start = place + 2
                if column != width:
                    return IRREGULAR, 0, line, 0, 0
                next_line += 1
                record += 1
                column, taken, stray_taken, line = 0, start, stray, next_line
                source_row[record] = line
    if last and (start < size or column):  # the last record has no line end
        first, behind = start, size
        if inside or column != width - 1:
            return IRREGULAR, 0, line, 0, 0
        if quoted:
            if closed + 1 != size:
                return IRREGULAR, 0, line, 0, 0
            first, behind = content, closed
        if doubled:
            begun, used = used, _unquote(block, first, behind, aside, used)
            put_view(views, column, record, aside_base, begun, used - begun, ASIDE)
        else:
            put_view(views, column, record, base, first, behind - first, BLOCK)
        line, record, taken, stray_taken = next_line + 1, record + 1, size, stray
    return REGULAR, record, line, taken, stray_taken
