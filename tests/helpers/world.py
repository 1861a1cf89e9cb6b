"""The whole chain in one process: invented departments, the product's own steps, the simulated city."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import yaml

from tests.helpers.runs import run_on

DAYS = {1: date(2026, 2, 25), 2: date(2026, 2, 26), 3: date(2026, 3, 2)}  # the days that are shown


class World:
    """Departments and city around one fresh warehouse."""

    def __init__(self, warehouse: Any, home: Path, scale: float, exchange: str | None = None, clerks: bool = True):
        from district_simulator.district import District

        exchange = exchange or warehouse.cluster.connections["exchange_db"]
        exchange = exchange.replace("postgresql://", "postgresql+psycopg://", 1)
        self.warehouse, self.home = warehouse, home
        self.district = District(
            home, scale=scale, exchange_url=exchange, slips=warehouse.home / ("slips" if clerks else "no_slips")
        )
        warehouse.add_connections(**self.district.serve())
        self.city = CityProcess(home)
        warehouse.add_connections(city_platform=self.city.uri)

    def collect(self, day: int) -> dict[str, Any]:
        """Collect and land every unit; outcomes or exceptions by unit."""
        from public_credit.base.messages import UserError
        from public_credit.catalogue import load_catalogue
        from public_credit.steps import work

        results: dict[str, Any] = {}
        for unit in load_catalogue().units.values():
            if all(dataset.channel.type == "hand_in" for dataset in unit.datasets):
                continue
            for _ in range(4):  # what Airflow's retries do
                try:
                    results[unit.id] = work.collect_and_land(run_on(DAYS[day]), unit.id)
                    break
                except UserError as error:
                    results[unit.id] = error
        return results

    def run_earlier(self) -> list[int]:
        """The weeks before the first day, as the demo plays them: deliveries taken in and judged, nothing built; the days."""
        from district_simulator.vocabulary.workcalendar import EARLIER
        from local_stack.earlier import live_units, take_in

        for day, on in EARLIER.items():
            self.district.play(day)
            take_in(on, live_units(on))
        return list(EARLIER)

    def run_day(self, day: int) -> None:
        """Everything of one simulated day, to the city and back."""
        from public_credit.steps import work

        self.district.play(day)
        self.collect(day)
        work.gate(run_on(DAYS[day]))
        self.finish_day(day)
        self.city.control("POST", "day", date=DAYS[day].isoformat())
        work.receive(run_on(DAYS[day]))

    def finish_day(self, day: int) -> None:
        from public_credit.steps import work

        work.build(run_on(DAYS[day]))
        work.release(run_on(DAYS[day]))
        work.deliver(run_on(DAYS[day]))
        work.receive(run_on(DAYS[day]))

    def office(self, day: int) -> None:
        """What the district does after a day's build: reviews of applicants, editions drafted and approved."""
        from district_simulator.sectors.office import EDITIONS, USES
        from public_credit.papers.review import review
        from public_credit.steps import work
        from public_credit.steps.airflow import APPROVE

        for use in (use for use in USES if use.day == day):
            review(run_on(DAYS[day], use.unit), use.path(self.home).read_bytes(), purpose=use.purpose, area=use.area)
        if day in EDITIONS:
            drafted = work.edition(run_on(DAYS[day]), *EDITIONS[day])
            work.settle_edition(
                run_on(DAYS[day]),
                drafted,
                {"chosen_options": [APPROVE], "responded_by_user": {"id": "1", "name": "分管区领导"}},
            )

    def city_store(self) -> dict[str, dict[str, Any]]:
        """What the city holds, by record id."""
        return {row["recordId"]: row for row in self.city.control("GET", "store")["records"]}

    def counts(self, day: int) -> list[dict[str, Any]]:
        return json.loads((self.home / "answer_key" / f"day{day}_counts.json").read_text(encoding="utf-8"))

    def cases(self, day: int) -> list[dict[str, Any]]:
        lines = (self.home / "answer_key" / f"day{day}.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line]

    def query(self, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        with self.warehouse.connect("owner") as connection:
            return connection.execute(sql, parameters).fetchall()


@contextmanager
def world(
    warehouse: Any, home: Path, scale: float, exchange: str | None = None, clerks: bool = True
) -> Iterator[World]:
    """A running world; its servers stop at the end.

    ``exchange``: URL of an exchange database of its own. ``clerks``: whether anybody answers slips (which correction
    comes first depends on the names of the slips, so two worlds that are compared do without).
    """
    made = World(warehouse, home, scale, exchange, clerks)
    try:
        with mock.patch.dict(os.environ, {"PCW_DISTRICT": "demo"}):
            yield made
    finally:
        made.city.stop()
        made.district.stop()


class CityProcess:
    """The simulated city as a process of its own; it can be killed and started again on its store."""

    def __init__(self, home: Path, token: str = "-city-test-token"):
        self.home, self.token = home, token
        self.process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.start()

    @property
    def uri(self) -> str:
        return f"http://{self.token}@127.0.0.1:{self.port}"

    def start(self) -> None:
        ready, token = self.home / "city.yaml", self.home / "city.token"
        ready.unlink(missing_ok=True)
        token.write_text(self.token)
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "district_simulator.city",
                "--home",
                str(self.home),
                "--token-file",
                str(token),
                "--port",
                str(self.port),
                "--ports-file",
                str(ready),
            ],
            env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2] / "include")},
        )
        deadline = time.monotonic() + 30
        while not ready.exists():
            assert self.process.poll() is None and time.monotonic() < deadline, "the city did not start"
            time.sleep(0.05)
        self.port = httpx.URL(yaml.safe_load(ready.read_text())["city_platform"]).port or 0

    def control(self, method: str, name: str, **body: Any) -> dict[str, Any]:
        answer = httpx.request(
            method,
            f"http://127.0.0.1:{self.port}/control/{name}",
            json=body or None,
            timeout=60,
            headers={"Authorization": f"Bearer {self.token}"},
            trust_env=False,
        )
        answer.raise_for_status()
        return answer.json()

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
