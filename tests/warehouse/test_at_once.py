"""Two at once, and one that was killed: a build and a publication wait for whoever is at work and for nobody else."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from public_credit import build, editions
from public_credit.ledger.session import BUILDING, hold
from public_credit.messages import UserError
from public_credit.reports.leadership.load import load

ON = date(2026, 2, 25)
_BUILD = """
import sys, time
from datetime import date
from types import SimpleNamespace
from public_credit import build as builds
builds.invoke = lambda *given: SimpleNamespace(results=[], elapsed_time=0.0)
"""
_RUN = "print(builds.run(date(2026, 2, 25)).message)\n"
_STUCK = """
def invoke(*given):
    print("at work", flush=True)
    time.sleep(600)
builds.invoke = invoke
"""


@pytest.fixture
def start() -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Start a script of ours in a process of its own; what is left at the end is ended."""
    children: list[subprocess.Popen[str]] = []
    include = str(Path(__file__).resolve().parents[2] / "include")

    def begin(script: str) -> subprocess.Popen[str]:
        children.append(subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                         env=os.environ | {"PYTHONPATH": include, "PYTHONIOENCODING": "utf-8"}))
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


def test_a_build_waits_for_another_one_and_says_so(warehouse: Any, start: Any) -> None:
    with hold("builder", BUILDING) as mine:
        assert mine
        children = [start(_BUILD + _RUN), start(_BUILD + _RUN)]
        for child in children:
            assert "另一个构建正在进行" in child.stderr.readline()
        with warehouse.connect() as owner:
            assert owner.execute("select count(*) from ledger.build").fetchone() == (0,), "nothing is frozen while it waits"
    said = sorted(child.communicate(timeout=60)[0] for child in children)
    assert "第 1 次构建完成" in said[1] and "没有待构建的批次" in said[0], said


def test_a_killed_build_lets_the_next_one_go_on_at_once(warehouse: Any, start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    child = start(_BUILD + _STUCK + _RUN)
    assert child.stdout.readline() == "at work\n"
    with hold("builder", BUILDING) as mine:
        assert not mine
    child.kill()
    child.wait()
    monkeypatch.setattr(build, "invoke", lambda *given: SimpleNamespace(results=[], elapsed_time=0.0))
    done = build.run(ON)
    assert done.build_id == 1 and "续做" in done.message


@pytest.mark.parametrize("read", [load, lambda: editions.draft(2020, "测试")], ids=["publication", "edition"])
def test_figures_are_read_between_builds(warehouse: Any, read: Callable[[], Any]) -> None:
    ended: list[Exception] = []

    def reading() -> None:
        try:
            read()
        except UserError as error:  # there is no build
            ended.append(error)

    thread = threading.Thread(target=reading)
    waiting = "select exists (select 1 from pg_locks where locktype = 'advisory' and not granted)"
    with hold("builder", BUILDING), warehouse.connect() as owner:
        owner.autocommit = True
        thread.start()
        _until(lambda: owner.execute(waiting).fetchone()[0])
        assert not ended
    thread.join(60)
    assert len(ended) == 1


def test_a_delivery_that_could_not_begin_leaves_no_lock(warehouse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(receiver: Any) -> None:
        raise UserError("没有连接。", remedy="")

    deliveries = import_module("public_credit.deliver.run")
    monkeypatch.setattr(deliveries, "adapter_for", nowhere)
    with pytest.raises(UserError):
        deliveries.run()
    with warehouse.connect() as owner:
        assert owner.execute("select count(*) from pg_locks where locktype = 'advisory' and database = (select oid from "
                             "pg_database where datname = current_database())").fetchone() == (0,)
