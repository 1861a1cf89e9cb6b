"""A component of the stack that ends by itself: started again, given up, or a fault of the configuration."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from local_stack import processes
from local_stack.kept import Kept

IDLE = "import time; print('up', flush=True); time.sleep(600)"


@contextmanager
def _kept(log: Path, code: str) -> Iterator[Kept]:
    kept = Kept("api-server", [sys.executable, "-c", code], log=log)
    try:
        yield kept
    finally:
        processes.stop(kept.child)


def _starts(log: Path, times: int) -> None:
    deadline = time.monotonic() + 20
    while not log.exists() or log.read_text().count("up") < times:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_crash_is_followed_by_a_new_start_three_times_an_hour(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with _kept(log, IDLE) as kept:
        assert kept.look_after() == ""
        for time_of_hour in (1, 2, 3):
            _starts(log, time_of_hour)
            before = kept.child
            before.send_signal(signal.SIGSEGV)
            before.wait(20)
            assert f"SIGSEGV 终止，已重新启动（一小时内第 {time_of_hour} 次）" in kept.look_after()
            assert kept.child.pid != before.pid and kept.look_after() == ""
        _starts(log, 4)
        kept.child.kill()
        kept.child.wait(20)
        with pytest.raises(RuntimeError, match="SIGKILL 终止，不再重新启动"):
            kept.look_after()


def test_an_exit_at_the_start_is_no_crash_and_its_last_words_are_told(tmp_path: Path) -> None:
    with _kept(tmp_path / "log", "import sys; sys.exit('the port is taken')") as kept:
        kept.child.wait(20)
        with pytest.raises(RuntimeError, match=r"退出码 1(.|\n)*the port is taken"):
            kept.look_after()
