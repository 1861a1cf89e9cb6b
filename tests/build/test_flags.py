"""Many dbt commands in one process: nothing of one is left for the next."""

from __future__ import annotations

from dbt.adapters.base.impl import DEFAULT_BASE_BEHAVIOR_FLAGS
from public_credit.build import command


def test_the_flags_of_dbt_do_not_grow_with_every_command(warehouse):
    counts = []
    for _ in range(3):
        command.invoke(["parse"], {})
        counts.append(len(DEFAULT_BASE_BEHAVIOR_FLAGS))
    assert counts[1] == counts[2], "the adapter adds its own once more than there are"
