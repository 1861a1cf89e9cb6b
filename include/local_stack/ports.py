"""Ports of this machine: which can be served on, who serves on one now."""

from __future__ import annotations

import argparse
import os
import socket
from pathlib import Path

import psutil
from public_credit.base.messages import UserError

_UNPRIVILEGED = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")


def wanted(text: str) -> int:
    """A port as it is asked for. Raises ArgumentTypeError for one nobody could serve on."""
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:9]) <= 65535:
        raise argparse.ArgumentTypeError(f"端口应为 1 至 65535 的整数，不能是 {text[:20]}。")
    first = int(_UNPRIVILEGED.read_text(encoding="ascii")) if _UNPRIVILEGED.exists() else 1024
    if int(text) < first and os.geteuid() != 0:
        raise argparse.ArgumentTypeError(f"端口 {text} 只有 root 可以使用；请选 {first} 以上的端口。")
    return int(text)


def listeners(port: int) -> list[int | None]:
    """Processes that listen on a port here, None for one of somebody else we may not see."""
    return [
        found.pid
        for found in psutil.net_connections("tcp")
        if found.status == psutil.CONN_LISTEN and found.laddr and found.laddr.port == port
    ]


def require_free(port: int) -> None:
    """Raises UserError (code 3), with who has it, for a port that is taken; said before anything is started."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            return
        except OSError:
            pass
    known = [f"{psutil.Process(pid).name()}，进程 {pid}" for pid in listeners(port) if pid and psutil.pid_exists(pid)]
    raise UserError(
        f"端口 {port} 已被占用（{'；'.join(known) or '其他用户的进程'}）。",
        remedy="停止占用它的程序，或用 --port 另选一个端口。",
        code=3,
    )


def served_by(port: int, parent: int | None) -> bool | None:
    """Whether a process or one of its descendants serves on a port; None while nobody does."""
    if not (found := listeners(port)):
        return None
    if parent is None or not psutil.pid_exists(parent):
        return False
    family = {parent, *(child.pid for child in psutil.Process(parent).children(recursive=True))}
    return any(pid in family for pid in found)
