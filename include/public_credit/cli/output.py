"""Plain columns for terminals (Chinese counts two cells), JSON for scripts; words beside colour."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.cells import cell_len

from ..base import files
from ..base.messages import UserError, spoken

_COLOURS = {"good": "32", "warn": "33", "bad": "31", "dim": "90", "bold": "1"}


def paint(text: str, tone: str) -> str:
    """Colour for a terminal only; the words must say the same without it."""
    return f"\x1b[{_COLOURS[tone]}m{text}\x1b[0m" if sys.stdout.isatty() else text


def pad(text: str, width: int, right: bool = False) -> str:
    """A text filled up to a width in terminal cells (a Chinese character has two)."""
    space = " " * max(width - cell_len(text), 0)
    return space + text if right else text + space


def table(headers: Sequence[str], rows: Sequence[Sequence[Any]], numeric: Sequence[int] = ()) -> None:
    """Print rows in columns; columns named in ``numeric`` are right-aligned."""
    cells = [
        [("" if value is None else f"{value:,}" if isinstance(value, int) else spoken(str(value))) for value in row]
        for row in rows
    ]
    widths = [max([cell_len(head), *(cell_len(row[index]) for row in cells)]) for index, head in enumerate(headers)]
    last = len(headers) - 1
    for line, row in enumerate([list(headers), *cells]):
        text = "  ".join(
            cell if index == last and index not in numeric else pad(cell, widths[index], index in numeric)
            for index, cell in enumerate(row)
        )
        print(paint(text, "dim") if line == 0 else text)


def done(for_script: bool, text: str, **fields: Any) -> None:
    """What a command did, in a sentence; for a script the sentence and the fields it is made of."""
    if for_script:
        as_json({"message": text, **fields})
    else:
        print(spoken(text))


def save(path: Path, content: str | bytes, mode: int = files.PRIVATE, folders: bool = False) -> None:
    """Write a file the user names (``folders``: and those it is to lie in). Raises UserError where that cannot be done."""
    try:
        if folders:
            path.parent.mkdir(parents=True, exist_ok=True)
        files.write(path, content, mode)
    except OSError as error:
        raise UserError(f"无法写入 {path.name or path}。", remedy="检查文件夹是否存在、是否有写入权限。") from error


def as_json(value: Any) -> None:
    """One JSON document on standard output."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str))
