"""The stack under one supervisor: PostgreSQL, migrations, Airflow, and for the demo departments and city."""

from __future__ import annotations

import fcntl
import os
import secrets
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import psycopg
from public_credit.base import connections, files
from public_credit.base.messages import UserError

from . import processes
from .airflow import SIMULATED_WORLD, Airflow
from .bootstrap import bootstrap
from .desk import Desk
from .files import connection, secret_file, set_connections
from .postgres import Server, free_port

EXCHANGE = (
    "build_warehouse",
    "deliver_to_city",
    "receive_from_city",
)  # DAGs after the collectors, up to the city's answer
FOLLOWING = (*EXCHANGE, "publish_reports")


class StackError(Exception):
    """Something of the stack cannot run; the text says what and where to look."""


class Progress:
    """One dated line per step when the output is no terminal, a running line when it is."""

    def __init__(self, out: IO[str] = sys.stdout):
        self._out, self._live = out, out.isatty()
        self._shown = ""

    def say(self, text: str) -> None:
        """A step that is done or begins."""
        if self._live and self._shown:
            self._out.write("\r\x1b[K")
            self._shown = ""
        self._out.write(f"{time.strftime('%H:%M:%S')}  {text}\n")
        self._out.flush()

    def live(self, text: str) -> None:
        """A line that is overwritten; nothing where the output is kept."""
        if self._live:
            self._out.write(f"\r\x1b[K{time.strftime('%H:%M:%S')}  {text}")
            self._out.flush()
            self._shown = text


