"""A warehouse whose marts hold two firms and a person."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.helpers.profiles import Profiles


@pytest.fixture
def profiles(warehouse) -> Iterator[Profiles]:
    yield Profiles(warehouse)
