"""Child processes that never outlive us: own process group, a death signal from the kernel, a guard, a clean stop."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import psutil

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LARGE_LOG = 20 << 20
_libc = ctypes.CDLL(None, use_errno=True)

INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def die_with_parent(sig: int) -> Any:
    """A ``preexec_fn``: the kernel sends ``sig`` to the child when its parent dies, however it dies."""

    def arrange() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, sig, 0, 0, 0)

    return arrange


def start(command: Sequence[str], *, log: Path, env: dict[str, str] | None = None, cwd: Path | None = None,
          death_signal: int = signal.SIGTERM) -> subprocess.Popen[bytes]:
    """Start a child in its own process group with its output appended to ``log`` (a large log is put aside first)."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > _LARGE_LOG:
        log.replace(log.with_name(f"{log.name}.1"))
    with log.open("ab") as output:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=env,
                                cwd=cwd, start_new_session=True, preexec_fn=die_with_parent(death_signal))


def group_alive(group: int) -> bool:
    """Whether any process of a process group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def stop(*children: subprocess.Popen[bytes], sig: int = signal.SIGTERM, patience: float = 15.0) -> None:
    """Signal the children's whole groups at once, wait, and kill what is left of them after ``patience`` seconds."""
    left = list(children)
    for current, wait in ((sig, patience), (signal.SIGKILL, 5.0)):
        for child in left:
            try:
                os.killpg(child.pid, current)
            except ProcessLookupError:
                continue
        deadline = time.monotonic() + wait
        while left and time.monotonic() < deadline:
            left = [child for child in left if child.poll() is None or group_alive(child.pid)]
            if left:
                time.sleep(0.05)
        if not left:
            return


def interrupt_once(_: int, __: Any) -> None:
    """Signal handler: the first signal raises KeyboardInterrupt, later ones cannot disturb the stop under way."""
    ignore_interrupts()
    raise KeyboardInterrupt


def ignore_interrupts() -> None:
    for number in INTERRUPTS:
        signal.signal(number, signal.SIG_IGN)


def guarded(work: Callable[[], int]) -> int:
    """Run ``work`` in a child; whatever becomes of it, none of its descendants is left behind.

    We stay as the guard: descendants that lose their parent become our children (subreaper), so when ``work`` is
    killed in a way it cannot handle, we end what it started. When the guard itself is killed, the kernel tells
    ``work`` (SIGTERM), which then stops cleanly.
    """
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    sys.stdout.flush()
    guard, worker = os.getpid(), 0

    def pass_on(_: int, __: Any) -> None:
        if worker:
            os.kill(worker, signal.SIGTERM)

    for number in INTERRUPTS:
        signal.signal(number, pass_on)
    worker = os.fork()
    if worker == 0:
        for number in INTERRUPTS:
            signal.signal(number, interrupt_once)
        die_with_parent(signal.SIGTERM)()
        if os.getppid() != guard:
            os._exit(1)
        _leave(work)
    while True:
        ended, status = os.wait()
        if ended == worker:
            break
    worker = 0
    if os.WIFSIGNALED(status):
        print(f"主进程被信号 {os.WTERMSIG(status)} 终止，正在清理它启动的进程。", file=sys.stderr)
    _end_descendants(patience=10.0 if os.WIFSIGNALED(status) else 1.0)
    return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def _leave(work: Callable[[], int]) -> None:
    """Run ``work`` and end this process with its exit code."""
    code = 1
    try:
        code = work()
    except KeyboardInterrupt:
        code = 130
    except SystemExit as request:
        code = request.code if isinstance(request.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _end_descendants(patience: float) -> None:
    """Wait for our descendants to end (the kernel has told most of them), then terminate, then kill."""
    for number, wait in ((None, patience), (signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0)):
        left = _descendants()
        for process in left if number else []:
            try:
                process.send_signal(number)
            except psutil.NoSuchProcess:
                continue
        deadline = time.monotonic() + wait
        while left and time.monotonic() < deadline:
            _reap()
            left = _descendants()
            time.sleep(0.05)
        if not left:
            return


def _descendants() -> list[psutil.Process]:
    return [process for process in psutil.Process().children(recursive=True) if _lives(process)]


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _reap() -> None:
    """Collect children that have ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def alive(pids: Iterable[int]) -> list[int]:
    """Those of ``pids`` that still run."""
    return [pid for pid in pids if psutil.pid_exists(pid) and _lives(psutil.Process(pid))]
