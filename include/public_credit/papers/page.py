"""A report as one self-contained page: no outside reference, a policy that forbids the network, prints on A4."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2

from . import policy as policies

_FOLDER = Path(__file__).parent / "templates"
# Page header and footer of the print; the number is ours (letters, digits, hyphen), so it needs no escaping.
_RUNNING = """
@page {{
  @top-left {{ content: "{title}"; font-size: 8pt; color: #5b6875; }}
  @top-right {{ content: "编号 {number}"; font-size: 8pt; color: #5b6875; }}
  @bottom-left {{ content: "数据日期 {day}；只作提示，不作任何决定"; font-size: 8pt; color: #5b6875; }}
  @bottom-right {{ content: "第 " counter(page) " 页，共 " counter(pages) " 页"; font-size: 8pt; color: #5b6875; }}
}}
"""


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, title: str, report: Any, notice: list[str], code: str = "") -> str:
    """The page of a report as text; ``code`` is its check code."""
    style = (_FOLDER / "report.css").read_text(encoding="utf-8") + _RUNNING.format(
        title=title, number=report.number, day=report.data_on
    )
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        _environment()
        .get_template(template)
        .render(
            report=report,
            title=title,
            notice=notice,
            code=code,
            style=style,
            style_hash=f"sha256-{digest}",
            first_level=policies.load().levels[0],
        )
    )


def subject_page(report: Any, code: str) -> str:
    """The HTML page of a subject's report with its check code."""
    return render("subject.html.j2", "公共信用信息报告", report, policies.load().notice, code)


def person_page(report: Any) -> str:
    """The HTML page of a person's own report."""
    return render("person.html.j2", "本人信用信息报告", report, policies.load().person_notice)
