"""A course: what happens on each day of a month, to both runs (business) and to the disturbed one alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from tests.helpers.month import Row

from .drawn import Drawn

UNITS = ("scjg", "xzsp", "wsjk", "zhzf")
JOINS = {"slj_joins": "slj", "qxj_joins": "qxj"}

# Day → edits of engineers (edits.py); acts of clerks, engineers and leaders (acts.py); disturbances (disturbances.py).
LONG_EDITS = {5: ["slj_joins"], 10: ["field_added"], 12: ["qxj_joins"], 15: ["seed_changed"], 16: ["model_changed"],
              25: ["schema_upgraded"]}  # fmt: skip
LONG_ACTS = {1: ["waive"], 6: ["replay"], 8: ["new_header"], 9: ["withdraw"], 11: ["restore"], 13: ["merge"],
             14: ["replay"], 18: ["withdraw"], 20: ["undo_merge"], 22: ["edition"], 23: ["replay"], 27: ["replay"]}  # fmt: skip
LONG_DISTURBED = {
    2: ["kill_collect"], 3: ["two_builds"], 4: ["by_airflow"], 5: ["kill_gate"], 6: ["kill_build"], 7: ["day_without_city"], 8: ["kill_release"],
    10: ["kill_apply"], 11: ["database_lost"], 12: ["kill_deliver"], 13: ["by_airflow"], 14: ["two_gates"], 15: ["kill_build"],
    16: ["two_builds"], 17: ["day_without_database"], 18: ["kill_deliver"], 19: ["department_down"],
    20: ["backed_up"], 21: ["restored"], 22: ["kill_publish"], 24: ["kill_anywhere"], 25: ["by_airflow"], 26: ["kill_anywhere"], 28: ["kill_build", "kill_collect"], 29: ["two_deliveries"],
}  # fmt: skip
SHORT_EDITS = {2: ["slj_joins"], 4: ["field_added"], 5: ["qxj_joins"], 6: ["seed_changed"], 7: ["model_changed"],
               9: ["schema_upgraded"]}  # fmt: skip
SHORT_ACTS = {1: ["waive"], 3: ["replay"], 4: ["new_header", "withdraw"], 5: ["restore", "merge"], 6: ["withdraw"],
              7: ["undo_merge"], 8: ["edition", "replay"]}  # fmt: skip
SHORT_DISTURBED = {
    1: ["kill_collect"], 2: ["backed_up", "kill_gate"], 3: ["restored", "kill_build"], 4: ["kill_apply", "kill_deliver"], 5: ["day_without_city"],
    6: ["day_without_database", "kill_release"], 7: ["two_gates", "two_builds", "two_deliveries"],
    8: ["database_lost", "kill_publish"], 9: ["kill_anywhere", "department_down"], 10: ["by_airflow"],
}  # fmt: skip


@dataclass(frozen=True)
class Day:
    """A business day of a course; ``number`` counts from 1."""

    number: int
    on: date
    deliveries: list[tuple[str, list[Row]]]
    units: list[str]  # that deliver by now
    edits: list[str] = field(default_factory=list)
    acts: list[str] = field(default_factory=list)
    disturbances: list[str] = field(default_factory=list)
    published: bool = True  # what leaders read: drawing it takes as long as a build


def course(seed: int, days: int, units: tuple[str, ...] = UNITS) -> list[Day]:
    """The days of a seed. Ten days or fewer are a short course, in which everything follows sooner; a month's end is in both."""
    short = days <= 10
    edits, acts, disturbed = (
        (SHORT_EDITS, SHORT_ACTS, SHORT_DISTURBED) if short else (LONG_EDITS, LONG_ACTS, LONG_DISTURBED)
    )
    first = date(2026, 2, 23) if short else date(2026, 2, 3)
    departments, joined = Drawn(Random(f"{seed}/month"), units), list[str]()
    result: list[Day] = []
    for number in range(1, days + 1):
        joined += [JOINS[edit] for edit in edits.get(number, []) if edit in JOINS]
        on = first + timedelta(days=number - 1)
        deliveries = departments.day(on, tuple(joined), whole=number == 1)
        happens = edits.get(number, []), acts.get(number, []), disturbed.get(number, [])
        published = not short or number in (1, days) or "edition" in happens[1]
        result.append(Day(number, on, deliveries, [*units, *joined], *happens, published))
    return result
