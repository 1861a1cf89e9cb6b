"""Vega-Lite specifications drawn to SVG; drawings of an earlier publication are taken from a folder instead of drawn again.

Within a month, and after an edition, most charts are those of the last publication; a new month adds a point to each.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import orjson
import vl_convert

from ...base import files

_UNUSED = 40 * 86400.0  # seconds after which a drawing nobody asked for is removed
_folder: ContextVar[Path | None] = ContextVar("folder of drawings", default=None)


@contextmanager
def kept(folder: Path) -> Iterator[None]:
    """Within the block drawings are kept in ``folder``; those that were not asked for in 40 days are removed after it."""
    token = _folder.set(folder)
    try:
        yield
    finally:
        _folder.reset(token)
    for path in folder.iterdir():
        if path.stat().st_mtime < time.time() - _UNUSED:
            path.unlink(missing_ok=True)


def svg(specification: dict[str, Any]) -> str:
    """The drawing of a specification; the same text for the same specification and version of the renderer."""
    folder = _folder.get()
    if folder is None:
        return vl_convert.vegalite_to_svg(specification, vl_version="6.1")
    renderer = vl_convert.__version__  # type: ignore[attr-defined]  # its stub leaves it out
    content = orjson.dumps([renderer, specification], option=orjson.OPT_SORT_KEYS)
    path = folder / f"{hashlib.sha256(content).hexdigest()}.svg"
    if path.exists():
        path.touch()
        return path.read_text(encoding="utf-8")
    drawn = vl_convert.vegalite_to_svg(specification, vl_version="6.1")
    files.write(path, drawn)
    return drawn
