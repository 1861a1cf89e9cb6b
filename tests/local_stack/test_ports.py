"""Ports: impossible ones are refused, a taken one is said at once with who has it, and no stranger gets a password."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from local_stack import ports
from local_stack.airflow_api import AirflowApi
from public_credit.base.messages import UserError

from tests.conftest import CHECKOUT


@pytest.fixture
def taken() -> Iterator[int]:
    """A port somebody listens on: this process."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.mark.parametrize("text", ["0", "65536", "99999999999999999999", "-1", "", "八十", "٣", "80.5", "80"])
def test_a_port_nobody_could_serve_on_is_refused(text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "start").write_text("1024")
    monkeypatch.setattr(ports, "_UNPRIVILEGED", tmp_path / "start")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(Exception, match="端口"):
        ports.wanted(text)
    assert ports.wanted("8080") == 8080


@pytest.mark.parametrize("command", ["demo", "serve"])
def test_a_wrong_port_is_told_in_chinese(command: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "local_stack", command, "--port", "70000"],
        env=os.environ | {"PYTHONPATH": str(CHECKOUT / "include"), "PCW_HOME": str(tmp_path / "state")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2 and done.stderr.startswith("错误：端口应为 1 至 65535 的整数，不能是 70000。"), (
        done.stderr
    )
    assert "usage" not in done.stderr and not (tmp_path / "state").exists()


def test_a_port_in_use_is_said_before_anything_starts(taken: int, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"端口 {taken} 已被占用（.*进程 {os.getpid()}）") as caught:
        ports.require_free(taken)
    assert caught.value.code == 3 and "--port" in caught.value.remedy
    done = subprocess.run(
        [sys.executable, "-m", "local_stack", "serve", "--port", str(taken)],
        env=os.environ | {"PYTHONPATH": str(CHECKOUT / "include"), "PCW_HOME": str(tmp_path / "state")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 3 and f"错误：端口 {taken} 已被占用" in done.stderr, done.stderr
    assert not (tmp_path / "state" / "postgres").exists()


def test_who_serves_on_a_port(taken: int) -> None:
    assert ports.served_by(taken, os.getpid()) is True
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert ports.served_by(taken, other.pid) is False and ports.served_by(taken, None) is False
        assert ports.served_by(taken, os.getppid()) is True, "a child of ours is ours"
    finally:
        other.communicate(b"\n")


def test_a_stranger_on_our_port_is_not_given_the_password() -> None:
    asked: list[str] = []

    class Stranger(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        do_GET = do_POST

    server = HTTPServer(("127.0.0.1", 0), Stranger)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        api = AirflowApi(
            f"http://127.0.0.1:{port}",
            lambda user: "geheim",
            "admin",
            lambda: None,
            lambda: ports.served_by(port, other.pid),
        )
        with pytest.raises(RuntimeError, match="不是本系统的 Airflow，没有向它提交口令"):
            api.get("dags")
    finally:
        other.communicate(b"\n")
        server.shutdown()
    assert asked == []
