"""The README's department, added while the stack runs: its DAG appears by itself, its run lands what it delivers, and an error
in one of its receipts stops nothing but that receipt."""

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
import psycopg
import pytest
from local_stack.days import instant
from local_stack.stack import Progress, Stack
from public_credit.base.settings import today

from tests.helpers.commands import credit
from tests.helpers.penalties import csv_bytes, rows
from tests.helpers.servers import Sftp

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
CHECKOUT = Path(__file__).resolve().parents[2]
DEPARTMENT = re.search(r"```yaml\n(.*?)```", (CHECKOUT / "README.md").read_text(encoding="utf-8"), re.DOTALL)[1]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack of ``./run serve`` on a checkout whose catalogue is a copy of its own."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield from _started(tmp_path_factory.mktemp("serve"), monkeypatch)


def _started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    root = tmp_path / "checkout"
    for name in ("catalogue", "districts"):
        shutil.copytree(CHECKOUT / "include" / name, root / "include" / name)
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


@pytest.fixture(scope="module")
def sftp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sftp]:
    server = Sftp(tmp_path_factory.mktemp("sftp"))
    yield server
    server.stop()


def _delivered(server: Sftp, name: str, *, wrong: int = 0) -> None:
    """A file of 25 rows, the first ``wrong`` of them without a number of the decision."""
    folder = server.root / "out"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(
        csv_bytes(
            [
                row
                | {
                    "source_unit_uscc": "113703990000011346",
                    "authority_uscc": "113703990000011346",
                    "decision_no": f"{name}{number}" if number >= wrong else "",
                }
                for number, row in enumerate(rows(25))
            ]
        )
    )
    os.utime(folder / name, (time.time() - 600, time.time() - 600))


def _waited(stack: Stack, dag: str, run: str, seconds: float) -> str:
    """The state a run comes to."""
    deadline = time.monotonic() + seconds
    while (state := stack.airflow.api.run(dag, run)["state"]) not in ("success", "failed"):
        stack.look_after()
        assert time.monotonic() < deadline, (state, stack.airflow.api.task_states(dag, run))
        time.sleep(0.5)
    return state


def test_a_department_added_while_the_stack_runs_is_collected_without_a_restart(stack: Stack, sftp: Sftp) -> None:
    _delivered(sftp, "xzcf_20260225.csv")
    with (stack.home / "secrets" / "connections.yaml").open("a", encoding="utf-8") as lines:
        lines.write(f"sftp_slj: {sftp.uri()}\n")
    (stack.checkout / "include" / "districts" / "demo" / "departments" / "slj.yml").write_text(
        DEPARTMENT, encoding="utf-8"
    )
    added = time.monotonic()
    while True:
        with suppress(httpx.HTTPStatusError):
            if stack.airflow.api.get("dags/collect_slj")["is_stale"] is False:
                break
        assert time.monotonic() < added + 90, "the DAG did not appear"
        time.sleep(1)
    print(f"the DAG appeared after {time.monotonic() - added:.0f} s")
    assert "可收 1 份" in credit("probe", "slj.penalty_entity").out
    run = stack.airflow.api.trigger("collect_slj", instant(today() - timedelta(days=2)))
    assert _waited(stack, "collect_slj", run, 120) == "success"
    assert stack.query("select dataset_id, rows_in from ledger.batch") == [("slj.penalty_entity", 25)]


def test_an_error_in_one_receipt_fails_the_run_after_everything_else_was_done(stack: Stack, sftp: Sftp) -> None:
    """A landed row vanishes: that batch cannot be judged; the one beside it is accepted, built and released, the alert is sent."""
    for name, wrong in (("xzcf_bad.csv", 0), ("xzcf_good.csv", 0), ("xzcf_slip.csv", 2)):
        _delivered(sftp, name, wrong=wrong)
    with psycopg.connect(stack.connection("pcw_db_owner"), autocommit=True) as owner:
        owner.execute("select pg_advisory_lock(hashtext('gate'))")  # nobody judges while the row is taken away
        run = stack.airflow.api.trigger("collect_slj", instant(today() - timedelta(days=1)))
        assert _waited(stack, "collect_slj", run, 120) == "success"
        owner.execute(
            "delete from raw.administrative_penalty where row_no = 7 and batch_seq = "
            "(select seq from ledger.batch where file_name = 'xzcf_bad.csv')"
        )
        owner.execute("select pg_advisory_unlock(hashtext('gate'))")
    deadline = time.monotonic() + 400
    while not (ended := [item for item in stack.airflow.api.runs("build_warehouse") if item["state"] == "failed"]):
        stack.look_after()
        assert time.monotonic() < deadline, stack.airflow.api.runs("build_warehouse")
        time.sleep(1)
    tasks = stack.airflow.api.task_states("build_warehouse", ended[0]["dag_run_id"])
    assert tasks == {
        "gate": "success",
        "build": "success",
        "release": "success",
        "alert": "success",
        "seal": "success",
        "conclude": "failed",
    }
    assert dict(stack.query("select file_name, state from ledger.batch where file_name <> 'xzcf_20260225.csv'")) == {
        "xzcf_bad.csv": "failed",
        "xzcf_good.csv": "accepted",
        "xzcf_slip.csv": "accepted_with_quarantine",
    }
    (slip,) = (stack.home / "slips" / "slj").glob("*.xlsx")
    assert slip.name.startswith("退回单_示范区水利局_行政处罚") and slip.name.endswith("_2行.xlsx")
    assert stack.query(
        "select count(*) from intermediate.int_administrative_penalty__current where decision_no like 'xzcf_good%'",
        role="owner",
    ) == [(25,)]


def test_a_slip_of_the_pen_in_its_file_fails_its_own_runs_and_nobody_elses(stack: Stack) -> None:
    """Without another try, with file and line; when it is mended the next run collects again."""
    path = stack.checkout / "include" / "districts" / "demo" / "departments" / "slj.yml"
    path.write_text(DEPARTMENT.replace('"20 6 * * *"', '"20 26 * * *"'), encoding="utf-8")
    run = stack.airflow.api.trigger("collect_slj", instant(today() - timedelta(days=3)))
    other = stack.airflow.api.trigger("collect_zfb", instant(today() - timedelta(days=3)))
    assert _waited(stack, "collect_slj", run, 60) == "failed"
    assert _waited(stack, "collect_zfb", other, 60) == "success"
    assert stack.airflow.api.task_states("collect_zfb", other) == {"collect_and_land": "skipped"}, "not connected here"
    assert "departments/slj.yml 第 5 行 schedule" in credit("status").out
    path.write_text(DEPARTMENT, encoding="utf-8")
    run = stack.airflow.api.trigger("collect_slj", instant(today() - timedelta(days=4)))
    assert _waited(stack, "collect_slj", run, 60) == "success"
