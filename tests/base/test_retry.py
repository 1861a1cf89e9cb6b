"""Trying again: only what may be repeated, so often and so long as patience lasts, and as long as the other side asks."""

from __future__ import annotations

from math import inf

import pytest
import tenacity.nap
from public_credit.base.retry import Again, Patience


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr(tenacity.nap.time, "sleep", slept.append)
    return slept


class Side:
    """Another side that fails some times before it answers."""

    def __init__(self, *errors: Exception):
        self.errors, self.asked = list(errors), 0

    def __call__(self) -> str:
        self.asked += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


def test_an_answer_needs_no_patience(pauses: list[float]) -> None:
    assert Patience().call(Side()) == "answer" and pauses == []


def test_pauses_double_up_to_the_longest(pauses: list[float]) -> None:
    assert Patience(tries=6, first=1, longest=5).call(Side(*[Again()] * 5)) == "answer"
    assert pauses == [1, 2, 4, 5, 5]


def test_the_last_reason_is_told_when_the_tries_are_used_up(pauses: list[float]) -> None:
    side = Side(Again("first"), Again("second"), Again("third"), Again("fourth"))
    with pytest.raises(Again) as raised:
        Patience(tries=3, first=1).call(side)
    assert (raised.value.why, side.asked, pauses) == ("third", 3, [1, 2])


@pytest.mark.parametrize(
    ("granted", "asked", "waited"), [(inf, 7.0, 7.0), (3.0, 7.0, 3.0), (inf, 0.2, 1.0), (inf, None, 1.0)]
)
def test_the_other_side_is_given_the_time_it_asks_for(
    granted: float, asked: float | None, waited: float, pauses: list[float]
) -> None:
    Patience(first=1, granted=granted).call(Side(Again(after=asked)))
    assert pauses == [waited]


def test_all_pauses_of_one_object_are_bounded_together(pauses: list[float]) -> None:
    patience = Patience(tries=9, first=1, longest=1, total=3)
    patience.call(Side(Again(), Again()))
    with pytest.raises(Again):
        patience.call(Side(*[Again()] * 9))
    assert pauses == [1, 1, 1]


def test_jitter_shortens_a_pause_by_at_most_half(pauses: list[float]) -> None:
    for _ in range(50):
        Patience(first=1, jitter=True).call(Side(Again()))
    assert all(0.5 <= pause <= 1 for pause in pauses) and len(set(pauses)) > 1


@pytest.mark.parametrize("error", [ValueError(), OSError(), KeyError()])
def test_nothing_else_is_repeated(error: Exception, pauses: list[float]) -> None:
    side = Side(error)
    with pytest.raises(type(error)):
        Patience().call(side)
    assert side.asked == 1 and pauses == []
