"""A figure that is the same for everybody: told as it was some seconds ago while it is computed again, so that nobody waits for it."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from ..base import faults

Value = TypeVar("Value")
BESIDE = "desk-beside"  # name of a thread that computes beside the requests


class Kept(Generic[Value]):
    """What ``make`` said: told without a question for ``fresh`` seconds, until ``stale`` while it is computed again beside."""

    def __init__(self, make: Callable[[], Value], fresh: float, stale: float):
        self._make, self._fresh, self._stale = make, fresh, stale
        self._locks: dict[Hashable, threading.Lock] = {}
        self._kept: dict[Hashable, tuple[float, Value]] = {}

    def get(self, key: Hashable) -> Value:
        """The value for a key (another database, another role). Raises what ``make`` raises when it has to be waited for."""
        lock = self._locks.setdefault(key, threading.Lock())
        last = self._kept.get(key)
        age = time.monotonic() - last[0] if last else self._stale
        if last is None or age >= self._stale:
            with lock:
                known = self._kept.get(key)
                if known is None or known is last:
                    known = self._kept[key] = (time.monotonic(), self._make())
                return known[1]
        if age > self._fresh and lock.acquire(blocking=False):
            work = contextvars.copy_context().run  # with the rights of who asks
            threading.Thread(target=work, args=(self._again, key, lock), name=BESIDE, daemon=True).start()
        return last[1]

    def forget(self) -> None:
        """Compute everything anew when it is asked for next."""
        self._kept.clear()

    def _again(self, key: Hashable, lock: threading.Lock) -> None:
        """Compute it once more; the lock is held already."""
        try:
            self._kept[key] = (time.monotonic(), self._make())
        except Exception as error:  # who has to wait for the next one is told
            faults.note("desk", error)
        finally:
            lock.release()
