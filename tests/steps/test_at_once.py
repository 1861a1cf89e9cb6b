"""Two at once, and one that was killed: a build, a publication and a gate wait for whoever is at work and for nobody else."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from public_credit.base.messages import UserError
from public_credit.build import command
from public_credit.build import run as build
from public_credit.editions import run as editions
from public_credit.ledger.locks import BUILD, FIGURES, hold
from public_credit.papers.leadership.load import load
from public_credit.steps import work

from tests.helpers.runs import run_on

ON, NEXT = date(2026, 2, 25), date(2026, 2, 26)

_BUILD = """
import sys, time
from types import SimpleNamespace
from public_credit.build import command
from public_credit.build import run as builds
from tests.helpers.runs import run_on
command.invoke = lambda *given: SimpleNamespace(results=[], elapsed_time=0.0)
"""
_RUN = "print(builds.run(run_on()).message)\n"
_STUCK = """
def invoke(*given):
    print("at work", flush=True)
    time.sleep(600)
command.invoke = invoke
"""
_COLLECT = """
import time
from public_credit import collect
from public_credit.steps import work
from tests.helpers.runs import run_on
def stuck(*given, **named):
    print("at work", flush=True)
    time.sleep(600)
collect.collect = stuck
work.collect_and_land(run_on(), {!r})
"""


@pytest.fixture
def start() -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Start a script of ours in a process of its own; what is left at the end is ended."""
    children: list[subprocess.Popen[str]] = []
    include = str(Path(__file__).resolve().parents[2] / "include")

    def begin(script: str) -> subprocess.Popen[str]:
        children.append(
            subprocess.Popen(
                [sys.executable, "-c", script],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=os.environ | {"PYTHONPATH": include, "PYTHONIOENCODING": "utf-8"},
            )
        )
        return children[-1]

    yield begin
    for child in children:
        child.kill()
        child.communicate()


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_one_of_many_builds_at_once_builds(warehouse: Any, start: Any) -> None:
    children = [start(_BUILD + _RUN) for _ in range(4)]
    said = [child.communicate(timeout=120) for child in children]
    assert sum("第 1 次构建完成" in out for out, _ in said) == 1, said
    for out, err in said:
        assert "第 1 次构建完成" in out or "没有待构建的批次" in out or "另一个构建正在运行" in err
    with warehouse.connect() as owner:
        assert owner.execute("select count(*) from ledger.build").fetchone() == (1,)


def test_a_killed_build_lets_the_next_one_go_on_at_once(
    warehouse: Any, start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from types import SimpleNamespace

    child = start(_BUILD + _STUCK + _RUN)
    assert child.stdout.readline() == "at work\n"
    with hold("builder", BUILD) as mine:
        assert not mine
    child.kill()
    child.wait()
    monkeypatch.setattr(command, "invoke", lambda *given: SimpleNamespace(results=[], elapsed_time=0.0))
    done = build.run(run_on(ON))
    assert done.build_id == 1 and "续做" in done.message


@pytest.mark.parametrize(
    "read", [lambda: load(run_on()), lambda: editions.draft(run_on(), 2020)], ids=["publication", "edition"]
)
def test_figures_are_read_between_builds(warehouse: Any, read: Callable[[], Any]) -> None:
    ended: list[Exception] = []

    def reading() -> None:
        try:
            read()
        except UserError as error:  # there is no build
            ended.append(error)

    thread = threading.Thread(target=reading)
    waiting = "select exists (select 1 from pg_locks where locktype = 'advisory' and not granted)"
    with hold("builder", FIGURES), warehouse.connect() as owner:
        owner.autocommit = True
        thread.start()
        _until(lambda: owner.execute(waiting).fetchone()[0])
        assert not ended
    thread.join(60)
    assert len(ended) == 1


def test_a_delivery_that_could_not_begin_leaves_no_lock(warehouse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(receiver: Any, on: Any) -> None:
        raise UserError("没有连接。", remedy="")

    deliveries = import_module("public_credit.deliver.run")
    monkeypatch.setattr(deliveries, "adapter_for", nowhere)
    with pytest.raises(UserError):
        deliveries.run(run_on())
    with warehouse.connect() as owner:
        assert owner.execute(
            "select count(*) from pg_locks where locktype = 'advisory' and database = (select oid from "
            "pg_database where datname = current_database())"
        ).fetchone() == (0,)


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two departments that are asked; what they have is none of this."""
    for connection in ("DROP_ZHZF", "EXCHANGE_SCJG"):
        monkeypatch.setenv(f"PCW_CONN_{connection}", "file:///nowhere")


def test_the_gate_waits_for_collectors_at_work_and_not_for_killed_ones(
    warehouse: Any, start: Any, connected: None
) -> None:
    children = [start(_COLLECT.format(unit)) for unit in ("zhzf", "zhzf", "scjg")]
    for child in children:
        assert child.stdout.readline() == "at work\n", child.stderr.read()
    assert work.collecting_now(run_on(ON)) == 2, "departments, not collectors"
    assert work.collecting_now(run_on(NEXT)) == 0
    assert work.wait_for_collectors(run_on(ON), timedelta(seconds=1)) is False
    for child, left in zip(children, (2, 1, 0), strict=True):
        child.kill()
        child.wait()
        _until(lambda left=left: work.collecting_now(run_on(ON)) == left)
    with warehouse.connect() as owner:
        open_steps = owner.execute(
            "select count(*) from ledger.step where name = 'collect_unit' and ended_at is null"
        ).fetchone()
    assert open_steps == (3,), "they were killed in their step"
    assert work.wait_for_collectors(run_on(ON), timedelta(seconds=1)) is True


def test_a_collection_that_ended_holds_nothing(
    warehouse: Any, connected: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from public_credit import collect

    seen: list[int] = []

    def empty(*given: Any, **named: Any) -> list[Any]:
        seen.append(work.collecting_now(run_on(ON)))
        return []

    monkeypatch.setattr(collect, "collect", empty)
    work.collect_and_land(run_on(ON), "zhzf")
    assert (seen, work.collecting_now(run_on(ON))) == ([1], 0)