@contextmanager
def only_stack(home: Path) -> Iterator[None]:
    """Hold the state folder's lock; raises StackError while another stack runs on it."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "stack.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError("本状态目录上已有服务在运行；请先停止它，或用 PCW_HOME 指定另一个目录。") from None
        yield


def chosen(district: Path, home: Path) -> None:
    """Serve this district, now and until another is chosen: shells read the file before a command. Raises StackError."""
    if not (district / "district.yml").is_file():
        raise StackError(f"{district} 不是辖区文件夹：其中没有 district.yml。新建一个：./run init {district}")
    home.mkdir(parents=True, exist_ok=True)
    files.write(home / "district.env", f"PCW_DISTRICT=${{PCW_DISTRICT:-{shlex.quote(str(district))}}}\n")
    os.environ["PCW_DISTRICT"] = str(district)


class Stack:
    """Everything that runs on one machine; ``stop`` ends all of it."""

    def __init__(
        self, checkout: Path, home: Path, *, simulated: bool, progress: Progress, port: int = 0, database_port: int = 0
    ):
        self.checkout, self.home, self.simulated, self.progress = checkout, home, simulated, progress
        self.server = Server(home / "postgres", port=database_port)
        self.desk = Desk(home, simulated)
        self.airflow = Airflow(
            checkout, home, port=port, simulated=simulated, lost=self.look_after, desk_port=self.desk.port
        )
        self.restarts: list[str] = []
        self._children: list[subprocess.Popen[bytes]] = []
        self._preparing: Future[None] | None = None
        self._known: dict[str, str] = {}

    @property
    def simulator_home(self) -> Path:
        return self.home / "simulator"

    def environment(self) -> dict[str, str]:
        return self.airflow.environment()

    def start_database(self) -> None:
        self.server.start()
        bootstrap(
            self.server.url(), self.server.url, self.home, ("airflow", "exchange") if self.simulated else ("airflow",)
        )
        self.progress.say(f"PostgreSQL 已启动  127.0.0.1:{self.server.port}")

    def migrate(self) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "public_credit.cli", "migrate"],
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise StackError(f"数据库升级失败：{done.stderr.strip()[-400:]}")

    def _child(self, name: str, command: list[str], ready: Path, timeout: float = 60) -> None:
        """Start a simulated service and wait until it has written what it offers."""
        ready.unlink(missing_ok=True)
        log = self.home / "logs" / f"{name}.log"
        child = processes.start([sys.executable, "-m", *command], log=log, env=self.environment())
        self._children.append(child)
        deadline = time.monotonic() + timeout
        while not ready.exists():
            if child.poll() is not None or time.monotonic() > deadline:
                raise StackError(f"{name} 没有启动，见 {log}。")
            time.sleep(0.1)

    def start_simulation(self, scale: float) -> None:
        """Simulated departments and city; what they offer is added to the connections."""
        home = self.simulator_home
        offered, city = home / "offered.yaml", home / "city.yaml"
        home.mkdir(parents=True, exist_ok=True)
        files.write(
            home / "environment",
            "".join(  # read by the shell scripts that start commands beside the demo
                f"{name}=${{{name}:-{shlex.quote(value)}}}\n" for name, value in SIMULATED_WORLD.items()
            ),
        )
        exchange = self.connection("exchange_db").replace("postgresql://", "postgresql+psycopg://", 1)
        self._child(
            "simulated-district",
            [
                "district_simulator",
                "serve",
                "--home",
                str(home),
                "--scale",
                str(scale),
                "--exchange-url",
                exchange,
                "--slips",
                str(self.home / "slips"),
                "--ports-file",
                str(offered),
            ],
            offered,
        )
        token = secret_file(self.home, "city_token", secrets.token_hex)
        self._child(
            "simulated-city",
            [
                "district_simulator.city",
                "--home",
                str(home),
                "--port",
                str(free_port()),
                "--token-file",
                str(token),
                "--ports-file",
                str(city),
            ],
            city,
        )
        set_connections(self.home, connections.read(offered).known)
        set_connections(self.home, connections.read(city).known, receiver=True)
        self.progress.say("模拟部门与模拟市平台已启动（各自的真实协议，均只监听本机）")

    def connection(self, conn_id: str, receiver: bool = False) -> str:
        """URI of a connection, the last one that could be read. Raises UserError when there never was one."""
        try:
            self._known[conn_id] = connection(self.home, conn_id, receiver)
        except UserError:
            if conn_id not in self._known:
                raise
        return self._known[conn_id]

    def prepare_airflow(self) -> None:
        """Begin what Airflow needs before it starts, while other parts start."""
        self.airflow.environment()  # makes the secrets, which both sides read
        executor = ThreadPoolExecutor(1)
        self._preparing = executor.submit(self.airflow.prepare)
        executor.shutdown(wait=False)

    def begin_airflow(self) -> None:
        """Start what of Airflow runs no task, while what tasks need is still starting."""
        if self._preparing is None:
            self.prepare_airflow()
        assert self._preparing is not None
        self._preparing.result()
        self.airflow.start("api-server", "dag-processor")

    def start_airflow(self) -> None:
        """Start the rest and wait until everything is ready."""
        self.begin_airflow()
        self.airflow.start()
        self.progress.live("Airflow 启动中…")
        self.airflow.wait_ready(expected_dags())
        self.progress.say(f"Airflow 已就绪  {self.airflow.url}")

    def start_desk(self) -> None:
        """Start the desk; the database is migrated."""
        self.desk.invent_passwords()
        self.desk.start(self.environment())

    def look_after(self) -> None:
        """Start again what of Airflow and the desk has ended by itself; raises StackError for any other part, and for one that ends too often."""
        gone = [] if self.server.running else ["PostgreSQL"]
        gone += ["模拟服务" for child in self._children if child.poll() is not None]
        if gone:
            raise StackError(f"{'、'.join(gone)} 已退出，见状态目录下的日志。")
        try:
            restarted = self.airflow.look_after() + self.desk.look_after()
        except RuntimeError as error:
            raise StackError(str(error)) from None
        for line in restarted:
            self.progress.say(line)
        self.restarts += restarted

    def stay_up(self) -> None:
        """Run until interrupted; raises StackError when a part is given up."""
        while True:
            processes.collect_orphans()
            self.look_after()
            time.sleep(1)

    def query(self, sql: str, parameters: Any = None, *, role: str = "reader") -> list[tuple[Any, ...]]:
        """Rows of the warehouse, as one of its roles."""
        with psycopg.connect(self.connection(f"pcw_db_{role}")) as connection:
            return connection.execute(sql, parameters).fetchall()

    def stop(self) -> None:
        """Stop everything in the right order; never raises for one part because of another."""
        if self._preparing is not None:
            wait([self._preparing])  # its processes end by themselves within seconds
        for part in (self.desk.stop, self.airflow.stop, lambda: processes.stop(*self._children), self.server.stop):
            try:
                part()
            except Exception as error:
                print(f"停止服务时出错：{type(error).__name__}", file=sys.stderr)
        self._children.clear()


def expected_dags() -> set[str]:
    """DAGs that must have been parsed before anything is triggered."""
    from public_credit.catalogue import load_catalogue

    return {*FOLLOWING, "year_end_edition", *(f"collect_{unit.id}" for unit in load_catalogue().collected)}


_OURS = ("stack.lock", "postgres", "simulator")  # any of them tells a state folder


def reset(home: Path) -> None:
    """Remove all state; refuses while a stack runs on it."""
    if not home.exists():
        print("没有状态需要清除。")
        return
    if not any((home / name).exists() for name in _OURS):
        raise StackError(f"{home} 不是本系统的状态文件夹，未清除任何内容。")
    with only_stack(home):
        for path in home.iterdir():
            if path.name != "stack.lock":
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    (home / "stack.lock").unlink(missing_ok=True)
    os.rmdir(home)
    print("状态已清除。")
