"""The scheduler's libraries: loaded before the fork, with one thread, without policy, and never in the scheduler's way."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from local_stack.airflow import Airflow
from public_credit.steps import executor

CHECKOUT = Path(__file__).resolve().parents[2]
# What a task finds: a fork of the loaded process, which must have one thread, and work in it that needs the libraries.
_LOAD = """
import json, os, sys
read = []
sys.addaudithook(lambda event, given: read.append(str(given[0])) if event == "open" else None)
from airflow.executors.executor_loader import ExecutorLoader
made = ExecutorLoader.get_default_executor()
from public_credit.steps import executor
missing = executor.load()
threads = len(os.listdir("/proc/self/task"))
heavy = [name for name in ("great_expectations", "dbt", "pandas", "numba", "polars") if name in sys.modules]
out, into = os.pipe()
if os.fork() == 0:
    from public_credit.kernels.columns import columns_of
    from sqlalchemy.orm import configure_mappers
    configure_mappers()
    import polars as pl
    columns_of([pl.Series('f', ['a', 'a'])])
    os.write(into, b"worked")
    os._exit(0)
os.close(into)
said = os.read(out, 100).decode()
os.wait()
print(json.dumps({"missing": missing, "threads": threads, "heavy": heavy, "said": said, "read": read,
                  "executor": f"{type(made).__mro__[0].__name__} {type(made).__mro__[1].__name__}"}))
"""


def test_a_task_finds_the_libraries_loaded_by_a_process_of_one_thread_that_has_read_no_policy(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir(parents=True)
    (tmp_path / "secrets" / "connections.yaml").write_text("airflow_db: postgresql://a:b@127.0.0.1/airflow\n")
    environment = Airflow(CHECKOUT, tmp_path, port=8080).environment()
    done = subprocess.run([sys.executable, "-c", _LOAD], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["missing"] == [] and found["executor"] == "PreparedExecutor LocalExecutor"
    assert found["threads"] == 1
    assert found["heavy"] == ["great_expectations", "dbt", "pandas", "numba"]
    assert found["said"] == "worked"
    policy = [
        str(CHECKOUT / part) for part in ("include/catalogue", "include/districts", "dbt_project", "expectations")
    ]
    assert [
        path for path in found["read"] if path.startswith(tuple(policy)) and not path.endswith((".py", ".pyc"))
    ] == []


def test_a_library_that_cannot_be_loaded_is_named_and_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor, "LIBRARIES", ("json", "no_such_library", "httpx"))
    assert executor.load() == ["no_such_library"]
