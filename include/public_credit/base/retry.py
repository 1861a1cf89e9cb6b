"""The one way to try again: what another side could not do now and may be able to do in a moment.

Whoever asks says what may be repeated by raising ``Again``; ``Patience`` says how often and how long. Nothing is repeated
whose outcome is unknown.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type

T = TypeVar("T")


class Again(Exception):
    """An attempt came to nothing and may be repeated; ``after``: seconds the other side asks to wait."""

    def __init__(self, why: str = "", after: float | None = None):
        super().__init__(why)
        self.why, self.after = why, after


@dataclass
class Patience:
    """How long to wait for another side: doubling pauses, bounded per request and over all requests of one object."""

    tries: int = 6
    first: float = 0.5  # seconds
    longest: float = 30.0  # of a pause of ours
    granted: float = inf  # longest pause the other side gets when it asks for one
    total: float = inf  # of all pauses together
    jitter: bool = (
        False  # pauses between half and all of their length: many who were turned away do not come back at once
    )
    spent: float = 0.0

    def call(self, attempt: Callable[[], T]) -> T:
        """What ``attempt`` returns, tried again while it raises ``Again``. Raises its last ``Again`` when patience runs out."""
        return Retrying(
            wait=self._pause,
            stop=self._enough,
            retry=retry_if_exception_type(Again),
            before_sleep=self._book,
            reraise=True,
        )(attempt)

    def _pause(self, state: RetryCallState) -> float:
        pause = min(self.longest, self.first * 2.0 ** min(state.attempt_number - 1, 60))
        if self.jitter:
            pause *= random.uniform(0.5, 1.0)
        error = state.outcome.exception() if state.outcome else None
        asked = error.after if isinstance(error, Again) and error.after else 0.0
        return max(pause, min(asked, self.granted))

    def _enough(self, state: RetryCallState) -> bool:
        return state.attempt_number >= self.tries or self.spent + state.upcoming_sleep > self.total

    def _book(self, state: RetryCallState) -> None:
        self.spent += state.upcoming_sleep
