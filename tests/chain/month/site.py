"""One warehouse with everything around it: a database server, departments, a city, and a copy of the checkout to be edited."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import yaml
from local_stack.bootstrap import bootstrap
from local_stack.postgres import Server

from tests.conftest import CHECKOUT
from tests.helpers.month import FIRMS
from tests.helpers.world import CityProcess

from .departments import Departments

SHOWN = 1500  # characters of what a process said


class Failed(Exception):
    """A process of the product ended in a way nobody planned."""


class Site:
    """The places and processes of one run of a month; ``stop`` ends all of them."""

    def __init__(self, home: Path):
        self.home, self.root, self.simulated = home, home / "checkout", home / "simulator"
        self.simulated.mkdir(parents=True)
        for name in ("dbt_project", "expectations", "include", "dags"):
            shutil.copytree(CHECKOUT / name, self.root / name, ignore=shutil.ignore_patterns("target", "logs"))
        os.environ |= {
            "PCW_HOME": str(home),
            "PCW_ROOT": str(self.root),
            "PCW_DISTRICT": "demo",
            "PCW_CLOCK": "logical",
        }
        self.server = Server(home / "postgres", fsync="off", full_page_writes="off").start()
        self.known = bootstrap(self.server.url(), self.server.url, home, ("airflow", "exchange"))
        self.departments = Departments(self.simulated, self.known["exchange_db"])
        with (self.simulated / "city_registry.csv").open("w", encoding="utf-8", newline="") as register:
            csv.writer(register).writerows([["uscc", "name"], *FIRMS.items()])
        self.city = CityProcess(self.simulated)
        path = home / "secrets" / "connections.yaml"
        path.write_text(
            yaml.safe_dump(self.known | self.departments.connections | {"city_platform": self.city.uri}),
            encoding="utf-8",
        )
        self.command("migrate")

    def stop(self) -> None:
        self.city.stop()
        self.departments.stop()
        self.server.stop()

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
    def start(self, module: str, *words: object) -> subprocess.Popen[str]:
        paths = os.pathsep.join([str(self.root / "include"), str(CHECKOUT)])
        return subprocess.Popen(
            [sys.executable, "-m", module, *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=CHECKOUT,
            env=os.environ | {"PYTHONPATH": paths, "PCW_CITY_TIMEOUT": "10"},
        )

    def steps(self, on: date, *words: str) -> subprocess.Popen[str]:
        return self.start("tests.chain.month.steps", on, *words)

    def finish(self, process: subprocess.Popen[str], *codes: int) -> str:
        """Wait for a process; what it said. Raises Failed unless it ended with one of the codes (0)."""
        said, _ = process.communicate(timeout=1200)
        if process.returncode not in (codes or (0,)):
            raise Failed(f"{process.args!r} ended with {process.returncode}: {said[-SHOWN:]}")
        return said

    def command(self, *words: object) -> str:
        """``public-credit <words>``, as an engineer types it."""
        return self.finish(self.start("public_credit.cli", *words))


@contextmanager
def site(home: Path) -> Iterator[Site]:
    """A running site; its processes stop at the end."""
    made = Site(home)
    try:
        yield made
    finally:
        made.stop()
