"""Plays a course on a site: edits, acts, deliveries, the day's steps with what disturbs them, and the day's checks."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

from . import acts, checks
from .course import Day
from .disturbances import DISTURBANCES, Blow
from .edits import EDITS
from .site import Site
from .worker import Call

APPLIED, MIGRATED = "field_added", "schema_upgraded"
WITHOUT_CITY, ANYWHERE = "day_without_city", "kill_anywhere"
HANDLED = {"handled_by": "一科"}


class Player:
    """One run of a course; ``disturbed`` or not."""

    def __init__(self, site: Site, lot: random.Random, *, disturbed: bool, say: Callable[[str], None]):
        self.site, self.lot, self.disturbed, self.say = site, lot, disturbed, say
        self.happened: dict[str, int] = {}
        self.new_field = False
        self.before: Day | None = None

    def play(self, day: Day) -> None:
        """One day; raises Failed or AssertionError where something is not as it has to be."""
        disturbances = day.disturbances if self.disturbed else []
        self.say(f"第 {day.number} 天（{day.on}）{'、'.join([*day.edits, *day.acts, *disturbances])}")
        for name in disturbances:
            if self.before is not None:
                whole = [step for steps in self._steps(self.before).values() for step in steps]
                self._strike(day, "night", name, partial(self.site.steps, self.before.on, *whole))
        self._prepare(day, disturbances)
        for dataset_id, rows in day.deliveries:
            self.site.departments.deliver(day.on, dataset_id, [self._row(dataset_id, row) for row in rows])
        self._phases(day, disturbances)
        if WITHOUT_CITY in disturbances:
            self.site.city.start()
        wrong = checks.wrong(self.site, waiting=WITHOUT_CITY in disturbances)
        assert wrong == [], f"day {day.number}: {wrong}"
        if self.disturbed:
            self.site.command("audit", "verify")
        self.before = day

    def _row(self, dataset_id: str, row: dict[str, str]) -> dict[str, str]:
        return row | HANDLED if self.new_field and dataset_id.endswith("penalty_entity") else row

    def _strike(self, day: Day, phase: str, name: str, start: Callable[[], Call]) -> None:
        if DISTURBANCES[name].phase == phase:
            DISTURBANCES[name].strike(Blow(self.site, day, start, self.lot, self.happened))

    def _prepare(self, day: Day, disturbances: list[str]) -> None:
        for name in day.edits:
            EDITS[name](self.site.root)
            if name == APPLIED:
                for disturbance in disturbances:
                    start = partial(self.site.start, "public_credit.cli", "catalogue", "apply", "--yes")
                    self._strike(day, "apply", disturbance, start)
                self.site.command("catalogue", "apply", "--yes")
                self.new_field = True
            elif name == MIGRATED:
                self.site.command("migrate")
        if day.edits:
            self.site.departments.offer()
        for name in day.acts:
            if name in acts.BEFORE:
                acts.BEFORE[name](self.site, day)

    def _steps(self, day: Day) -> dict[str, list[str]]:
        """The steps of a day's phases."""
        edition = ["edition:2025"] if "edition" in day.acts else []
        return {
            "collect": [f"collect:{unit}" for unit in day.units],
            "gate": ["gate", "waive_held"],
            "build": ["build"],
            "release": ["release"],
            "deliver": ["deliver", "receive", "city_day", "receive"],
            "close": [*edition, *(["publish"] if day.published else []), "alert", "seal", "sweep"],
        }

    def _phases(self, day: Day, disturbances: list[str]) -> None:
        """Phases that nothing strikes run in one process; before one that is struck it ends."""
        phases, waiting = self._steps(day), list[str]()
        for phase, steps in phases.items():
            for name in (name for name in disturbances if DISTURBANCES[name].phase == phase):
                self._run(day, waiting)
                waiting = []
                struck = [step for of_phase in phases.values() for step in of_phase] if name == ANYWHERE else steps
                self._strike(day, phase, name, partial(self.site.steps, day.on, *struck))
            if not (phase == "deliver" and WITHOUT_CITY in disturbances):
                waiting += steps
        self._run(day, waiting)

    def _run(self, day: Day, steps: list[str]) -> None:
        if steps:
            self.site.finish(self.site.steps(day.on, *steps))
