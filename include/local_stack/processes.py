"""Child processes that never outlive us: own process group, a death signal from the kernel, and a clean stop."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(sig: int) -> Any:
    """A ``preexec_fn``: the kernel sends ``sig`` to the child when its parent dies, however it dies."""

    def arrange() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, sig, 0, 0, 0)

    return arrange


def start(command: Sequence[str], *, log: Path, env: dict[str, str] | None = None, cwd: Path | None = None,
          death_signal: int = signal.SIGTERM) -> subprocess.Popen[bytes]:
    """Start a child in its own process group with its output appended to ``log``."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=env,
                                cwd=cwd, start_new_session=True, preexec_fn=die_with_parent(death_signal))


def group_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def stop(child: subprocess.Popen[bytes], *, sig: int = signal.SIGTERM, patience: float = 15.0) -> None:
    """Signal the child's whole group, wait, and kill what is left of it after ``patience`` seconds."""
    for current, wait in ((sig, patience), (signal.SIGKILL, 5.0)):
        try:
            os.killpg(child.pid, current)
        except ProcessLookupError:
            break
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline:
            child.poll()
            if not group_alive(child.pid):
                break
            time.sleep(0.05)
        if not group_alive(child.pid):
            break
    child.wait(timeout=5)
