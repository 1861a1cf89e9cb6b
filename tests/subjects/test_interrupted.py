"""A build stopped anywhere in the resolution leaves nothing half done and ends as if undisturbed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from public_credit import subjects as resolve
from public_credit.build import command
from public_credit.build import run as builds
from sqlalchemy.orm import Session

from tests.helpers.registers import ON, code, firm, reg
from tests.helpers.runs import run_on

_DAY_ONE = [firm(number, business_reg_no=reg(number)) for number in range(1, 6)]
_DAY_TWO = [firm(1, business_reg_no=reg(2)), firm(8, predecessor_uscc=code(3), name=firm(3)["name"]), firm(9)]


def test_stopped_at_any_statement(registers, monkeypatch):
    registers.build(_DAY_ONE)
    registers.judge("same", f"uscc:{code(4)}", f"uscc:{code(5)}")
    registers.deliver(_DAY_TWO)
    build = registers.freeze()
    before = registers.tables()
    execute, at = Session.execute, 0
    while True:
        at += 1
        seen = 0

        def failing(self, *arguments, **named):
            nonlocal seen
            seen += 1
            if seen == at:  # noqa: B023  (used within this round only)
                raise KeyboardInterrupt
            return execute(self, *arguments, **named)

        with monkeypatch.context() as patch:
            patch.setattr(Session, "execute", failing)
            try:
                assert resolve.run(run_on(ON), build)
                break
            except KeyboardInterrupt:
                pass
        assert registers.tables() == before
    assert at > 50
    after = registers.tables()
    assert after != before and registers.query("select count(*) from subjects.alias") == [(1,)]
    assert resolve.run(run_on(ON), build) == {} and registers.tables() == after


def test_killed_while_it_writes(registers):
    registers.build(_DAY_ONE)
    registers.deliver(_DAY_TWO)
    build = registers.freeze()
    before = registers.tables()
    script = (
        f"from public_credit import subjects; from tests.helpers.runs import run_on; subjects.run(run_on(), {build})"
    )
    include = str(Path(__file__).resolve().parents[2] / "include")
    registers.owner.execute("begin; lock table subjects.work_item in exclusive mode")
    process = subprocess.Popen([sys.executable, "-c", script], env=os.environ | {"PYTHONPATH": include})
    waiting = (
        "select exists (select 1 from pg_locks where not granted and database = "
        "(select oid from pg_database where datname = current_database()))"
    )
    until = time.monotonic() + 60
    while not registers.query(waiting)[0][0]:
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    registers.owner.execute("rollback")
    assert registers.tables() == before
    assert resolve.run(run_on(ON), build)["records"] >= 3
    assert registers.subject("uscc", code(3)) == registers.subject("uscc", code(8))


def test_a_build_resolves_before_dbt_and_once_when_resumed(registers, monkeypatch):
    registers.deliver(_DAY_ONE)

    def broken(arguments, variables):
        assert registers.query("select count(*) from subjects.subject") == [(5,)], "dbt comes after the resolution"
        raise RuntimeError

    monkeypatch.setattr(command, "invoke", broken)
    with pytest.raises(RuntimeError):
        builds.run(run_on(ON))
    monkeypatch.setattr(command, "invoke", lambda *given: SimpleNamespace(results=[], elapsed_time=0.0))
    assert builds.run(run_on(ON)).build_id == 1
    steps = registers.query("select verdict, counts ->> 'subjects' from ledger.step where name = 'resolve' order by id")
    assert steps == [("ok", "5"), ("ok", None)]
    assert builds.run(run_on(ON)).build_id is None
    registers.judge("same", f"uscc:{code(4)}", f"uscc:{code(5)}")
    assert builds.run(run_on(ON)).build_id is not None, "a judgement makes a build due"
    assert registers.subject("uscc", code(4)) == registers.subject("uscc", code(5))
