"""Fixture: registers of one fresh warehouse."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.helpers.registers import Registers


@pytest.fixture
def registers(warehouse) -> Iterator[Registers]:
    """Registers of a fresh warehouse."""
    opened = Registers(warehouse)
    yield opened
    opened.owner.close()
