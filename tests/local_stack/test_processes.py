"""Nothing outlives us: real processes, real signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from local_stack import processes, unprivileged
from local_stack.postgres import Server, binaries
from local_stack.stack import StackError, only_stack, reset

from tests.conftest import CHECKOUT

# A worker with four descendants: a child with a grandchild in a session of its own, a child that ignores
# SIGTERM, and an orphan (its parent has ended) in a session of its own.
_FAMILY = """
import subprocess, sys, time
from pathlib import Path
from local_stack import processes
folder, ending = Path(sys.argv[1]), sys.argv[2]
sleeper = "import subprocess; subprocess.Popen(['sleep', '600'], start_new_session=True)"
codes = {
    "parent": sleeper + "; import time; time.sleep(600)",
    "deaf": "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)",
    "passing": sleeper,
}
def work():
    for name, code in codes.items():
        child = processes.start([sys.executable, "-c", code], log=folder / f"{name}.log")
    child.wait()
    time.sleep(0.5)
    (folder / "ready").touch()
    if ending == "forget":
        return 7
    while True:
        time.sleep(1)
sys.exit(processes.guarded(work))
"""


Family = Callable[..., tuple[subprocess.Popen[bytes], psutil.Process, list[psutil.Process]]]


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Family]:
    """Starts a guard; gives it, its worker and what that has started. A failed test leaves none either."""
    started: list[psutil.Process] = []

    def start(ending: str = "stay", hangup: signal.Handlers = signal.SIG_DFL) -> Any:
        guard = subprocess.Popen(
            [sys.executable, "-c", _FAMILY, str(tmp_path), ending],
            start_new_session=True,
            stderr=subprocess.DEVNULL,
            preexec_fn=lambda: signal.signal(signal.SIGHUP, hangup),
        )
        deadline = time.monotonic() + 30
        while not (tmp_path / "ready").exists():
            assert guard.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        started.extend(psutil.Process(guard.pid).children(recursive=True))
        worker, *below = started
        return guard, worker, below

    yield start
    for process in started:
        with suppress(psutil.NoSuchProcess):
            process.kill()


@pytest.mark.parametrize(
    ("whom", "number", "code"),
    [
        ("guard", signal.SIGINT, 130),
        ("guard", signal.SIGTERM, 130),
        ("guard", signal.SIGHUP, 130),
        ("worker", signal.SIGTERM, 130),
        ("worker", signal.SIGKILL, 137),
        ("guard", signal.SIGKILL, -9),
        ("group", signal.SIGKILL, -9),
        ("group", signal.SIGINT, 130),
    ],
)
def test_no_descendant_is_left(family: Family, whom: str, number: signal.Signals, code: int) -> None:
    guard, worker, below = family()
    assert len(below) == 4
    assert "sleep" in [child.name() for child in worker.children()], "the orphan was adopted"
    if whom == "group":
        os.killpg(guard.pid, number)
    else:
        os.kill(guard.pid if whom == "guard" else worker.pid, number)
    assert guard.wait(60) == code
    if code < 0:  # no guard is left to wait for
        psutil.wait_procs([worker, *below], timeout=30)
    assert processes.alive([worker.pid, *(child.pid for child in below)]) == []


def test_work_that_forgets_its_children_leaves_none_and_keeps_its_exit_code(family: Family) -> None:
    guard, _, below = family("forget")
    assert guard.wait(30) == 7
    assert len(below) == 4 and processes.alive(child.pid for child in below) == []


def test_nohup_is_respected(family: Family) -> None:
    guard, worker, below = family(hangup=signal.SIG_IGN)
    for process in (guard, worker):
        os.kill(process.pid, signal.SIGHUP)
    time.sleep(1)
    assert len(processes.alive([guard.pid, worker.pid, *(child.pid for child in below)])) == 6
    guard.terminate()
    assert guard.wait(60) == 130


def test_stop_ends_whole_groups(tmp_path: Path) -> None:
    code = "import subprocess; subprocess.Popen(['sleep', '600']); import time; time.sleep(600)"
    child = processes.start([sys.executable, "-c", code], log=tmp_path / "log")
    deadline = time.monotonic() + 60
    while not (below := psutil.Process(child.pid).children()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    processes.stop(child, patience=60.0)
    assert processes.alive([child.pid, below[0].pid]) == [] and child.returncode == -signal.SIGTERM


def test_stop_kills_the_deaf(tmp_path: Path) -> None:
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    )
    child = processes.start([sys.executable, "-c", code], log=tmp_path / "log")
    deadline = time.monotonic() + 60
    while not (tmp_path / "log").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    processes.stop(child, patience=0.5)
    assert processes.alive([child.pid]) == [] and child.returncode == -signal.SIGKILL


@pytest.mark.parametrize("deafen", ["blocks", "ignores"])
def test_a_child_hears_the_signal_its_parent_does_not(deafen: str, tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    if deafen == "blocks":
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    else:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        child = processes.start(["sleep", "600"], log=tmp_path / "log")
    finally:
        signal.signal(signal.SIGTERM, before)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
    processes.stop(child, patience=60.0)
    assert child.returncode == -signal.SIGTERM


def test_adopted_orphans_are_collected_and_our_children_keep_their_exit_code(tmp_path: Path) -> None:
    code = """
