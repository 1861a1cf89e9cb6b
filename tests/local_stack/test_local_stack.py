"""``./run serve`` for real: it answers, keeps its state folder for itself, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest
from local_stack import processes
from local_stack.stack import expected_dags

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


@pytest.mark.slow
def test_serve_answers_and_leaves_nothing(tmp_path: Path) -> None:
    home = tmp_path / "state"
    command, environment = _command(home, "serve", "--port", "0")
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
        password = (home / "secrets" / "airflow_admin_password").read_text()
        with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
            assert client.get("/api/v2/dags").status_code == 401
            token = client.post("/auth/token", json={"username": "admin", "password": password}).json()
            listed = client.get(
                "/api/v2/dags", params={"limit": 500}, headers={"Authorization": f"Bearer {token['access_token']}"}
            ).json()
            named = {item["dag_id"] for item in listed["dags"]}
            assert {dag for dag in expected_dags() if not dag.startswith("collect_")} <= named
            assert not [dag for dag in named if dag.startswith("collect_")], "no district is named, so nobody delivers"
            assert "没有指定辖区" in output.read_text(encoding="utf-8")
            health = client.get("/api/v2/monitor/health").json()
            parts = ("metadatabase", "scheduler", "dag_processor")
            assert {health[part]["status"] for part in parts} == {"healthy"}
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
