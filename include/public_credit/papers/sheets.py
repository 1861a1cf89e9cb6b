"""What all workbooks share in print: rows as high as their wrapped text, headers and footers that say what was meant."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from unicodedata import east_asian_width

A4 = 9
_HIGHEST = 409.0  # points; a row of a spreadsheet is no higher
_POINTS_PER_LINE = 1.35  # of the size of the letters, with what programmes leave between lines


def _width(text: str) -> float:
    """Width of a text in columns of a digit at 11 points, in the widest of the fonts that may stand in for ours."""
    return sum(2.15 if east_asian_width(letter) in "WFA" else 1.25 for letter in text)


def _lines(text: str, width: float, size: int) -> int:
    room = max(0.93 * width - 1.5, 2.0) * 11 / size  # a line may end a character early
    return sum(max(1, math.ceil(_width(line) / room)) for line in text.split("\n"))


def height(cells: Iterable[tuple[Any, float]], size: int = 10) -> float:
    """Height in points of a row of wrapped (value, column width) in letters of ``size`` points: no programme has to measure it."""
    most = max((_lines(str(value), width, size) for value, width in cells), default=1)
    return min(_HIGHEST, most * size * _POINTS_PER_LINE + 4)


def whole(texts: Sequence[str], widths: Sequence[float], size: int = 10) -> Iterator[list[str]]:
    """A row's texts in as many rows as they need: what is longer than the highest row goes on in the next."""
    most = int((_HIGHEST - 4) / (size * _POINTS_PER_LINE))
    left = list(texts)
    while True:
        pieces = [_beginning(text, width, size, most) for text, width in zip(left, widths, strict=True)]
        yield pieces
        left = [text[len(piece) :] for text, piece in zip(left, pieces, strict=True)]
        if not any(left):
            return


def _beginning(text: str, width: float, size: int, most: int) -> str:
    """As much of a text as fits into ``most`` lines."""
    if _lines(text, width, size) <= most:
        return text
    fits = bisect_right(range(1, len(text)), most, key=lambda end: _lines(text[:end], width, size))
    return text[: max(1, fits)]


def said(text: str) -> str:
    """A text in a header or footer: & is a sign of its own there."""
    return text.replace("&", "&&")


def landscape(sheet: Any, footer: str) -> None:
    """A4 landscape, one page wide, with page numbers."""
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.set_margins(0.4, 0.4, 0.6, 0.6)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer(f"&L{said(footer)}&R第 &P 页，共 &N 页")