import sys, time
from pathlib import Path
from local_stack import processes
def work():
    leaving = "import subprocess, sys; subprocess.Popen(['sleep', '0.5']); sys.exit(5)"
    processes.start([sys.executable, "-c", leaving], log=Path(sys.argv[1])).wait()
    time.sleep(1.5)
    child = processes.start(["sleep", "0"], log=Path(sys.argv[1]))
    processes.collect_orphans()
    left = [child.pid for child in processes.psutil.Process().children()]
    time.sleep(0.5)
    processes.collect_orphans()
    return 0 if left == [child.pid] and child.wait() == 0 else 1
sys.exit(processes.guarded(work))
"""
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path / "log")], check=False).returncode == 0


def test_a_large_log_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_LARGE_LOG", 3)
    log = tmp_path / "a.log"
    for text in ("first", "second"):
        processes.start([sys.executable, "-c", f"print('{text}')"], log=log).wait()
    assert log.read_text() == "second\n" and (tmp_path / "a.log.1").read_text() == "first\n"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder every account can reach, unlike pytest's."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)


def _ways(data: Path) -> list[str]:
    """The ways that exist here."""
    found = []
    for way in unprivileged.WAYS if os.geteuid() == 0 else ():
        try:
            found.append(unprivileged.choose(binaries(), data, way).way)
        except RuntimeError:
            continue
    return found


@pytest.mark.skipif(os.geteuid() != 0, reason="仅 root 需要降权运行")
def test_an_account_that_cannot_reach_the_data_is_not_chosen(open_folder: Path) -> None:
    open_folder.chmod(0o700)
    assert "setpriv" not in _ways(open_folder / "postgres")


@pytest.mark.parametrize(
    ("way", "mode"),
    [("setpriv", 0o755), ("namespace", 0o755), ("namespace", 0o700), ("capability", 0o755), ("capability", 0o700)],
)
def test_postgres_runs_each_way_and_dies_with_its_parent(open_folder: Path, way: str, mode: int) -> None:
    data = open_folder / "postgres"
    open_folder.chmod(mode)
    if way not in _ways(data):
        pytest.skip(f"本机没有 {way} 这种方式（或我们不是 root，或该账户到不了程序）")
    code = (
        "import sys, time; from local_stack.postgres import Server\n"
        f"Server(sys.argv[1], way='{way}').start(); print('up', flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(data)], stdout=subprocess.PIPE)
    assert parent.stdout is not None and parent.stdout.readline() == b"up\n"
    below = psutil.Process(parent.pid).children(recursive=True)
    assert len(below) > 3
    parent.kill()
    parent.communicate(timeout=10)
    psutil.wait_procs(below, timeout=20)
    assert processes.alive(child.pid for child in below) == []
    assert "database system is shut down" in (open_folder / "postgres.log").read_text()


@pytest.mark.parametrize("arguments", [("backup", "../backups"), ("serve",), ("reset",)], ids=lambda words: words[0])
def test_no_command_closes_the_folder_below_a_running_database(open_folder: Path, arguments: tuple[str, ...]) -> None:
    """A state folder of an earlier version is open to others, and its database may run as one of them."""
    home = open_folder / "state"
    home.mkdir(mode=0o755)
    if (way := "setpriv") not in _ways(home / "postgres"):
        pytest.skip(f"本机没有 {way} 这种方式（或我们不是 root，或该账户到不了程序）")
    server = Server(home / "postgres", way=way)
    with only_stack(home):
        server.start()
        try:
            environment = os.environ | {"PCW_HOME": str(home), "PYTHONPATH": str(CHECKOUT / "include")}
            words = [sys.executable, "-m", "local_stack", arguments[0], *(str(home / path) for path in arguments[1:])]
            subprocess.run(words, env=environment, capture_output=True, timeout=60, check=False)
            with psycopg.connect(server.url(), autocommit=True) as connection:
                connection.execute("create table there (n int)")
                connection.execute("checkpoint")
        finally:
            server.stop()


def test_postgres_keeps_its_data_when_the_way_changes(open_folder: Path) -> None:
    data = open_folder / "postgres"
    ways = _ways(data)
    if len(ways) < 2:
        pytest.skip("本机只有一种方式")
    for number, way in enumerate([*ways, ways[0]]):
        server = Server(data, way=way).start()
        try:
            with psycopg.connect(server.url(), autocommit=True) as connection:
                connection.execute("create table if not exists kept (way text)")
                assert connection.execute("select count(*) from kept").fetchone() == (number,)
                connection.execute("insert into kept values (%s)", [way])
        finally:
            server.stop()


def _never_ending(url: str) -> None:
    """A query that computes and never waits."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "select count(*) from generate_series(1, 50000) one, generate_series(1, 50000) two where one + two < 0"
        )


