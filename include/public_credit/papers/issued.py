"""Issued reports: each file carries a check code, and ``credit report verify`` recognises file, number and code.

The code is a keyed hash over what the file says. It is booked with the file's hash when the file is handed out, so a file is
recognised after the key was changed, too.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import python_calamine
from sqlalchemy.orm import Session

from ..base import settings
from ..base.messages import UserError
from ..custody.keys import versions
from ..land.readers import workbook as hidden_parts
from ..ledger.models import Report, ReportPaper
from ..ledger.session import session
from ..ledger.states import PaperForm
from . import page, workbook
from .subject import SubjectReport

GENUINE, CHANGED, UNKNOWN = "真实", "被改动", "未知"
UNISSUED = "尚未出具"  # stands where the code will stand
_NUMBER = re.compile(r"GXBG(\d{8})-(\d{6,12})")


@dataclass(frozen=True)
class Verified:
    """What is known of a report; ``report`` is None where it is unknown."""

    verdict: str
    number: str
    report: Report | None = None


def _page_text(content: bytes) -> str:
    """A page as it is compared: its source, blanks told apart by nothing but their being there."""
    return re.sub(r"\s+", " ", content.decode("utf-8", "replace"))


def _workbook_text(content: bytes) -> str:
    """A workbook as it is compared: its cells sheet by sheet, and rows that were hidden; saved again unchanged it is the same."""
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    hidden = {name: sorted(sheet.hidden) for name, sheet in hidden_parts.look(content).sheets.items() if sheet.hidden}
    sheets = [(name, book.get_sheet_by_name(name).to_python()) for name in book.sheet_names]
    return repr(
        [(name, [[_cell(cell) for cell in row] for row in rows], hidden.get(name, [])) for name, rows in sheets]
    )


def _cell(value: Any) -> str:
    """A cell as text, a whole number without the decimals that a spreadsheet reads it with."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


_TEXTS: dict[PaperForm, Callable[[bytes], str]] = {PaperForm.PAGE: _page_text, PaperForm.WORKBOOK: _workbook_text}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _code(number: str, form: PaperForm, content_hash: str) -> str:
    keys = versions("lookup")
    digest = hmac.digest(keys[max(keys)], f"report\x1f{number}\x1f{form}\x1f{content_hash}".encode(), "sha256")
    plain = base64.b32encode(digest[:10]).decode()
    return "-".join(plain[start : start + 4] for start in range(0, 16, 4))


def issue(report: SubjectReport) -> dict[PaperForm, bytes]:
    """Page and workbook of a report, each with its check code; the codes are booked first."""
    made: dict[PaperForm, Callable[[str], bytes]] = {
        PaperForm.PAGE: lambda code: page.subject_page(report, code).encode(),
        PaperForm.WORKBOOK: lambda code: workbook.subject_workbook(report, code),
    }
    papers = {}
    with session("reader") as opened:
        for form, make in made.items():
            content_hash = _hash(_TEXTS[form](make(UNISSUED)))
            code = _code(report.number, form, content_hash)
            opened.add(ReportPaper(report_id=report.entry, form=form, content_hash=content_hash, check_code=code))
            papers[form] = make(code)
    return papers


def _booked(opened: Session, number: str) -> Report | None:
    """The report of a number, None for one that was never given."""
    found = _NUMBER.fullmatch(number)
    report = opened.get(Report, int(found[2])) if found else None
    if report is None or found is None or f"{report.at.astimezone(settings.TIMEZONE):%Y%m%d}" != found[1]:
        return None
    return report


def verify_file(content: bytes) -> Verified:
    """Whether a page or workbook is one that was handed out, unchanged. Raises UserError for what is neither."""
    form = PaperForm.WORKBOOK if content.startswith(b"PK") else PaperForm.PAGE
    try:
        text = _TEXTS[form](content)
    except python_calamine.CalamineError:
        raise UserError("文件无法读取。", remedy="给出报告的网页（html）或工作簿（xlsx）原件。") from None
    number = _NUMBER.search(text)
    if number is None:
        return Verified(UNKNOWN, "")
    with session("reader") as opened:
        report = _booked(opened, number[0])
        paper = opened.get(ReportPaper, (report.id, form)) if report else None
        if paper is None:
            return Verified(UNKNOWN, number[0])
        plain = text.replace(paper.check_code, UNISSUED)
        same = plain != text and _hash(plain) == paper.content_hash
        opened.expunge_all()
    return Verified(GENUINE if same else CHANGED, number[0], report)


def verify_code(number: str, code: str) -> Verified:
    """Whether a printed number and code belong together."""
    number, code = number.strip().upper(), code.strip().upper()
    with session("reader") as opened:
        report = _booked(opened, number)
        papers = [opened.get(ReportPaper, (report.id, form)) for form in PaperForm] if report else []
        if not any(papers):
            return Verified(UNKNOWN, number)
        same = any(paper is not None and hmac.compare_digest(paper.check_code, code) for paper in papers)
        opened.expunge_all()
    return Verified(GENUINE if same else CHANGED, number, report)
