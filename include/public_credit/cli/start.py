"""The run of a command: its business date, and who runs it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import typer

from ..base import settings
from ..base.run import Run
from ..ledger.session import newest_business_day

On = Annotated[datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="业务日期，默认今天。")]


def run_of(given: datetime | date | None = None) -> Run:
    """The run of this command, on a given business date or the clock's.

    Beside the demo, whose calendar is simulated, the clock's is the newest day played.
    """
    on = given.date() if isinstance(given, datetime) else given or settings.business_date()
    if on is None and settings.simulated_clock():
        on = newest_business_day("reader")
    return Run(on or settings.today(), "", settings.code_version(), settings.user())


def newest_day() -> date:
    """The newest opened business date, the clock's when none was opened yet: that of work on what is there already."""
    return newest_business_day("reader") or settings.business_date() or settings.today()
