"""``./run demo`` as a user starts it: the real scheduler runs the DAGs for all simulated days; nothing is left running."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from district_simulator.vocabulary.workcalendar import EARLIER
from local_stack.postgres import Server

from tests.helpers.world import CityProcess

from . import answers, canary, target_answers

pytestmark = [pytest.mark.chain, pytest.mark.slow, pytest.mark.timeout(2700)]
CHECKOUT = Path(__file__).resolve().parents[2]


class Aftermath:
    """The state folder after the demo, asked like a running world."""

    def __init__(self, home: Path):
        self.home = home / "simulator"
        self.server = Server(home / "postgres").start()
        self.city = CityProcess(self.home)

    def query(self, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.server.url("public_credit")) as connection:
            return connection.execute(sql, parameters).fetchall()

    def counts(self, day: int) -> list[dict[str, Any]]:
        return json.loads((self.home / "answer_key" / f"day{day}_counts.json").read_text(encoding="utf-8"))

    def cases(self, day: int) -> list[dict[str, Any]]:
        lines = (self.home / "answer_key" / f"day{day}.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line]

    def city_store(self) -> dict[str, dict[str, Any]]:
        return {row["recordId"]: row for row in self.city.control("GET", "store")["records"]}

    def stop(self) -> None:
        self.city.stop()
        self.server.stop()


def _run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PCW_", "AIRFLOW", "COV_", "COVERAGE"))
    }
    return subprocess.run(
        [sys.executable, "-m", "local_stack", *arguments],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        env=environment | {"PCW_HOME": str(home), "PYTHONPATH": str(CHECKOUT / "include")},
        timeout=1500,
        check=False,
    )


def _run_with_a_crash(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Like ``_run``; Airflow's api-server crashes while the departments' records are collected."""
    log = home / "airflow" / "logs" / "api-server.log"
    before = log.stat().st_size
    with ThreadPoolExecutor(1) as beside:
        running = beside.submit(_run, home, *arguments)
        while not running.done():
            time.sleep(0.2)
            if b"Task started" in log.read_bytes()[before:]:
                port = (home / "airflow" / "port").read_text()
                (server,) = (
                    process for process in _of(home) if f"api_server -- host:127.0.0.1 port:{port}" in _title(process)
                )
                server.send_signal(signal.SIGSEGV)
                break
        return running.result()


def _of(home: Path) -> list[psutil.Process]:
    """Processes that belong to a state folder, by environment, command or working folder (a new title hides the first two)."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ", "cwd"]):
        told = [
            (process.info["environ"] or {}).get("PCW_HOME", ""),
            process.info["cwd"] or "",
            *(process.info["cmdline"] or []),
        ]
        if any(str(home) in part for part in told):
            found.append(process)
    return found


def _title(process: psutil.Process) -> str:
    return " ".join(process.info["cmdline"] or []).strip()


def _left_running(home: Path) -> list[str]:
    return [_title(process) for process in _of(home)]


def _open_to_others(home: Path) -> list[str]:
    """The state folder and logs that another account of the machine could read."""
    logs = [path for path in home.rglob("*") if "logs" in path.parts or path.suffix == ".log"]
    assert len(logs) > 20
    return [str(path) for path in (home, *logs) if not path.is_symlink() and path.stat().st_mode & 0o077]


def _row_level_difference(after: Aftermath, home: Path) -> None:
    """What the command says about the correction: the figure, and the one report that moved it."""
    planted = json.loads((after.home / "answer_key" / "targets.json").read_text(encoding="utf-8"))["restated"]
    environment = os.environ | {
        "PCW_HOME": str(home),
        "PYTHONPATH": str(CHECKOUT / "include"),
        "PCW_CONN_PCW_DB_READER": after.server.url("public_credit"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "public_credit.cli", "editions", "diff", "1", "2", "--json", "--limit", "100000"],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    found = json.loads(done.stdout)
    (figure,) = (row for row in found["figures"] if row["figure_id"] == planted["figure"])
    (row,) = (row for row in found["items"] if row["figure_id"] == planted["figure"])
    assert row["change"] == "changed" and row["old_numerator"] - row["new_numerator"] == planted["fewer"]
    assert figure["old_numerator"] - figure["new_numerator"] == planted["fewer"]
    assert (figure["came"], figure["went"], figure["changed"]) == (0, 0, 1)


def test_the_real_scheduler_plays_all_days_and_everything_stops(tmp_path: Path):
    home = tmp_path / "state"
    first = _run(home, "demo", "--exit", "--scale", "0.02")
    assert first.returncode == 0, first.stdout[-3000:] + first.stderr[-3000:]
    assert "上线以来（2026-01-28 至 2026-02-24）8 个业务日" in first.stdout
    assert "模拟第 2 日完成" in first.stdout and "退回单" in first.stdout and "依法不收" in first.stdout
    assert not re.search(r"(企业|非企业法人|已关联|自然人|在列|信用等级) 0\b", first.stdout), first.stdout[-3000:]
    assert "信用审查（政府资金补助）" in first.stdout and first.stdout.count("批准人 分管区领导") == 2
    assert (
        "年度定稿      2020 年，第 1 号，分管区领导 批准" in first.stdout
        and "./run credit editions diff 1 2" in first.stdout
    )
    page = (home / "publications" / "leadership" / "leadership_2026-02-26.html").read_text(encoding="utf-8")
    assert "2020 年：已定版（第 1 号），更正重列（第 2 号）" in page and "从未报送" in page
    for suffix in ("html", "xlsx", "pdf"):
        assert len(list((home / "publications" / "leadership").glob(f"leadership_*.{suffix}"))) == 2, suffix
    assert _left_running(home) == []
    assert _open_to_others(home) == []
    assert b"libraries of the tasks loaded in" in (home / "airflow" / "logs" / "scheduler.log").read_bytes()
    third = _run_with_a_crash(home, "demo", "--exit", "--scale", "0.02")
    assert third.returncode == 0 and "模拟第 3 日完成" in third.stdout, third.stdout[-3000:] + third.stderr[-3000:]
    assert third.stdout.count("注意          api-server 被信号 SIGSEGV 终止，已重新启动") == 1, third.stdout[-3000:]
    nothing = _run(home, "demo", "--exit")
    assert nothing.returncode == 0 and "没有到期的报送" in nothing.stdout
    after: Any = Aftermath(home)
    try:
        for day in EARLIER:
            assert answers.count_differences(after, day) == []
            assert answers.case_differences(after, day)[0] == []
        for day in (1, 2, 3):
            assert answers.count_differences(after, day) == []
            wrong, checked = answers.case_differences(after, day)
            assert wrong == [] and checked > 200
        assert answers.city_differences(after, 3) == []
        wrong, compared = target_answers.figure_differences(after, 3)
        assert wrong == [] and compared > 500
        assert target_answers.edition_differences(after) == [] and target_answers.silence_differences(after, 3) == []
        _row_level_difference(after, home)
        runs = after.query("select distinct split_part(dag_run, '/', 1) from ledger.step where dag_run <> ''")
        numbers = canary.planted(after.home)
        assert canary.in_files(home, numbers, leave_out=("simulator", "postgres")) == {}
        assert canary.in_database(after.server.url("public_credit"), numbers) == {}
        assert canary.in_database(after.server.url("airflow"), numbers, leave_out=()) == {}
    finally:
        after.stop()
    assert {name for (name,) in runs} >= {"build_warehouse", "deliver_to_city", "receive_from_city", "collect_scjg"}
    assert _left_running(home) == []
    assert _run(home, "reset").returncode == 0 and not home.exists()
