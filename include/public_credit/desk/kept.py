"""A figure that is the same for everybody, computed again when it is some seconds old – by one request, while others get the last."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """What ``make`` said, at most ``seconds`` old plus the time one computation takes."""

    def __init__(self, make: Callable[[], Value], seconds: float):
        self._make, self._seconds = make, seconds
        self._lock = threading.Lock()
        self._last: dict[Hashable, tuple[float, Value]] = {}

    def get(self, key: Hashable) -> Value:
        """The value for a place (another database is another key)."""
        last = self._last.get(key)
        if last and time.monotonic() - last[0] < self._seconds:
            return last[1]
        if not self._lock.acquire(blocking=last is None):
            assert last is not None
            return last[1]
        try:
            last = self._last.get(key)
            if last and time.monotonic() - last[0] < self._seconds:
                return last[1]
            value = self._make()
            self._last = {key: (time.monotonic(), value)}
            return value
        finally:
            self._lock.release()
