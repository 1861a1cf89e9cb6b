"""The README's department, added while the stack runs: its DAG appears by itself and its run lands what it delivers."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from local_stack.days import instant
from local_stack.stack import Progress, Stack
from public_credit.settings import today
from tests.channels.servers import Sftp
from tests.warehouse.helpers import csv_bytes, rows

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
CHECKOUT = Path(__file__).resolve().parents[2]
DEPARTMENT = re.search(r"```yaml\n(.*?)```", (CHECKOUT / "README.md").read_text(encoding="utf-8"), re.DOTALL)[1]


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """The stack of ``./run serve`` on a checkout whose catalogue is a copy of its own."""
    root = tmp_path / "checkout"
    shutil.copytree(CHECKOUT / "include" / "catalogue", root / "include" / "catalogue")
    shutil.copytree(CHECKOUT / "dags", root / "dags", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("dbt_project", "expectations", "include/public_credit"):
        (root / name).symlink_to(CHECKOUT / name)
    monkeypatch.setenv("PCW_ROOT", str(root))
    monkeypatch.setenv("PCW_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("PCW_SCHEDULE", "manual")  # the departments of the catalogue have no connection here
    (tmp_path / "state").mkdir()
    made = Stack(root, tmp_path / "state", simulated=False, progress=Progress())
    try:
        made.start_database()
        made.migrate()
        made.start_airflow()
        yield made
    finally:
        made.stop()


def _delivered(folder: Path) -> None:
    (folder / "out").mkdir(parents=True)
    path = folder / "out" / "xzcf_20260225.csv"
    path.write_bytes(csv_bytes([row | {"source_unit_uscc": "113703990000011346", "authority_uscc": "113703990000011346"}
                                for row in rows(25)]))
    os.utime(path, (time.time() - 600, time.time() - 600))


def _waited(stack: Stack, run: str, seconds: float) -> str:
    """The state a run of the new department comes to."""
    deadline = time.monotonic() + seconds
    while (state := stack.airflow.api.run("collect_slj", run)["state"]) not in ("success", "failed"):
        stack.look_after()
        assert time.monotonic() < deadline, (state, stack.airflow.api.task_states("collect_slj", run))
        time.sleep(0.5)
    return state


def test_a_department_added_while_the_stack_runs_is_collected_without_a_restart(stack: Stack, tmp_path: Path) -> None:
    _delivered(tmp_path / "sftp")
    server = Sftp(tmp_path / "sftp")
    try:
        with (stack.home / "secrets" / "connections.yaml").open("a", encoding="utf-8") as lines:
            lines.write(f"sftp_slj: {server.uri()}\n")
        (stack.checkout / "include" / "catalogue" / "departments" / "slj.yml").write_text(DEPARTMENT, encoding="utf-8")
        added = time.monotonic()
        while True:
            with suppress(httpx.HTTPStatusError):
                if stack.airflow.api.get("dags/collect_slj")["is_stale"] is False:
                    break
            assert time.monotonic() < added + 90, "the DAG did not appear"
            time.sleep(1)
        print(f"the DAG appeared after {time.monotonic() - added:.0f} s")
        run = stack.airflow.api.trigger("collect_slj", instant(today() - timedelta(days=1)))
        assert _waited(stack, run, 120) == "success"
        assert stack.query("select dataset_id, rows_in from ledger.batch") == [("slj.penalty_entity", 25)]
    finally:
        server.stop()
