"""One warehouse with everything around it: a database server, departments, a city, and a copy of the checkout to be edited."""

from __future__ import annotations

import csv
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import yaml
from local_stack.bootstrap import KEYS, bootstrap
from local_stack.files import set_connections
from local_stack.postgres import Server
from local_stack.stack import only_stack
from public_credit.base import settings

from tests.conftest import CHECKOUT
from tests.helpers.month import FIRMS
from tests.helpers.world import CityProcess

from .departments import Departments
from .worker import Call, Worker

SHOWN = 1500  # characters of what a process said


class Failed(Exception):
    """A process of the product ended in a way nobody planned."""


class Site:
    """The places and processes of one run of a month; ``stop`` ends all of them.

    ``home`` is the state folder, which ``restore`` replaces; the checkout, the departments and the backups lie beside it. Keys are the
    same in every run: what is made of them is the same as well.
    """

    def __init__(self, place: Path):
        self.place, self.home = place, place / "state"
        self.root, self.simulated, self.backups = place / "checkout", place / "simulator", place / "backups"
        self.simulated.mkdir(parents=True)
        for name in ("dbt_project", "expectations", "include", "dags", "plugins"):
            shutil.copytree(CHECKOUT / name, self.root / name, ignore=shutil.ignore_patterns("target", "logs"))
        self._name_who_types()
        os.environ |= {"PCW_ROOT": str(self.root), "PCW_DISTRICT": "demo", "PCW_CLOCK": "logical"}
        os.environ |= {"AIRFLOW_HOME": str(place / "airflow"), "NUMBA_CACHE_DIR": str(place / "kernels")}
        (self.home / "secrets").mkdir(parents=True, mode=0o700)
        for name in KEYS:
            (self.home / "secrets" / f"{name}.key").write_text(hashlib.sha256(name.encode()).hexdigest() + "\n")
        self._running, self.departments = ExitStack(), None
        self._open()
        self.departments = Departments(self.simulated, self.known["exchange_db"])
        with (self.simulated / "city_registry.csv").open("w", encoding="utf-8", newline="") as register:
            csv.writer(register).writerows([["uscc", "name"], *FIRMS.items()])
        self.city = CityProcess(self.simulated)
        self._connect(self.departments.connections | {"city_platform": self.city.uri})
        self.command("migrate")

    departments: Any

    def _name_who_types(self) -> None:
        """Whoever runs the month is the district's engineer at the command line, by the map of the machine's users."""
        path = self.root / "include" / "districts" / "demo" / "users.yml"
        accounts = yaml.safe_load(path.read_text(encoding="utf-8"))
        accounts[0] |= {"unix": settings.os_user()}
        path.write_text(yaml.safe_dump(accounts, allow_unicode=True), encoding="utf-8")

    def _open(self) -> None:
        """Start the server and the worker on the state folder, as a stack does on every start."""
        os.environ["PCW_HOME"] = str(self.home)
        self._running.enter_context(only_stack(self.home))
        self.server = Server(self.home / "postgres", fsync="off", full_page_writes="off")
        self._running.callback(self.server.stop)
        self.server.start()
        self.known = bootstrap(self.server.url(), self.server.url, self.home, ("airflow", "exchange"))
        self.worker = Worker(CHECKOUT, self._environment(), self.place / "worker.log")
        self._running.callback(self.worker.stop)

    def _environment(self) -> dict[str, str]:
        paths = os.pathsep.join([str(self.root / "include"), str(CHECKOUT)])
        return os.environ | {"PYTHONPATH": paths, "PCW_CITY_TIMEOUT": "10"}

    def _connect(self, uris: dict[str, str]) -> None:
        set_connections(self.home, uris)

    def stop(self) -> None:
        self.city.stop()
        self.departments.stop()
        self._running.close()

    # --- a backup, and the way back to it -----------------------------------------------------------------------------
    def back_up(self) -> None:
        self.finish(self.start("local_stack", "backup", self.backups, "--keys", self.place / "keys"))

    def restore(self) -> None:
        """The machine is gone with all that came since the newest backup; another one is made of it."""
        self._running.close()
        shutil.rmtree(self.home)
        backup = max(self.backups.glob("2*"))
        self.home = self.place / f"state-{backup.name}"
        words = ["local_stack", "restore", str(backup), "--keys", str(self.place / "keys" / backup.name)]
        environment = self._environment() | {"PCW_HOME": str(self.home)}
        done = subprocess.run(
            [sys.executable, "-m", *words], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Failed(f"restore ended with {done.returncode}: {done.stderr[-SHOWN:]}")
        self._open()
        self.departments.exchange = self.known["exchange_db"]  # on the same server
        units = [name for name in self.known if name.startswith("exchange_") and name != "exchange_db"]
        self._connect(dict.fromkeys(units, self.known["exchange_db"]))
        self.command("migrate")

    # --- the database, as tests.helpers.relations asks for it --------------------------------------------------------
    def connect(self, role: str = "owner") -> psycopg.Connection[Any]:
        if role == "admin":
            return psycopg.connect(self.server.url("public_credit"))
        return psycopg.connect(self.known[f"pcw_db_{role}"])

    def query(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with self.connect() as owner:
            return owner.execute(statement, parameters).fetchall()

    def one(self, statement: str, *parameters: Any) -> Any:
        return self.query(statement, *parameters)[0][0]

    # --- processes of the product ----------------------------------------------------------------------------------------
    def start(self, module: str, *words: object) -> Call:
        return self.worker.call(module, list(map(str, words)))

    def steps(self, on: date, *words: str) -> Call:
        return self.start("tests.chain.month.steps", on, *words)

    def finish(self, process: Call, *codes: int) -> str:
        """Wait for a process; what it said. Raises Failed unless it ended with one of the codes (0)."""
        said = process.communicate()
        if process.returncode not in (codes or (0,)):
            raise Failed(f"{process.args!r} ended with {process.returncode}: {said[-SHOWN:]}")
        with (self.place / "said.log").open("a", encoding="utf-8") as log:
            log.write(f"{time.strftime('%H:%M:%S')} {' '.join(process.args)}\n{said}\n")
        return said

    def command(self, *words: object) -> str:
        """``public-credit <words>``, as an engineer types it."""
        return self.finish(self.start("public_credit.cli", *words))


@contextmanager
def site(place: Path) -> Iterator[Site]:
    """A running site; its processes stop at the end."""
    made = Site(place)
    try:
        yield made
    finally:
        made.stop()
