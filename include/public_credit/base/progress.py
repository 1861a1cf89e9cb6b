"""What work says of itself while it goes on: one line each, for the log of a task and for who waits at a terminal."""

from __future__ import annotations

import logging
import time

log = logging.getLogger("public_credit.progress")


def say(line: str) -> None:
    """Tell one line: what was done, of which receipt, build or release, with counts. No delivered value belongs in it."""
    log.info(line)


class Paced:
    """Tells of many small things that are done: a line every few seconds."""

    def __init__(self, what: str, seconds: float = 5.0):
        self._what, self._seconds, self._last = what, seconds, time.monotonic()

    def say(self, done: str) -> None:
        """How far it is, unless something was said just now."""
        if time.monotonic() - self._last >= self._seconds:
            self._last = time.monotonic()
            say(f"{self._what}  {done}")
