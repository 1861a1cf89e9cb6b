"""A day as Airflow's own tasks do it: the real scheduler on a site's state folder, and tasks that are killed at work."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from datetime import date

import psutil
import psycopg
from local_stack.airflow import Airflow
from local_stack.days import instant
from local_stack.stack import EXCHANGE, expected_dags
from public_credit.ledger.states import GOOD, BatchState, sql

from .site import Failed, Site

# What a task is killed in: as it lands a receipt, as it builds.
LANDING, BUILDING = 'copy "raw".%', "%int_records__%"
AT_WORK = """
    select split_part(application_name, ' ', 2)::integer from pg_stat_activity
    where datname = current_database() and application_name like 'pcw %%' and state <> 'idle' and query ilike %s"""
TASKS = "select pid from task_instance where state = 'running' and pid is not null"
WAKEN, LONGEST = 3, 900.0  # times; seconds
PENDING = f"""
    select count(*) from ledger.batch b where state in {sql((BatchState.RECEIVED, BatchState.LANDED))}
    or state in {sql(GOOD)} and not exists (
      select 1 from ledger.build_input i where i.batch_seq = b.seq and i.attempt = b.current_attempt and i.operation = 'add')"""


class Striker:
    """SIGKILL, once, for the task of Airflow in which a statement like that is at work."""

    def __init__(self, site: Site, pattern: str):
        self.site, self.pattern, self.struck = site, pattern, False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        with (
            psycopg.connect(self.site.server.url("public_credit"), autocommit=True) as warehouse,
            psycopg.connect(self.site.server.url("airflow"), autocommit=True) as airflow,
        ):
            while not self.struck and not self._over.wait(0.005):
                for (pid,) in warehouse.execute(AT_WORK, [self.pattern]).fetchall():
                    tasks = {task for (task,) in airflow.execute(TASKS).fetchall()}
                    self._strike(pid, tasks)

    def _strike(self, pid: int, tasks: set[int]) -> None:
        """``pid`` is a task or what it has started."""
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            for one in (process, *process.parents()):
                if one.pid in tasks and not self.struck:
                    one.kill()
                    self.struck = True


class Scheduled:
    """Airflow on a site, as the product starts it, while ``play`` lasts."""

    def __init__(self, site: Site):
        self.site = site
        self.airflow = Airflow(site.root, site.home, simulated=True, lost=self._look_after)

    def _look_after(self) -> None:
        self.airflow.look_after()

    def play(self, on: date, units: list[str]) -> list[str]:
        """Collectors, then what their deliveries wake, until it rests; the statements in which a task was killed.

        Raises Failed where a run of Airflow failed or something is left undone.
        """
        strikers = [Striker(self.site, pattern) for pattern in (LANDING, BUILDING)]
        try:
            self.airflow.prepare()
            self.airflow.start()
            self.airflow.wait_ready(expected_dags())
            for unit in units:
                self.airflow.api.trigger(f"collect_{unit}", instant(on))
            self._rest()
            for _ in range(WAKEN):
                if not self.site.one(PENDING):
                    break
                self.airflow.api.trigger(EXCHANGE[0], instant(on))
                self._rest()
            failed = [(run["dag_id"], run["dag_run_id"]) for run in self.airflow.api.runs("~", "failed")]
            left = self.site.one(PENDING)
            if failed or left:
                raise Failed(f"Airflow on {on}: runs that failed {failed}, receipts that were left {left}")
        finally:
            self.airflow.stop()
            for striker in strikers:
                striker.stop()
        return [striker.pattern for striker in strikers if striker.struck]

    def _rest(self) -> None:
        """Wait until no run is under way and no event waits for one."""
        deadline = time.monotonic() + LONGEST
        while self._active() or any(map(self.airflow.api.waiting_events, EXCHANGE)) or self._active():
            if time.monotonic() > deadline:
                raise Failed(f"Airflow does not come to rest: {self._active()}")
            self._look_after()
            time.sleep(0.5)

    def _active(self) -> list[str]:
        return [run["dag_run_id"] for run in self.airflow.api.runs("~", "queued", "running")]
