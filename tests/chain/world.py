"""The whole chain in one process: invented departments, the product's own steps, the simulated city."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any


DAYS = {1: date(2026, 2, 25), 2: date(2026, 2, 26), 3: date(2026, 3, 2)}


class World:
    """Departments and city around one fresh warehouse."""

    def __init__(self, warehouse: Any, home: Path, scale: float):
        from district_simulator.district import District

        exchange = warehouse.cluster.connections["exchange_db"].replace("postgresql://", "postgresql+psycopg://", 1)
        self.warehouse, self.home = warehouse, home
        self.district = District(home, scale=scale, exchange_url=exchange, slips=warehouse.home / "slips")
        warehouse.add_connections(**self.district.serve())

    def collect(self, day: int) -> dict[str, Any]:
        """Collect and land every unit; outcomes or exceptions by unit."""
        from public_credit import work
        from public_credit.catalogue import load_catalogue
        from public_credit.messages import UserError

        results: dict[str, Any] = {}
        for unit in load_catalogue().units.values():
            if all(dataset.channel.type == "hand_in" for dataset in unit.datasets):
                continue
            for _ in range(4):  # what Airflow's retries do
                try:
                    results[unit.id] = work.collect_and_land(unit.id, DAYS[day])
                    break
                except UserError as error:
                    results[unit.id] = error
        return results

    def run_day(self, day: int) -> None:
        """Everything of one simulated day, to the city and back."""
        from public_credit import work

        self.district.play(day)
        self.collect(day)
        work.gate(DAYS[day])
        self.finish_day(day)

    def finish_day(self, day: int) -> None:
        from public_credit import work

        work.build(DAYS[day])
        work.release(DAYS[day])
        work.deliver(DAYS[day])
        work.receive(DAYS[day])

    def counts(self, day: int) -> list[dict[str, Any]]:
        return json.loads((self.home / "answer_key" / f"day{day}_counts.json").read_text(encoding="utf-8"))

    def cases(self, day: int) -> list[dict[str, Any]]:
        lines = (self.home / "answer_key" / f"day{day}.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line]

    def query(self, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        with self.warehouse.connect("owner") as connection:
            return connection.execute(sql, parameters).fetchall()


@contextmanager
def world(warehouse: Any, home: Path, scale: float) -> Iterator[World]:
    """A running world; its servers stop at the end."""
    made = World(warehouse, home, scale)
    try:
        yield made
    finally:
        made.district.stop()


