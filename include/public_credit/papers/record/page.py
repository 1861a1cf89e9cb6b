"""A case as HTML: ``body`` to stand in another application's page, ``page`` as one self-contained file.

No script, no outside request; prints on A4, reads at 390 px. ``frame`` makes such a file of any body in this look.
"""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ...base.settings import TIMEZONE
from ...catalogue import load_catalogue
from .model import RecordCase

TEMPLATES = Path(__file__).parent / "templates"


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates of this look; everything is escaped."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def style() -> str:
    """The style sheet the bodies are made for."""
    return (TEMPLATES / "record.css").read_text(encoding="utf-8")


def _receiver(name: str) -> str:
    found = load_catalogue().receivers.get(name)
    return found.title if found else name


def body(case: RecordCase, *, linked: bool = False, original: str = "") -> Markup:
    """The case as HTML without a frame. ``linked``: records, rows, columns and figures are links (``/records/<id>``,
    ``/batches/<n>/rows/<m>``, ``/lineage/<column>``, ``/figures/<number>``); ``original``: where those allowed fetch the original.
    """
    template = environment().get_template("body.html.j2")
    return Markup(template.render(c=case, linked=linked, original=original, zone=TIMEZONE, receiver=_receiver))


def frame(heading: str, title: str, content: Markup, *, simulated: bool) -> str:
    """A self-contained page around a body."""
    css = style()
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return (
        environment()
        .get_template("page.html.j2")
        .render(
            heading=heading, title=title, body=content, simulated=simulated, style=css, style_hash=f"sha256-{digest}"
        )
    )


def page(case: RecordCase, *, original: str = "") -> str:
    """The case as one file; ``original``: where the original lies beside it."""
    content = body(case, original=original)
    return frame("记录溯源", f"{case.title} · 记录溯源", content, simulated=case.simulated)
