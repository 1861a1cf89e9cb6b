"""A figure that is the same for everybody: told as it was some seconds ago while it is computed again, so that nobody waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from ..base import faults

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """What ``make`` said: told without a question for ``fresh`` seconds, until ``stale`` while it is computed again beside."""

    def __init__(self, make: Callable[[], Value], fresh: float, stale: float):
        self._make, self._fresh, self._stale = make, fresh, stale
        self._lock = threading.Lock()
        self._last: tuple[Hashable, float, Value] | None = None

    def get(self, key: Hashable) -> Value:
        """The value for a place (another database is another key). Raises what ``make`` raises when it has to be waited for."""
        last = self._last
        age = time.monotonic() - last[1] if last and last[0] == key else None
        if last is None or age is None or age > self._stale:
            with self._lock:
                if self._last is last:
                    self._last = (key, time.monotonic(), self._make())
                assert self._last is not None
                return self._last[2]
        if age > self._fresh and self._lock.acquire(blocking=False):
            threading.Thread(target=self._again, args=(key,), daemon=True).start()
        return last[2]

    def _again(self, key: Hashable) -> None:
        """Compute it once more; the lock is held already."""
        try:
            self._last = (key, time.monotonic(), self._make())
        except Exception as error:  # who has to wait for the next one is told
            faults.note("desk", error)
        finally:
            self._lock.release()
