"""Nothing outlives us: real processes, real signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local_stack import processes, unprivileged
from local_stack.postgres import Server, binaries
from local_stack.stack import StackError, only_stack, reset

# A worker with a child, a grandchild in a session of its own and one that ignores SIGTERM.
_FAMILY = """
import subprocess, sys, time
from pathlib import Path
from local_stack import processes
folder = Path(sys.argv[1])
nested = "import subprocess, sys, time; subprocess.Popen(['sleep', '600'], start_new_session=True); time.sleep(600)"
deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
def work():
    for number, code in enumerate((nested, deaf)):
        processes.start([sys.executable, "-c", code], log=folder / f"{number}.log")
    time.sleep(1)
    import os
    (folder / "worker").write_text(str(os.getpid()))
    while True:
        time.sleep(1)
sys.exit(processes.guarded(work))
"""


def _family(folder: Path) -> tuple[subprocess.Popen[bytes], int, list[int]]:
    """A guarded worker; its guard, the worker's pid and everything it started."""
    guard = subprocess.Popen([sys.executable, "-c", _FAMILY, str(folder)], start_new_session=True,
                             stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not (folder / "worker").exists():
        assert guard.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    worker = int((folder / "worker").read_text())
    import psutil

    return guard, worker, [child.pid for child in psutil.Process(worker).children(recursive=True)]


def _gone(pids: list[int], patience: float = 40.0) -> bool:
    deadline = time.monotonic() + patience
    while processes.alive(pids) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not processes.alive(pids)


@pytest.mark.parametrize(("whom", "number"), [
    ("guard", signal.SIGINT), ("guard", signal.SIGTERM), ("guard", signal.SIGHUP), ("worker", signal.SIGTERM),
    ("worker", signal.SIGKILL)])
def test_no_descendant_is_left(tmp_path: Path, whom: str, number: signal.Signals) -> None:
    guard, worker, descendants = _family(tmp_path)
    assert len(descendants) == 3
    os.kill(guard.pid if whom == "guard" else worker, number)
    guard.wait(60)
    assert guard.returncode != 0
    assert _gone([worker, *descendants])


def test_a_killed_guard_takes_the_worker_with_it(tmp_path: Path) -> None:
    guard, worker, descendants = _family(tmp_path)
    children = [pid for pid in descendants if os.getpgid(pid) == pid]
    guard.kill()
    guard.wait(10)
    assert _gone([worker])
    for pid in processes.alive(children):  # the deaf one is told by the kernel and does not listen
        os.kill(pid, signal.SIGKILL)
    for pid in processes.alive(descendants):
        os.kill(pid, signal.SIGKILL)


def test_the_exit_code_of_the_work_comes_through() -> None:
    code = "import sys; from local_stack import processes; sys.exit(processes.guarded(lambda: 7))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 7


def test_a_large_log_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_LARGE_LOG", 3)
    log = tmp_path / "a.log"
    for text in ("first", "second"):
        processes.start([sys.executable, "-c", f"print('{text}')"], log=log).wait()
    assert log.read_text() == "second\n" and (tmp_path / "a.log.1").read_text() == "first\n"


@pytest.mark.parametrize("way", unprivileged.WAYS)
def test_postgres_runs_each_way(tmp_path: Path, way: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("仅 root 需要降权运行")
    data = tmp_path / "postgres"
    try:
        unprivileged.choose(binaries(), data, way)
    except RuntimeError:
        pytest.skip(f"本机不支持 {way}，或该账户到不了数据目录")
    server = Server(data, way=way).start()
    try:
        pids = [int((data / "postmaster.pid").read_text().split()[0])]
        assert server.running
    finally:
        server.stop()
    assert _gone(pids)


def test_postgres_recovers_after_a_kill(tmp_path: Path) -> None:
    import psycopg

    server = Server(tmp_path / "postgres").start()
    try:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("create table kept as select 7 as n")
        postmaster = int((tmp_path / "postgres" / "postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGKILL)
        server.stop()
        server = Server(tmp_path / "postgres").start()
        with psycopg.connect(server.url()) as connection:
            assert connection.execute("select n from kept").fetchone() == (7,)
    finally:
        server.stop()


def test_one_stack_per_state_folder_and_reset_waits_for_it(tmp_path: Path) -> None:
    home = tmp_path / "state"
    with only_stack(home):
        (home / "kept").write_text("x")
        with pytest.raises(StackError, match="已有服务在运行"), only_stack(home):
            pass
        with pytest.raises(StackError):
            reset(home)
        assert (home / "kept").exists()
    reset(home)
    assert not home.exists()
