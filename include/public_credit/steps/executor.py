"""The LocalExecutor of Airflow, with the libraries of our tasks imported before its workers are forked.

Every task is a fork of the scheduler, and without this most of a small task's time is imports. See
docs/decisions/0013-libraries-before-the-fork.md.
"""

from __future__ import annotations

import gc
import importlib
import logging
import time

from airflow.executors.local_executor import LocalExecutor
from sqlalchemy.orm import configure_mappers

# No library that starts a thread (a fork takes along only the one that forks, and locks as they are): Polars does.
LIBRARIES = (
    "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg",
    "httpx",
    "paramiko",
    "python_calamine",
    "lxml.etree",
    "xlsxwriter",
    "pandas",
    "great_expectations.expectations",
    "dbt.cli.main",
    "dbt.adapters.postgres",
    "altair",
    "vl_convert",
    "airflow.providers.standard.decorators.python",
)
# Of ours what is slow to set up and reads no policy: a catalogue or seed that is edited counts from the next task on.
OURS = ("public_credit.steps.work", "public_credit.kernels")

log = logging.getLogger(__name__)


def load() -> list[str]:
    """Import all of it and do what its first use would do; the modules that could not be loaded.

    A library that is missing or broken does not keep the scheduler from starting: the task that needs it says so.
    """
    missing = []
    for name in (*LIBRARIES, *OURS):
        try:
            importlib.import_module(name)
        except Exception:
            log.exception("%s cannot be loaded ahead of its tasks", name)
            missing.append(name)
    if not missing:
        from numba.core.registry import cpu_target

        configure_mappers()
        cpu_target.typing_context.refresh()
        cpu_target.target_context.refresh()
    return missing


class PreparedExecutor(LocalExecutor):
    """LocalExecutor whose task processes find the libraries loaded."""

    def start(self) -> None:
        """Load, then fork the workers. What is loaded stays: no collection of garbage need walk it, now or later."""
        started = time.monotonic()
        gc.disable()
        try:
            load()
        finally:
            gc.enable()
        log.info("libraries of the tasks loaded in %.1f s", time.monotonic() - started)
        super().start()
        gc.freeze()
