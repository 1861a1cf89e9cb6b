"""One lock a piece of work: the second is told who is at it, and what a killed holder left behind does not go on writing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from public_credit.base import settings
from public_credit.build import command
from public_credit.ledger import locks

from tests.helpers.runs import run_on
from tests.helpers.signed import token_of

Start = Callable[..., subprocess.Popen[str]]
_STUCK = """
import time
def stuck(*given, **named):
    print("at work", flush=True)
    time.sleep(600)
from tests.helpers.runs import run_on
run = run_on(who="先来的人")
"""
WORK = {  # what the first does until it is stuck; the command of the second; what it is told
    "build": (
        "from public_credit.build import command\nfrom public_credit.build import run as builds\ncommand.invoke = stuck\nbuilds.run(run)",
        ["build"],
        "另一个构建正在运行",
    ),
    "release": (
        "from public_credit.deliver import release\nrelease._prepare = stuck\nrelease.prepare(run)",
        ["release", "prepare"],
        "另一个变更单正在运行",
    ),
    "publish": (
        "from public_credit.papers.leadership import publish\npublish.load = stuck\npublish.publish(run)",
        ["report", "leadership"],
        "另一个看板发布正在运行",
    ),
    "edition": (
        "from public_credit.editions import run as editions\neditions.session = stuck\neditions.draft(run, 2025)",
        ["editions", "draft", "--year", "2025"],
        "另一个年度定稿正在运行",
    ),
    "delivery": (
        "from importlib import import_module\ndeliveries = import_module('public_credit.deliver.run')\ndeliveries.adapter_for = stuck\ndeliveries.run(run)",
        ["deliver"],
        "另一个报送正在运行",
    ),
}
_LONG = """
from sqlalchemy import text
from public_credit.base import settings
from public_credit.ledger import locks

from tests.helpers.runs import run_on
with locks.alone("builder", locks.BUILD, "构建", "先来的"), settings.engine("builder").begin() as connection:
    if {blind}:
        connection.execute(text("set local client_connection_check_interval = 0"))
    print("at work", flush=True)
    connection.execute(text("select pg_sleep(600), 'long statement'"))
"""
_RUNNING = "select count(*) from pg_stat_activity where query like '%long statement%' and pid <> pg_backend_pid()"


@pytest.fixture
def start() -> Iterator[Start]:
    """Start Python with these arguments in a process of its own; what is left at the end is ended."""
    children: list[subprocess.Popen[str]] = []
    include = str(Path(__file__).resolve().parents[2] / "include")

    def begin(*arguments: str, **environment: str) -> subprocess.Popen[str]:
        children.append(
            subprocess.Popen(
                [sys.executable, *arguments],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=os.environ | {"PYTHONPATH": include, "PYTHONIOENCODING": "utf-8"} | environment,
            )
        )
        return children[-1]

    yield begin
    for child in children:
        child.kill()
        child.communicate()


def _until(true: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("name", WORK)
def test_the_second_is_told_who_is_at_it_since_when_and_ends(warehouse: Any, start: Start, name: str) -> None:
    code, command, told = WORK[name]
    first = start("-c", _STUCK + code)
    assert first.stdout.readline() == "at work\n", first.stderr.read()
    second = start("-m", "public_credit.cli", *command, PCW_SESSION=token_of("engineer"))
    _, said = second.communicate(timeout=60)
    assert second.returncode == 6, said
    assert told in said and "由 先来的人（命令行） 进行" in said and "自 20" in said
    first.kill()
    first.wait()
    third = start("-m", "public_credit.cli", *command, PCW_SESSION=token_of("engineer"))
    _, said = third.communicate(timeout=120)
    assert "正在运行" not in said, "a killed holder blocks nobody"


@pytest.mark.parametrize("blind", [True, False], ids=["the server does not look", "the server looks"])
def test_who_comes_next_ends_the_statement_of_a_killed_holder_first(warehouse: Any, start: Start, blind: bool) -> None:
    first = start("-c", _LONG.format(blind=blind))
    assert first.stdout.readline() == "at work\n", first.stderr.read()
    with warehouse.connect("builder") as builder:
        builder.autocommit = True
        _until(lambda: builder.execute(_RUNNING).fetchone() == (1,))
        first.kill()
        first.wait()
        with locks.alone("builder", locks.BUILD, "构建", "后来的"):
            assert builder.execute(_RUNNING).fetchone() == (0,)


def test_a_killed_process_leaves_no_statement_even_when_nobody_comes(warehouse: Any, start: Start) -> None:
    first = start("-c", _LONG.format(blind=False))
    assert first.stdout.readline() == "at work\n", first.stderr.read()
    with warehouse.connect("builder") as builder:
        builder.autocommit = True
        _until(lambda: builder.execute(_RUNNING).fetchone() == (1,))
        first.kill()
        first.wait()
        _until(lambda: builder.execute(_RUNNING).fetchone() == (0,))


def test_a_holder_that_let_go_is_left_in_peace(warehouse: Any, start: Start) -> None:
    code = _LONG.replace(
        "with locks.alone", "with locks.alone('builder', locks.BUILD, '构建', '先来的'):\n    pass\nwith locks.alone"
    )
    first = start("-c", code.format(blind=False).replace('locks.BUILD, "构建"', 'locks.PUBLISH, "看板发布"'))
    assert first.stdout.readline() == "at work\n", first.stderr.read()
    with warehouse.connect("builder") as builder:
        builder.autocommit = True
        _until(lambda: builder.execute(_RUNNING).fetchone() == (1,))
        with locks.alone("builder", locks.BUILD, "构建", "后来的"):
            assert builder.execute(_RUNNING).fetchone() == (1,), "it does other work under another lock"


def test_the_sessions_of_dbt_bear_the_name_of_the_process_too(warehouse: Any, capfd: Any) -> None:
    shown = command.invoke(
        [
            "show",
            "--inline",
            "select current_setting('application_name') as name, "
            "current_setting('client_connection_check_interval') as looks",
        ],
        {"build_id": 1, "business_date": "2026-02-25"},
    )
    table = shown.results[0].agate_table
    assert list(table.rows[0].values()) == [settings.process_name(), "1s"]


def test_a_task_of_airflow_that_comes_second_is_skipped_and_says_who_is_at_it(warehouse: Any) -> None:
    from airflow.sdk.exceptions import AirflowSkipException
    from public_credit.steps import airflow, work

    with locks.alone("builder", locks.BUILD, "构建", "先来的"):
        with pytest.raises(AirflowSkipException, match="另一个构建正在运行，自 .* 起由 先来的 进行"):
            airflow.unless_busy(work.build, run_on(dag_run="build_warehouse/second"))
    with warehouse.connect() as owner:
        assert owner.execute("select count(*) from ledger.step").fetchone() == (0,), "nothing was begun"
