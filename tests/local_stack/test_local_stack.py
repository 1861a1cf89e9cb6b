"""``./run serve`` for real: it answers, keeps its state folder for itself, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import httpx
import psutil
import pytest
from local_stack import processes
from local_stack.airflow_api import AirflowApi
from local_stack.postgres import free_port
from local_stack.stack import expected_dags
from public_credit.base import settings
from public_credit.identifiers.codes import make_uscc

from tests.helpers.commands import credit

CHECKOUT = Path(__file__).resolve().parents[2]


def _command(home: Path, *arguments: str) -> tuple[list[str], dict[str, str]]:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PCW_", "AIRFLOW", "COV_", "COVERAGE"))
    }
    return (
        [sys.executable, "-m", "local_stack", *arguments],
        environment | {"PCW_HOME": str(home), "PYTHONPATH": str(CHECKOUT / "include")},
    )


def _is_not_connected_yet(url: str, password: str, home: Path, district: Path) -> None:
    """No clock has started the department's DAG; started by hand its task is skipped, which is no failure of anybody's."""
    api = AirflowApi(url, lambda user: password, "admin", lambda: None, lambda: True)
    assert api.runs("collect_xyzx") == []
    run = api.trigger("collect_xyzx", f"{date.today()}T00:00:00+08:00")
    deadline = time.monotonic() + 120
    while api.run("collect_xyzx", run)["state"] not in ("success", "failed"):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    assert api.task_states("collect_xyzx", run) == {"collect_and_land": "skipped"}
    api.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PCW_HOME", str(home))
        patch.setenv("PCW_DISTRICT", str(district))
        (row,) = credit("status", "--json").json["datasets"]
        assert (row["verdict"], row["move"]) == ("尚未接入", "数据管理员：配置连接 sftp_xyzx")
        findings = {item["subject"]: item for item in credit("doctor", "--json").json}
        assert findings["Airflow"]["verdict"] == "通过" and "1 个采集 DAG" in findings["Airflow"]["detail"]
        assert findings["连接 sftp_xyzx"]["verdict"] == "提醒"
        (district / "departments" / "other.yml").write_text(
            (district / "departments" / "xyzx.yml")
            .read_text(encoding="utf-8")
            .replace("xyzx", "other")
            .replace(make_uscc("11", "00423450", "370306"), make_uscc("11", "00423451", "370306")),
            encoding="utf-8",
        )
        (finding,) = [item for item in credit("doctor", "--json").json if item["subject"] == "Airflow"]
        assert finding["verdict"] == "提醒" and "collect_other" in finding["detail"]
        for role in settings.ROLES:
            settings.engine(role).dispose()


@pytest.mark.slow
def test_serve_answers_and_leaves_nothing(tmp_path: Path) -> None:
    home, district = tmp_path / "state", tmp_path / "district"
    given = ["--name", "周村区", "--code", "370306", "--uscc", make_uscc("11", "00423450", "370306")]
    command, environment = _command(home, "init", str(district), *given)
    begun = subprocess.run(
        command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    assert begun.returncode == 0, begun.stderr
    password = (home / "secrets" / "airflow_admin_password").read_text()
    command, environment = _command(home, "serve", "--port", str(free_port()), "--district", str(district))
    output = tmp_path / "output"
    with output.open("wb") as target:
        serve = subprocess.Popen(
            command, env=environment, stdout=target, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        deadline = time.monotonic() + 240
        while "按 Ctrl-C 停止" not in output.read_text(encoding="utf-8"):
            assert serve.poll() is None and time.monotonic() < deadline, output.read_text(encoding="utf-8")
            time.sleep(0.2)
        url = re.search(r"http://127\.0\.0\.1:\d+", output.read_text(encoding="utf-8")).group()
        with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
            assert client.get("/api/v2/dags").status_code == 401
            token = client.post("/auth/token", json={"username": "admin", "password": password}).json()
            listed = client.get(
                "/api/v2/dags", params={"limit": 500}, headers={"Authorization": f"Bearer {token['access_token']}"}
            ).json()
            named = {item["dag_id"] for item in listed["dags"]}
            assert {dag for dag in expected_dags() if not dag.startswith("collect_")} <= named
            assert [dag for dag in named if dag.startswith("collect_")] == ["collect_xyzx"]
            assert "没有指定辖区" not in output.read_text(encoding="utf-8")
            health = client.get("/api/v2/monitor/health").json()
            parts = ("metadatabase", "scheduler", "dag_processor")
            assert {health[part]["status"] for part in parts} == {"healthy"}
        _is_not_connected_yet(url, password, home, district)
        for arguments in (["reset"], ["serve"]):
            command, environment = _command(home, *arguments)
            refused = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
            assert refused.returncode == 1 and "已有服务在运行" in refused.stderr
        below = psutil.Process(serve.pid).children(recursive=True)
        assert len(below) > 10
        os.killpg(serve.pid, signal.SIGINT)
        assert serve.wait(60) == 0, output.read_text(encoding="utf-8")
        assert processes.alive(child.pid for child in below) == []
        assert "database system is shut down" in (home / "postgres.log").read_text()
    finally:
        serve.terminate()
        serve.wait(90)
    command, environment = _command(home, "reset")
    assert subprocess.run(command, env=environment, check=False).returncode == 0 and not home.exists()


def test_tests_do_not_run_on_the_simulated_calendar_of_a_played_demo(tmp_path: Path) -> None:
    if not (CHECKOUT / ".venv" / ".requirements").exists():
        pytest.skip("the script would set up an environment first")
    (tmp_path / "state" / "simulator").mkdir(parents=True)
    (tmp_path / "state" / "simulator" / "environment").write_text("PCW_CLOCK=logical\n")
    asks = tmp_path / "test_environment.py"
    asks.write_text("import os\n\n\ndef test_clock():\n    assert 'PCW_CLOCK' not in os.environ\n")
    _, environment = _command(tmp_path / "state")
    done = subprocess.run(
        [CHECKOUT / "run", "test", str(asks), "--no-cov"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0 and "1 passed" in done.stdout, done.stdout + done.stderr
