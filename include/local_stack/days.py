"""The demo's calendar: which simulated day is due, and the logical dates of the runs it starts."""

from __future__ import annotations

import json
import time
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from public_credit.base import files


def instant(on: date) -> str:
    """A logical date in the afternoon of a day that no run had before: a DAG has one run per logical date."""
    milliseconds = int(time.time() * 1000)
    noon = datetime(on.year, on.month, on.day, 12, tzinfo=timezone(timedelta(hours=8)))
    return (noon + timedelta(microseconds=milliseconds % (6 * 3600 * 10**6))).isoformat()


def played_days(simulator_home: Path) -> list[int]:
    """Days whose deliveries the simulator has made."""
    state = simulator_home / "state.json"
    return json.loads(state.read_text())["played"] if state.exists() else []


def next_day(simulator_home: Path) -> tuple[int, date] | None:
    """The simulated day that is due next, of those that are shown: after the last one settled; an interrupted one is due again."""
    from district_simulator.vocabulary.workcalendar import DAYS

    following = max(_settled(simulator_home) + 1, 1)
    return (following, DAYS[following]) if following in DAYS else None


def earlier_days(simulator_home: Path) -> dict[int, date]:
    """The days before the first shown one that are still to be played, in order; none once a shown one has begun."""
    from district_simulator.vocabulary.workcalendar import EARLIER

    if max(played_days(simulator_home), default=0) > 0:
        return {}
    return {day: on for day, on in EARLIER.items() if day > _settled(simulator_home)}


def _settled(simulator_home: Path) -> int:
    """The last day that was settled; before all of them where none was."""
    completed = simulator_home / "completed"
    return int(completed.read_text()) if completed.exists() else -1000


def complete(simulator_home: Path, day: int) -> None:
    """Note that a day is settled."""
    files.write(simulator_home / "completed", str(day))
