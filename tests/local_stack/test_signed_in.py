"""The demo's commands act for its invented accounts, signed in at its running desk as a person would be."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

import pytest
from local_stack.demo import REVIEWER, Demo
from local_stack.desk import Desk
from public_credit.desk import terminal

from tests.conftest import CHECKOUT, Warehouse


def test_who_reviews_for_an_office_is_signed_in(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT / "include")}
    desk = Desk(warehouse.home, simulated=True)
    (warehouse.home / "logs").mkdir(exist_ok=True)
    desk.invent_passwords()
    desk.start(environment)
    try:
        player: Any = SimpleNamespace(stack=SimpleNamespace(desk=desk, environment=lambda: environment))
        given = Demo._signed_in(player, REVIEWER)
    finally:
        desk.stop()
    monkeypatch.setenv("PCW_SESSION", given["PCW_SESSION"])
    with terminal.acting() as actor:
        assert (actor.account, actor.role) == (REVIEWER, "engineer")
    assert not terminal.kept_at().exists(), "who starts the demo is not logged in by it"
