"""Airflow on one machine: configuration by environment, and its processes."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import httpx
from public_credit.base import files

from . import ports, processes
from .airflow_api import AirflowApi
from .files import connection, secret_file
from .kept import Kept
from .postgres import kept_port

USER = "admin"
LEADER = "分管区领导"  # of the simulated district: answers what runs ask
COMPONENTS = ("api-server", "scheduler", "dag-processor")


def _secret(home: Path, name: str) -> str:
    return secret_file(home, f"airflow_{name}", _SECRETS[name]).read_text(encoding="ascii")


SIMULATED_WORLD = {"PCW_CLOCK": "logical", "PCW_DISTRICT": "demo"}  # the demo's calendar and its invented district


def _fernet_key() -> str:
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode()


_SECRETS: dict[str, Callable[[], str]] = {
    "fernet_key": _fernet_key,
    "api_secret": secrets.token_hex,
    "jwt_secret": secrets.token_hex,
    "admin_password": lambda: secrets.token_urlsafe(12),
    "leader_password": lambda: secrets.token_urlsafe(12),
}


def make_secrets(home: Path) -> None:
    """Make what is missing of the secrets a district needs: all but the password of the simulated leader."""
    for name in _SECRETS.keys() - {"leader_password"}:
        _secret(home, name)


class Airflow:
    """Api-server, scheduler and dag-processor with the LocalExecutor; metadata in our PostgreSQL."""

    def __init__(
        self,
        checkout: Path,
        home: Path,
        port: int = 0,
        simulated: bool = False,
        lost: Callable[[], None] = lambda: None,
        desk_port: int = 0,
    ):
        """``lost`` is called while the API does not answer. ``desk_port``: where the link in the navigation leads."""
        self.checkout, self.home = checkout, home
        self.folder = home / "airflow"
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.port = port or kept_port(self.folder / "port")
        self.simulated, self.desk_port = simulated, desk_port
        self._kept: dict[str, Kept] = {}
        self.api = AirflowApi(self.url, self.password, USER, lost, self._serves)

    def _serves(self) -> bool | None:
        """Whether our api-server is who listens on our port; None while nobody does."""
        kept = self._kept.get("api-server")
        return ports.served_by(self.port, kept.child.pid if kept else None)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def sign_in(self) -> str:
        """Where a person signs in, and as whom."""
        return f"{self.url}  用户 {USER}  口令见 {self.home / 'secrets' / 'airflow_admin_password'}"

    @property
    def users(self) -> dict[str, str]:
        """Who may sign in → role; the simulated ones in the demo only."""
        return {USER: "admin"} | ({LEADER: "user"} if self.simulated else {})

    def password(self, user: str = USER) -> str:
        name = "admin_password" if user == USER else "leader_password"
        return _secret(self.home, name)

    def environment(self) -> dict[str, str]:
        """Everything the processes need; nothing is read from a configuration file."""
        passwords = self.folder / "passwords.json"
        files.write(passwords, json.dumps({user: self.password(user) for user in self.users}))
        metadata = connection(self.home, "airflow_db").replace("postgresql://", "postgresql+psycopg2://", 1)
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment |= {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', '')}",
            "PYTHONPATH": str(self.checkout / "include"),
            "PCW_ROOT": str(self.checkout),
            "PCW_HOME": str(self.home),
            "PYTHONFAULTHANDLER": "1",  # a crash in compiled code names its place in the log
            "OPENBLAS_NUM_THREADS": "1",
            "JE_ARROW_MALLOC_CONF": "background_thread:false",  # one thread when the scheduler forks
            "POLARS_MAX_THREADS": "1",
            "GX_ANALYTICS_ENABLED": "false",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "AIRFLOW_HOME": str(self.folder),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.checkout / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(self.checkout / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__EXECUTOR": "public_credit.steps.executor.PreparedExecutor",
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": "4",
            "AIRFLOW__CORE__FERNET_KEY": _secret(self.home, "fernet_key"),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__CORE__DEFAULT_TIMEZONE": "Asia/Shanghai",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(":".join(item) for item in self.users.items()),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": metadata,
            "AIRFLOW__DATABASE__SQL_ALCHEMY_POOL_SIZE": "3",
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API__SECRET_KEY": _secret(self.home, "api_secret"),
            "AIRFLOW__API_AUTH__JWT_SECRET": _secret(self.home, "jwt_secret"),
            "AIRFLOW__LOGGING__NAMESPACE_LEVELS": "great_expectations=WARNING",
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(self.folder / "logs"),
            "AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FOLDER_PERMISSIONS": "0o700",
            "AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FILE_PERMISSIONS": "0o600",
            "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "300",
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "45",  # how soon a department of the catalogue gets its DAG
            "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
            "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "False",
            # A supervisor that misses the end of its task notices at the next heartbeat; until then its slot is taken.
            "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        }
        if self.desk_port:
            environment["PCW_DESK_PORT"] = str(self.desk_port)
        if self.simulated:
            environment |= SIMULATED_WORLD | {"PCW_SCHEDULE": "manual"}
        return environment

    def _run(self, *arguments: str) -> None:
        log = self.folder / "setup.log"
        with log.open("ab") as output:
            done = subprocess.run(
                [sys.executable, "-m", "airflow", *arguments],
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode:
            raise RuntimeError(f"airflow {arguments[0]} 失败，见 {log}。")

    def prepare(self) -> None:
        """Migrate the metadata database; nothing when this version of Airflow has done so."""
        wanted = version("apache-airflow-core")
        done = self.folder / "prepared"
        if done.exists() and done.read_text(encoding="utf-8") == wanted:
            return
        self._run("db", "migrate")
        files.write(done, wanted)

    def start(self, *names: str) -> None:
        """Start components that do not run yet, by default all; their logs lie in the state folder."""
        environment = self.environment()
        for name in [name for name in names or COMPONENTS if name not in self._kept]:
            self._kept[name] = Kept(
                name,
                [sys.executable, "-m", "airflow", name],
                env=environment,
                cwd=self.folder,
                log=self.folder / "logs" / f"{name}.log",
            )

    def look_after(self) -> list[str]:
        """Start again what has ended by itself, a line for each; raises RuntimeError for what ends too often."""
        return [line for kept in self._kept.values() if (line := kept.look_after())]

    def stop(self) -> None:
        """Stop all components, the scheduler's task processes included."""
        self.api.close()
        for names in (("scheduler", "dag-processor"), ("api-server",)):  # running tasks still talk to the api-server
            processes.stop(*(self._kept.pop(name).child for name in names if name in self._kept))

    def wait_ready(self, dags: set[str], timeout: float = 180.0) -> None:
        """Wait until the API answers and all named DAGs were parsed; raises RuntimeError when they are not in time."""
        deadline = time.monotonic() + timeout
        while True:
            with suppress(httpx.HTTPStatusError):
                if dags <= {item["dag_id"] for item in self.api.get("dags", limit=500)["dags"]}:
                    break
            if time.monotonic() > deadline:
                raise RuntimeError("Airflow 在限定时间内没有就绪，见状态目录 airflow/logs。")
            time.sleep(0.3)
