"""What pages begin with: the run they look with. What they set going starts as every command does (``actions``)."""

from __future__ import annotations

from ..base import settings
from ..base.run import Run
from ..ledger.session import newest_business_day


def run_now() -> Run:
    """The run of a page: the newest business day, as commands that look have it."""
    on = newest_business_day("reader") or settings.business_date() or settings.today()
    return Run(on, "", settings.code_version(), "")
