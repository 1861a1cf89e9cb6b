"""DAG files wire and nothing else: what the scheduler sees, how heavy parsing is, what the hand-in form refuses."""

from __future__ import annotations

import importlib
import json
import logging
import os
import subprocess
import sys
from datetime import UTC, date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from public_credit.base.messages import UserError
from public_credit.catalogue import load_catalogue

from tests.helpers.runs import run_on

CHECKOUT = Path(__file__).resolve().parents[2]
_PARSE = """
import importlib.util, json, sys
from pathlib import Path
from airflow.sdk import DAG
from airflow.timetables.base import DataInterval, TimeRestriction
from pendulum import now
def times(dag):
    # When the clock would start a DAG that is new, one that ran three years ago, and that one once more: seconds from now.
    if type(getattr(dag.timetable, "timetable", dag.timetable)).__name__ != "CronTriggerTimetable":
        return None
    restriction = TimeRestriction(earliest=dag.start_date, latest=None, catchup=dag.catchup)
    def start(last):
        interval = DataInterval.exact(last) if last else None
        return dag.timetable.next_dagrun_info(last_automated_data_interval=interval, restriction=restriction).run_after
    late = start(now("UTC").subtract(years=3))
    return [(at - now("UTC")).total_seconds() for at in (start(None), late, start(late))]
found = {}
for path in sorted(Path(sys.argv[1]).glob("*.py")):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for dag in [value for value in vars(module).values() if isinstance(value, DAG)]:
        found[dag.dag_id] = {
            "file": path.name, "title": dag.dag_display_name, "description": dag.description, "notes": dag.doc_md,
            "params": {name: [dag.params.get_param(name).schema, str(dag.params.get_param(name).value)] for name in dag.params},
            "tags": sorted(dag.tags), "schedule": str(getattr(dag.timetable, "summary", "")), "runs": dag.max_active_runs, "catchup": dag.catchup,
            "times": times(dag), "tasks": [{"id": task.task_id, "owner": task.owner, "retries": task.retries, "pool": task.pool,
                       "backoff": bool(task.retry_exponential_backoff), "timeout": task.execution_timeout is not None,
                       "outlets": [asset.name for asset in task.outlets],
                       "rule": task.trigger_rule.value, "skips": "ShortCircuit" in type(task).__name__, "before": sorted(task.downstream_task_ids)} for task in dag.tasks]}
heavy = [name for name in ("pandas", "polars", "pyarrow", "great_expectations", "dbt", "paramiko", "openpyxl")
         if name in sys.modules]
print(json.dumps({"dags": found, "heavy": heavy}))
"""


@pytest.fixture(scope="module")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All DAGs of the demo's district as a fresh interpreter sees them, and which heavy libraries parsing pulled in."""
    return _parsed(tmp_path_factory.mktemp("airflow"), "demo")