def test_a_server_that_could_not_start_leaves_the_one_that_runs_there_alone(tmp_path: Path) -> None:
    server, second = Server(tmp_path / "postgres").start(), Server(tmp_path / "postgres")
    try:
        with psycopg.connect(server.url()) as connection:
            with pytest.raises(RuntimeError, match="PostgreSQL 启动失败"):
                second.start()
            second.stop()
            assert connection.execute("select 1").fetchone() == (1,)
    finally:
        server.stop()


def _title(process: psutil.Process) -> str:
    """The command line of a process, nothing of one that has ended since it was listed."""
    with suppress(psutil.NoSuchProcess):
        return " ".join(process.cmdline())
    return ""


def test_postgres_recovers_after_a_kill(tmp_path: Path) -> None:
    server = Server(tmp_path / "postgres").start()
    try:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("create table kept as select 7 as n")
        postmaster = psutil.Process(int((tmp_path / "postgres" / "postmaster.pid").read_text().split()[0]))
        busy = ThreadPoolExecutor(1).submit(_never_ending, server.url())
        while not any("SELECT" in _title(process) for process in postmaster.children()):
            time.sleep(0.05)
        backends = postmaster.children(recursive=True)
        postmaster.kill()
        deadline = time.monotonic() + 10
        while server.running:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert len(processes.alive(child.pid for child in backends)) > 0, "a busy backend does not notice"
        server.stop()
        assert processes.alive(child.pid for child in backends) == []
        assert isinstance(busy.exception(timeout=10), psycopg.OperationalError)
        server = Server(tmp_path / "postgres").start()
        with psycopg.connect(server.url()) as connection:
            assert connection.execute("select n from kept").fetchone() == (7,)
        assert "was not properly shut down" in (tmp_path / "postgres.log").read_text()
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
