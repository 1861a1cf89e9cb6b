"""A figure that is kept for some seconds: by key, and computed again beside with the rights of who asked last."""

from __future__ import annotations

import time
from contextvars import ContextVar

import pytest
from public_credit.desk.kept import Kept

_who: ContextVar[str] = ContextVar("who", default="nobody")


def test_another_key_is_another_figure_and_a_fresh_one_is_not_computed_again() -> None:
    made: list[str] = []
    kept = Kept(lambda: made.append("x") or len(made), fresh=60, stale=120)
    assert [kept.get("engineer"), kept.get("auditor"), kept.get("engineer")] == [1, 2, 1]
    kept.forget()
    assert kept.get("engineer") == 3


def test_it_is_computed_again_beside_in_the_name_of_who_asks() -> None:
    kept = Kept(_who.get, fresh=0, stale=120)
    _who.set("first")
    assert kept.get("engineer") == "first"
    _who.set("second")
    assert kept.get("engineer") == "first", "nobody waits"
    deadline = time.monotonic() + 10
    while kept.get("engineer") != "second":
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_who_has_to_wait_is_told_what_went_wrong_and_the_next_one_computes_it() -> None:
    asked: list[str] = []

    def make() -> str:
        asked.append("once")
        if len(asked) == 1:
            raise RuntimeError("no database")
        return "there"

    kept = Kept(make, fresh=60, stale=120)
    with pytest.raises(RuntimeError):
        kept.get("engineer")
    assert kept.get("engineer") == "there"
