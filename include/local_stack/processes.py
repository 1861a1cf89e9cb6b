"""Child processes that never outlive us: own groups, a kernel death signal, a guard, a clean stop."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LARGE_LOG = 20 << 20
_libc = ctypes.CDLL(None, use_errno=True)
_started: set[int] = set()

INTERRUPTS = [signal.SIGINT, signal.SIGTERM]
if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup
    INTERRUPTS.append(signal.SIGHUP)


def die_with_parent(sig: int) -> Callable[[], None]:
    """A ``preexec_fn``: the kernel sends ``sig`` to the child when its parent (the caller) dies, however."""
    parent = os.getpid()

    def arrange() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, sig, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return arrange


def _listening(arrange: Callable[[], None]) -> Callable[[], None]:
    """``arrange``, after which the child hears SIGTERM, whatever the caller or one of its libraries blocks or ignores."""

    def prepare() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        arrange()

    return prepare


def start(
    command: Sequence[str],
    *,
    log: Path,
    env: dict[str, str] | None = None,
    cwd: Path | None = None,
    death_signal: int = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a child in its own process group, its output appended to ``log`` (a large one is put aside)."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > _LARGE_LOG:
        log.replace(log.with_name(f"{log.name}.1"))
    with log.open("ab") as output:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            start_new_session=True,
            preexec_fn=_listening(die_with_parent(death_signal)),
        )
    _started.add(child.pid)
    return child


def _group_alive(group: int) -> bool:
    """Whether any process of a group is left; members that have ended and became ours are collected."""
    try:
        while os.waitpid(-group, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def stop(*children: subprocess.Popen[bytes], sig: int = signal.SIGTERM, patience: float = 15.0) -> None:
    """Signal the children's whole groups at once, wait ``patience`` seconds, kill what is left of them."""
    left = list(children)
    for current, wait in ((sig, patience), (signal.SIGKILL, 5.0)):
        for child in left:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, current)
        deadline = time.monotonic() + wait
        while left and time.monotonic() < deadline:
            left = [child for child in left if child.poll() is None or _group_alive(child.pid)]
            if left:
                time.sleep(0.05)
        if not left:
            return


def end(pids: Sequence[int], *signals: signal.Signals, patience: float = 5.0) -> None:
    """Send the signals one after the other, each with ``patience`` seconds to take effect, while any of the processes lives."""
    for number in signals:
        for pid in alive(pids):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = time.monotonic() + patience
        while alive(pids) and time.monotonic() < deadline:
            time.sleep(0.02)


def ignore_interrupts() -> None:
    """From now on no signal disturbs the stop under way."""
    for number in INTERRUPTS:
        signal.signal(number, signal.SIG_IGN)


def _interrupt_once(_: int, __: Any) -> None:
    ignore_interrupts()
    raise KeyboardInterrupt


def _adopt_orphans() -> None:
    """Descendants that lose their parent become our children."""
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def collect_orphans() -> None:
    """Collect adopted processes that have ended, none that ``start`` has started. For single-threaded use."""
    look = os.WEXITED | os.WNOWAIT | os.WNOHANG
    with suppress(ChildProcessError):
        while (ended := os.waitid(os.P_ALL, 0, look)) and ended.si_pid not in _started:
            os.waitpid(ended.si_pid, 0)


def guarded(work: Callable[[], int]) -> int:
    """Run ``work`` in a child; whatever becomes of it, none of its descendants is left behind.

    Two processes look after each other, and both adopt orphans. When the worker is killed, we, its guard, end
    what it started. When the guard is killed, the kernel tells the worker, which does the same. The worker has a
    session of its own: Ctrl-C, or a kill of the whole group, reaches the guard only.
    """
    _adopt_orphans()
    sys.stdout.flush()
    signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTS)
    follow = die_with_parent(signal.SIGTERM)
    worker = os.fork()
    if worker == 0:
        follow()
        os.setsid()
        _adopt_orphans()
        _work_and_exit(work)

    def pass_on(_: int, __: Any) -> None:
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGTERM)

    for number in INTERRUPTS:
        signal.signal(number, pass_on)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPTS)
    ended = 0
    while ended != worker:
        ended, status = os.wait()
    ignore_interrupts()
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        _end_descendants()
        return code
    print(f"主进程被信号 {-code} 终止，正在清理它启动的进程。", file=sys.stderr)
    _end_descendants(patience=10.0)  # the kernel has told its children
    return 128 - code


def _work_and_exit(work: Callable[[], int]) -> None:
    """Run ``work``, end whatever it has left running, and end this process with its exit code."""
    code = 1
    try:
        for number in INTERRUPTS:
            signal.signal(number, _interrupt_once)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPTS)
        code = work()
    except KeyboardInterrupt:
        code = 130
    except BaseException:
        traceback.print_exc()
    finally:
        ignore_interrupts()
        _end_descendants()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):
                stream.flush()
        os._exit(code)


def _end_descendants(patience: float = 0.0) -> None:
    """Wait ``patience`` seconds for our descendants to end, then terminate, then kill them."""
    for number, wait in ((None, patience), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        for process in _descendants() if number else []:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        deadline = time.monotonic() + wait
        while left := _descendants():
            if time.monotonic() > deadline:
                break
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


def alive(pids: Iterable[int]) -> list[int]:
    """Those of ``pids`` that still run."""
    return [pid for pid in pids if psutil.pid_exists(pid) and _lives(psutil.Process(pid))]
