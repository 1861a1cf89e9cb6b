"""Many dbt commands in one process: nothing of one is left for the next."""

from __future__ import annotations

import gc
import os
from contextlib import suppress
from typing import Any

import pytest
from dbt.adapters.base.impl import DEFAULT_BASE_BEHAVIOR_FLAGS
from public_credit.base import settings
from public_credit.build import command


def test_the_flags_of_dbt_do_not_grow_with_every_command(warehouse):
    counts = []
    for _ in range(3):
        command.invoke(["parse"], {})
        counts.append(len(DEFAULT_BASE_BEHAVIOR_FLAGS))
    assert counts[1] == counts[2], "the adapter adds its own once more than there are"


@pytest.mark.parametrize("ends", ["well", "in an error"])
def test_garbage_is_searched_for_again_when_dbt_is_done(ends: str) -> None:
    assert gc.isenabled()
    with suppress(ValueError), command.cheaply():
        assert not gc.isenabled()
        if ends != "well":
            raise ValueError
    assert gc.isenabled()


def test_what_the_log_does_not_take_is_not_rendered() -> None:
    from dbt_common.events.base_types import EventLevel
    from dbt_common.events.event_manager import EventManager
    from dbt_common.events.types import Note

    manager, heard = EventManager(), list[str]()
    manager.add_callback(lambda message: heard.append(message.info.level))  # dbt always adds one of its own
    with command.cheaply():
        for level in (EventLevel.DEBUG, EventLevel.INFO, EventLevel.WARN):
            manager.fire_event(Note(msg=""), level=level)
    assert heard == ["info", "warn"]


def test_another_process_parses_nothing_again_and_is_warned_of_nothing(
    warehouse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = warehouse.home / "dbt" / "logs" / "dbt.log"
    command.invoke(["parse"], {})
    first = log.read_text(encoding="utf-8")
    assert "Starting full parse" in first, "the log tells how it was parsed"
    with monkeypatch.context() as other:
        other.setattr(settings, "process_name", lambda: "pcw another")
        command.invoke(["parse"], {})
        with command.environment():
            assert os.environ["PGAPPNAME"] == "pcw another"
    second = log.read_text(encoding="utf-8").removeprefix(first)
    assert second and "Unable to do partial parsing" not in second
    assert "Deprecat" not in first + second


def test_sessions_of_dbt_bear_the_name_of_their_process(warehouse: Any, capfd: pytest.CaptureFixture[str]) -> None:
    command.invoke(["show", "--inline", "select current_setting('application_name') as name", "--output", "json"], {})
    assert settings.process_name() in capfd.readouterr().out
