"""The records behind a figure as a page: the figure, its lines, each with its record."""

from __future__ import annotations

from markupsafe import Markup

from ..base import settings
from ..catalogue import load_catalogue
from ..papers.record.page import environment, frame
from .figure import COLUMNS, Lines

_MOST = 5_000  # lines on a page; the workbook of the command has all of them


def body(found: Lines, *, linked: bool = False) -> Markup:
    """The lines without a frame. ``linked``: records are links (``/records/<id>``)."""
    template = environment().get_template("figure.html.j2")
    unit_name = load_catalogue().unit_name
    return Markup(template.render(f=found, columns=COLUMNS, most=_MOST, linked=linked, unit_name=unit_name))


def page(found: Lines) -> str:
    """The lines as one file."""
    return frame("数字溯源", f"{found.title} · 数字溯源", body(found), simulated=settings.simulated_clock())
