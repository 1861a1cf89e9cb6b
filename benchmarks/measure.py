"""CPU of a process, of its children and of a PostgreSQL server with all its processes; peak memory."""

from __future__ import annotations

import os
import resource
import time
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from public_credit.base.run import Run

RUN = Run(date(2026, 2, 25), "", "bench", "bench")

_TICKS = os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str] | None:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as source:
            return source.read().rpartition(") ")[2].split()
    except OSError:
        return None


def _children(pid: int) -> list[int]:
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = _stat(int(name))
            if fields and int(fields[1]) == pid:
                found.append(int(name))
    return found


def server_cpu(postmaster: int) -> float:
    """CPU seconds of the postmaster, of its living children and of those it has reaped."""
    total = 0
    fields = _stat(postmaster)
    if fields:
        total += sum(map(int, fields[11:15]))
    for child in _children(postmaster):
        fields = _stat(child)
        if fields:
            total += sum(map(int, fields[11:13]))
    return total / _TICKS


def own_cpu() -> float:
    """CPU seconds of this process and of the children it has waited for."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def _own_peak() -> int:
    """Kilobytes this process has held at most: its ``ru_maxrss`` begins with those of whoever started it."""
    told = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in told.splitlines() if line.startswith("VmHWM"))


def peak_mb() -> int:
    """Peak memory of this process and of its largest child together; a child's is at least ours when it was started."""
    return (_own_peak() + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) // 1024


@contextmanager
def measured(postmaster: int):
    """Fill a dictionary with client and server CPU and wall seconds of the block."""
    result: dict[str, Any] = {}
    client, server, wall = own_cpu(), server_cpu(postmaster), time.perf_counter()
    yield result
    result["wall"] = time.perf_counter() - wall
    result["client_cpu"] = own_cpu() - client
    result["server_cpu"] = server_cpu(postmaster) - server
    result["cpu"] = result["client_cpu"] + result["server_cpu"]
