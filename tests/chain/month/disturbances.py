"""What befalls the disturbed run of a course: each begins where a phase of the day would, and leaves the phase to be done again.

``night`` is the one before the day: its phase is all of the day before.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from .course import Day
from .scheduled import Scheduled
from .site import Failed, Site
from .worker import Call

UNREACHABLE, BUSY, CITY_GONE = 3, 6, 5  # exit codes of the product


@dataclass
class Blow:
    """A phase that is about to run in a site: how it is started, the lot that says when something happens, what did happen."""

    site: Site
    day: Day
    start: Callable[[], Call]
    lot: random.Random
    happened: dict[str, int]

    def note(self, what: str, *, happened: bool = True) -> None:
        self.happened[what] = self.happened.get(what, 0) + happened

    def step(self, name: str) -> Call:
        """One step instead of the phase."""
        return self.site.steps(self.day.on, name)

    def killed_when(self, moment: Callable[[], bool], what: str) -> None:
        """SIGKILL as soon as ``moment`` is true; a process that was done before is looked at like any other."""
        process = self.start()
        while process.poll() is None:
            if moment():
                process.kill()
                process.communicate()
                self.note(what)
                return
            time.sleep(0.002)
        self.site.finish(process)
        self.note(what, happened=False)

    def killed_after(self, seconds: float, what: str) -> None:
        began = time.monotonic()
        self.killed_when(lambda: time.monotonic() - began > seconds, what)

    def true(self, condition: str, *parameters: object) -> Callable[[], bool]:
        """Whether a condition holds in the database, to be asked often."""
        connection = self.site.connect("admin")
        connection.autocommit = True
        return lambda: connection.execute(f"select {condition}", parameters).fetchone() == (True,)

    def running(self, pattern: str) -> Callable[[], bool]:
        """Whether a statement like that is at work, or its transaction."""
        return self.true(
            "exists (select 1 from pg_stat_activity where state <> 'idle' and query ilike %s "
            "and datname = current_database() and pid <> pg_backend_pid())",
            pattern,
        )

    def more(self, table: str) -> Callable[[], bool]:
        """Whether the table has more rows than now."""
        return self.true(f"count(*) > %s from {table}", self.site.one(f"select count(*) from {table}"))

    def twice(self, what: str) -> None:
        """Two at once: one does the work, the other waits or is told that somebody is at it."""
        both = [self.start(), self.start()]
        for process in both:
            self.site.finish(process, 0, BUSY)
        if all(process.returncode == BUSY for process in both):
            raise Failed(f"{what}: each was told that the other is at work")
        self.note(what)


def kill_collect(blow: Blow) -> None:
    """A receipt is being landed."""
    blow.killed_when(blow.true("exists (select 1 from ledger.attempt where state = 'landing')"), "kill_collect")


def kill_apply(blow: Blow) -> None:
    """It waits for somebody who reads the table."""
    with blow.site.connect() as reader:
        reader.execute("select from raw.administrative_penalty limit 1")
        blow.killed_when(blow.running("lock table%"), "kill_apply")


def kill_gate(blow: Blow) -> None:
    """Some receipts are judged, others are not."""
    blow.killed_when(blow.more("ledger.gate_result"), "kill_gate")


def kill_build(blow: Blow) -> None:
    """Twice: in the middle of a model, and near the end of what the first had begun."""
    for pattern in ("%int_records__%", "%mart_%"):
        blow.killed_when(blow.running(pattern), "kill_build")


def kill_release(blow: Blow) -> None:
    """Frozen, and nobody has been told."""
    blow.killed_when(blow.more("ledger.release"), "kill_release")


def kill_deliver(blow: Blow) -> None:
    """The city has taken everything, and its answer never comes."""
    blow.site.city.control("POST", "mode", mode="timeout_after_commit", count=1)
    held = blow.site.city.control("GET", "store")
    blow.killed_when(lambda: blow.site.city.control("GET", "store") != held, "kill_deliver")
    blow.site.city.control("POST", "mode", mode="none", count=0)


def kill_publish(blow: Blow) -> None:
    blow.killed_after(blow.lot.uniform(2, 8), "kill_publish")


def kill_anywhere(blow: Blow) -> None:
    """The whole day, at three instants of which nobody knows anything; no day is done in twelve seconds."""
    for _ in range(3):
        blow.killed_after(blow.lot.uniform(1, 12), "kill_anywhere")


def two_builds(blow: Blow) -> None:
    blow.twice("two_builds")


def two_gates(blow: Blow) -> None:
    blow.twice("two_gates")


def two_deliveries(blow: Blow) -> None:
    blow.twice("two_deliveries")


def department_down(blow: Blow) -> None:
    """A server of a department does not answer in the morning; asking again is in vain, the other departments are served."""
    blow.site.departments.down("xzsp", down=True)
    blow.site.finish(blow.step("collect_once:xzsp"), CITY_GONE)
    blow.site.departments.down("xzsp", down=False)
    blow.note("department_down")


def database_lost(blow: Blow) -> None:
    """The server dies in the middle of a build and comes back."""
    running, process = blow.running("%create%"), blow.start()
    while process.poll() is None and not running():
        time.sleep(0.002)
    blow.site.server.stop()
    process.communicate()
    blow.note("database_lost", happened=process.returncode != 0)
    blow.site.server.start()


def day_without_database(blow: Blow) -> None:
    """Nobody gets anything done, and everybody is told why."""
    blow.site.server.stop()
    for step in ("gate", "build", "deliver", "alert"):
        blow.site.finish(blow.step(step), UNREACHABLE)
    blow.site.server.start()
    blow.note("day_without_database")


def day_without_city(blow: Blow) -> None:
    """All day long; what was to be sent waits for the day after."""
    blow.site.city.stop()
    blow.site.finish(blow.step("deliver"), CITY_GONE)
    blow.note("day_without_city")


def backed_up(blow: Blow) -> None:
    """In the morning; what the day brings comes after it."""
    blow.site.back_up()
    blow.note("backed_up")


def restored(blow: Blow) -> None:
    """The machine is lost with all that came since the backup, and the city has had that day's records. Done again on another machine."""
    met = blow.site.one("select count(*) from vault.secret where letter = 'P'")
    blow.site.restore()
    blow.note("restored", happened=blow.site.one("select count(*) from vault.secret where letter = 'P'") < met)
    blow.site.finish(blow.start())


def by_airflow(blow: Blow) -> None:
    """The whole day is the scheduler's; of its tasks one is killed while it lands, one while it builds."""
    struck = Scheduled(blow.site).play(blow.day.on, blow.day.units)
    blow.note("by_airflow", happened=len(struck) == 2)


@dataclass(frozen=True)
class Disturbance:
    """The phase that is struck, and how."""

    phase: str
    strike: Callable[[Blow], None]


DISTURBANCES = {
    strike.__name__: Disturbance(phase, strike)
    for phase, strike in (
        ("night", restored),
        ("apply", kill_apply),
        ("collect", backed_up),
        ("collect", kill_collect),
        ("collect", department_down),
        ("collect", kill_anywhere),
        ("collect", by_airflow),
        ("gate", kill_gate),
        ("gate", two_gates),
        ("build", kill_build),
        ("build", two_builds),
        ("build", database_lost),
        ("collect", day_without_database),
        ("release", kill_release),
        ("deliver", kill_deliver),
        ("deliver", two_deliveries),
        ("deliver", day_without_city),
        ("close", kill_publish),
    )
}
