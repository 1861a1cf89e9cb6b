"""The run is passed down: below the starters nothing writes the environment, and nothing reads a date from a clock or from it."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from datetime import date
from pathlib import Path

import pytest
from public_credit.base.run import Run
from public_credit.build import command

from tests.helpers.runs import run_on

PRODUCT = Path(__file__).resolve().parents[2] / "include" / "public_credit"
STARTERS = ("cli/", "steps/airflow.py", "steps/executor.py", "desk/start.py", "desk/terminal.py")
WRITES = {
    "build/command.py": {"environment"},  # dbt reads the environment; the block puts it back as it was
    "gate/suite.py": {"<module>"},  # GX_ANALYTICS_ENABLED, before Great Expectations is imported
    "kernels/__init__.py": {"_keep_machine_code"},  # NUMBA_CACHE_DIR, before numba is imported
}
READS = WRITES | {
    "base/messages.py": {"program"},  # the settings import it: how the command line is called
    "base/settings.py": {"current", "connection", "names_key", "secret_key"},
    "land/readers/spreadsheet.py": {"*"},  # PATH of the limited child process
    "desk/actions.py": {"_work"},  # that of the child, the command line
    "steps/tidy.py": {"airflow"},  # that of the child, Airflow's own command
}
CLOCKS = {
    "base/run.py": {"now"},  # stamps outside the database
    "base/settings.py": {"today"},  # asked by starters
}


class Found(ast.NodeVisitor):
    """Where a module reads or writes the environment and asks for the date, by function."""

    def __init__(self, tree: ast.AST):
        self.reads: set[str] = set()
        self.writes: set[str] = set()
        self.clocks: set[str] = set()
        self.asks: set[str] = set()
        self._inside = ["<module>"]
        self.visit(tree)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._inside.append(node.name)
        self.generic_visit(node)
        self._inside.pop()

    def visit_Attribute(self, node: ast.Attribute) -> None:
        name = ast.unparse(node)
        if name in ("os.environ", "os.getenv", "os.putenv", "os.unsetenv"):
            self.reads.add(self._inside[-1])
        if name in ("date.today", "datetime.now", "datetime.today", "datetime.utcnow", "datetime.date.today"):
            self.clocks.add(self._inside[-1])
        if name in (
            "settings.today",
            "settings.business_date",
            "settings.os_user",
            "settings.session_token",
            "settings.code_version",
        ):
            self.asks.add(self._inside[-1])
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name = ast.unparse(node.func)
        if name.startswith("os.environ.") and name.rpartition(".")[2] in (
            "update", "setdefault", "pop", "clear", "popitem", "__setitem__", "__delitem__"
        ) or name in ("os.putenv", "os.unsetenv"):  # fmt: skip
            self.writes.add(self._inside[-1])
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if ast.unparse(node.value) == "os.environ" and isinstance(node.ctx, ast.Store | ast.Del):
            self.writes.add(self._inside[-1])
        self.generic_visit(node)


def _modules() -> Iterator[tuple[str, Found]]:
    for path in sorted(PRODUCT.rglob("*.py")):
        name = path.relative_to(PRODUCT).as_posix()
        if not name.startswith(STARTERS) and "migrations/" not in name:
            yield name, Found(ast.parse(path.read_text(encoding="utf-8")))


def _beyond(found: set[str], allowed: set[str]) -> set[str]:
    return set() if "*" in allowed else found - allowed


def test_the_environment_is_written_in_one_block_and_read_in_the_settings() -> None:
    writes = {name: _beyond(found.writes, WRITES.get(name, set())) for name, found in _modules()}
    reads = {name: _beyond(found.reads, READS.get(name, set())) for name, found in _modules()}
    assert {name: places for name, places in writes.items() if places} == {}
    assert {name: places for name, places in reads.items() if places} == {}


def test_no_clock_is_read_below_the_starters() -> None:
    clocks = {name: _beyond(found.clocks, CLOCKS.get(name, set())) for name, found in _modules()}
    assert {name: places for name, places in clocks.items() if places} == {}
    asked = {name: found.asks for name, found in _modules() if found.asks and name != "base/settings.py"}
    assert asked == {}, "only starters ask for today, the user and the version: a Run says it"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("import os\ndef f(): os.environ['A'] = 'b'", "writes"),
        ("import os\ndef f(): del os.environ['A']", "writes"),
        ("import os\ndef f(): os.environ.update(A='b')", "writes"),
        ("import os\ndef f(): return os.environ.get('A')", "reads"),
        ("import os\ndef f(): return os.getenv('A')", "reads"),
        ("from datetime import date\ndef f(): return date.today()", "clocks"),
        ("from datetime import datetime\ndef f(): return datetime.now()", "clocks"),
        ("def f(): return settings.today()", "asks"),
    ],
)
def test_the_look_at_the_code_finds_each_kind(code: str, kind: str) -> None:
    assert getattr(Found(ast.parse(code)), kind) == {"f"}


def test_a_run_never_changes() -> None:
    run = run_on(date(2026, 2, 25))
    with pytest.raises(FrozenInstanceError):
        run.on = date(2026, 2, 26)
    assert run.at(date(2026, 2, 26)) == Run(date(2026, 2, 26), run.dag_run, run.code_version, run.who)
    assert run.by("李四") == Run(run.on, run.dag_run, run.code_version, "李四")


@pytest.mark.parametrize("ends", ["well", "in an error"])
def test_what_dbt_reads_is_in_the_environment_only_while_it_runs(
    ends: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PCW_HOME", str(tmp_path))
    monkeypatch.setenv("PCW_CONN_PCW_DB_BUILDER", "postgresql://pcw_builder:secret@127.0.0.1:1/x")
    monkeypatch.setenv("DBT_LOG_PATH", "elsewhere")
    monkeypatch.delenv("PCW_DBT_PASSWORD", raising=False)
    before = dict(os.environ)
    try:
        with command.environment():
            assert os.environ["PCW_DBT_PASSWORD"] == "secret" and os.environ["DBT_LOG_PATH"] != "elsewhere"
            if ends != "well":
                raise ValueError
    except ValueError:
        pass
    assert dict(os.environ) == before
