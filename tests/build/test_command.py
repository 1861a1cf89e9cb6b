"""Many dbt commands in one process: nothing of one is left for the next."""

from __future__ import annotations

import gc
from contextlib import suppress

import pytest
from dbt.adapters.base.impl import DEFAULT_BASE_BEHAVIOR_FLAGS
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