def _parsed(home: Path, district: str) -> dict[str, Any]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PCW_", "AIRFLOW", "COV"))}
    done = subprocess.run(
        [sys.executable, "-c", _PARSE, str(CHECKOUT / "dags")],
        capture_output=True,
        text=True,
        check=False,
        env=environment
        | {"AIRFLOW_HOME": str(home), "PYTHONPATH": str(CHECKOUT / "include"), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
        | ({"PCW_DISTRICT": district} if district else {}),
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_without_a_district_there_is_every_dag_but_those_of_departments(parsed, tmp_path: Path) -> None:
    assert set(_parsed(tmp_path, "")["dags"]) == {dag for dag in parsed["dags"] if not dag.startswith("collect_")}


def test_every_department_that_is_pulled_has_its_dag(parsed) -> None:
    pulled = {
        f"collect_{unit.id}"
        for unit in load_catalogue().units.values()
        if any(dataset.channel.type != "hand_in" for dataset in unit.datasets)
    }
    assert set(parsed["dags"]) == pulled | {
        "build_warehouse",
        "deliver_to_city",
        "receive_from_city",
        "publish_reports",
        "hand_in",
        "attest_nothing",
        "year_end_edition",
        "sweep",
        "verify_evidence",
    }
    for unit in load_catalogue().units.values():
        dag = parsed["dags"].get(f"collect_{unit.id}")
        if dag:
            assert (
                unit.name in dag["title"]
                and unit.name in dag["tags"]
                and f"{unit.run_notes}\n\n联系：{unit.contact}".strip() in dag["notes"]
            )
            assert unit.schedule and unit.schedule in dag["schedule"]


def test_every_dag_explains_itself_and_every_task_has_an_owner(parsed) -> None:
    for dag_id, dag in parsed["dags"].items():
        assert dag["description"] and dag["tags"] and dag["notes"] and not dag["catchup"], dag_id
        assert any("\u4e00" <= char <= "\u9fff" for char in dag["description"]), dag_id
        for heading in ("**做什么**", "**失败时**", "**补跑**"):
            assert len(dag["notes"].partition(heading)[2].strip().partition("\n\n")[0]) > 5, (dag_id, heading)
        for task in dag["tasks"]:
            assert task["owner"] and task["owner"] != "airflow", (dag_id, task["id"])


def test_forms_show_datasets_by_title_and_ask_for_all_they_need(parsed) -> None:
    catalogue = load_catalogue()
    for dag_id, fields in (
        ("hand_in", {"dataset", "file"}),
        ("attest_nothing", {"dataset", "start", "end", "who", "reason"}),
    ):
        params = parsed["dags"][dag_id]["params"]
        assert set(params) == fields
        for name, (schema, value) in params.items():
            assert schema["type"] == "string" and "NOTSET" in value.upper().replace("_", ""), (dag_id, name, value)
            assert schema["title"] and (schema.get("minLength") or schema.get("format") or schema.get("enum")), name
        choice = params["dataset"][0]
        assert set(choice["enum"]) == set(choice["values_display"]) == set(catalogue.datasets)
        assert choice["values_display"]["zhzf.penalty_entity"].endswith(" · 行政处罚（法人）（zhzf.penalty_entity）")


def test_a_users_mistake_is_one_line_and_an_error_of_ours_keeps_its_place(caplog: pytest.LogCaptureFixture) -> None:
    from public_credit.steps.airflow import plainly

    @plainly
    def mistaken(**context: Any) -> None:
        raise UserError("文件不在。", remedy="放入文件夹。", code=4)

    @plainly
    def faulty(**context: Any) -> None:
        raise KeyError("x")

    with pytest.raises(SystemExit) as left:
        mistaken(ds="2026-02-25")
    assert left.value.code == 4 and left.value.__suppress_context__
    assert [(record.levelname, record.getMessage(), record.exc_info) for record in caplog.records] == [
        ("ERROR", "文件不在。 处理办法：放入文件夹。", None)
    ]
    with pytest.raises(KeyError):
        faulty()


def test_a_task_tells_batches_rows_verdicts_and_slips(warehouse, caplog: pytest.LogCaptureFixture) -> None:
    from public_credit.base import settings
    from public_credit.steps import work

    from tests.helpers.penalties import csv_bytes, rows

    given = rows(30)
    given[6]["violation_facts"] = ""
    (settings.hand_in_folder() / "补报.csv").write_bytes(csv_bytes(given))
    with caplog.at_level(logging.INFO, logger="public_credit.progress"):
        work.hand_in(run_on(date(2026, 2, 25)), "zhzf.penalty_entity", "补报.csv")
        work.gate(run_on(date(2026, 2, 25)))
    told = [record.getMessage() for record in caplog.records if record.name == "public_credit.progress"]
    for words in (
        ("入库", "批次 1", "收到行 30"),
        ("裁决", "批次 1", "30 行", "放行有退回", "退回 1 行"),
        ("退回单", "1 行", ".xlsx"),
    ):
        assert any(all(word in line for word in words) for line in told), (words, told)


@pytest.fixture
def airflow_loaded() -> None:
    """Airflow sets logging up anew where it is imported, in a task long before its work begins."""
    importlib.import_module("airflow.sdk.configuration")


def test_the_log_of_a_task_says_where_to_look(
    warehouse, airflow_loaded, caplog: pytest.LogCaptureFixture, monkeypatch
) -> None:
    from public_credit.base import settings
    from public_credit.steps import work
    from public_credit.steps.airflow import plainly

    from tests.helpers.penalties import csv_bytes, rows

    given = rows(30)
    given[6]["violation_facts"] = ""
    (settings.hand_in_folder() / "补报.csv").write_bytes(csv_bytes(given))
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "http://127.0.0.1:8080")
    dag_run = SimpleNamespace(dag_id="build_warehouse", run_id="manual__1")
    run = run_on(date(2026, 2, 25), dag_run="build_warehouse/manual__1")

    @plainly
    def work_of_a_task(**context: Any) -> None:
        work.hand_in(run, "zhzf.penalty_entity", "补报.csv")
        work.gate(run)
        raise UserError("此后有误。")

    with caplog.at_level(logging.INFO, logger="public_credit.steps.airflow"), pytest.raises(SystemExit):
        work_of_a_task(dag_run=dag_run)
    told = [record.getMessage() for record in caplog.records if record.name == "public_credit.steps.airflow"]
    (slip,) = (warehouse.home / "slips" / "zhzf").glob("*.xlsx")
    assert "批次 1（zhzf.penalty_entity，" in told[1] and "quarantine --batch 1" in told[1]
    assert str(slip) in told[2] and told[-1].startswith("运行手册  http://127.0.0.1:8080/dags/build_warehouse")
    caplog.clear()
    with caplog.at_level(logging.INFO, logger="public_credit.steps.airflow"):
        plainly(lambda **context: None)(dag_run=dag_run)
    assert len(caplog.records) == 1, "what an earlier task of the run has touched is in its own log"


def test_collectors_retry_with_back_off_and_need_nothing_that_is_made_at_a_start(parsed) -> None:
    for dag_id, dag in parsed["dags"].items():
        if dag_id.startswith("collect_"):
            (task,) = dag["tasks"]
            assert task["retries"] >= 2 and task["backoff"] and task["timeout"] and dag["runs"] == 1
            assert task["pool"] == "default_pool" and task["outlets"] == ["landed_batches"]


def test_alerts_hang_behind_nothing_and_an_error_makes_the_run_fail(parsed) -> None:
    """The last task is the verdict, which an error fails, also behind one that was skipped; alert and seal run in any case."""
    dag = parsed["dags"]["build_warehouse"]
    tasks = {task["id"]: task for task in dag["tasks"]}
    leaves = {name for name, task in tasks.items() if not task["before"]}
    assert leaves == {"conclude"}
    assert "conclude" in tasks["release"]["before"], "a failed release fails the run, whatever alert and seal do"
    assert tasks["alert"]["rule"] == tasks["seal"]["rule"] == "all_done"
    assert tasks["conclude"]["rule"] == "none_failed" and tasks["conclude"]["retries"] == 0
    assert all(not task["skips"] for task in tasks.values()), "a short circuit would skip the alert as well"


def test_missed_times_are_not_all_made_up_for(parsed) -> None:
    """A new DAG waits for its time, but the build; after three years every DAG runs once and then waits for its time again."""
    timed = {dag_id: dag["times"] for dag_id, dag in parsed["dags"].items() if dag["times"]}
    pulled = {f"collect_{unit.id}" for unit in load_catalogue().collected}
    others = {"build_warehouse", "deliver_to_city", "receive_from_city", "sweep", "verify_evidence", "year_end_edition"}
    assert set(timed) == pulled | others
    assert {dag_id for dag_id, (new, _, _) in timed.items() if new <= 0} == {"build_warehouse"}
    assert all(late <= 0 < after for _, late, after in timed.values())


def test_few_tasks_and_short_files(parsed) -> None:
    assert all(len(dag["tasks"]) <= 6 for dag in parsed["dags"].values())
    for path in (CHECKOUT / "dags").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 120, path.name
        assert "select " not in text.lower().replace("_select", ""), path.name


def test_parsing_pulls_in_nothing_heavy(parsed) -> None:
    assert parsed["heavy"] == []


@pytest.mark.parametrize(
    "name", ["../secrets/connections.yaml", "/etc/passwd", "absent.csv", "", "   ", ".", "link.csv"]
)
def test_the_form_takes_files_of_the_hand_in_folder_only(warehouse, name: str) -> None:
    from public_credit.base import settings
    from public_credit.steps import work

    folder = settings.hand_in_folder()
    (folder / "link.csv").symlink_to(warehouse.home / "secrets" / "connections.yaml")
    with pytest.raises(UserError):
        work.hand_in(run_on(date(2026, 2, 25)), "zhzf.penalty_entity", name)
    with warehouse.connect("reader") as reader:
        assert reader.execute("select count(*) from ledger.batch").fetchone() == (0,)


def test_a_handed_in_file_is_booked_once(warehouse) -> None:
    from public_credit.base import settings
    from public_credit.steps import work

    from tests.helpers.penalties import csv_bytes, rows

    (settings.hand_in_folder() / "补报.csv").write_bytes(csv_bytes(rows(5)))
    with pytest.raises(UserError):
        work.hand_in(run_on(date(2026, 2, 25)), None, "补报.csv")
    first = work.hand_in(run_on(date(2026, 2, 25)), "zhzf.penalty_entity", "补报.csv")
    again = work.hand_in(run_on(date(2026, 2, 25)), "zhzf.penalty_entity", "补报.csv")
    assert len(first.batch_seqs) == 1 and again.batch_seqs == []


def test_the_business_date_is_todays_unless_the_clock_is_simulated(warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import datetime
    from types import SimpleNamespace

    from public_credit.base import settings
    from public_credit.base.run import Run
    from public_credit.ledger.session import open_business_day
    from public_credit.steps import airflow as orchestration

    def run_of(logical: datetime | None, started_by: str | None = None, **named: str) -> Run:
        dag_run = SimpleNamespace(
            logical_date=logical, dag_id="collect_zhzf", run_id="manual", triggering_user_name=started_by
        )
        return orchestration.run_of({"dag_run": dag_run}, **named)

    logical = datetime(2026, 2, 24, 17, tzinfo=UTC)
    run = run_of(logical)
    assert (run.on, run.dag_run, run.who) == (settings.today(), "collect_zhzf/manual", "collect_zhzf/manual")
    mapped = run_of(logical, "admin", form="李四")
    assert (mapped.who, mapped.role) == ("数据工程师甲（engineer）", "engineer"), "a person's run is that person's"
    assert run_of(logical, "王工").who == "Airflow 用户 王工", "who has no account is plainly marked"
    forms = [
        run_of(logical, *started, form=form).who for started, form in ((("王工",), "李四"), ((), "李四"), ((), ""))
    ]
    assert forms == ["李四（Airflow：王工）", "李四（Airflow：collect_zhzf/manual）", ""], (
        "what a form says proves nobody"
    )
    with monkeypatch.context() as nobody:
        nobody.setenv("PCW_DISTRICT", "")
        assert run_of(logical, "王工").who == "王工", "where nobody has an account, the name is all there is"
    monkeypatch.setenv("PCW_CLOCK", "logical")
    assert run_of(logical).on == date(2026, 2, 25), "Asia/Shanghai"
    open_business_day(run_on(date(2026, 2, 26)), "collector")
    assert run_of(None).on == date(2026, 2, 26)
    monkeypatch.setenv("PCW_SCHEDULE", "manual")
    assert orchestration.clock_schedule("0 6 * * *") is None
