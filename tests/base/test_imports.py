"""Imports stand at the top; one inside a function is listed with its reason, and no package makes up names when asked."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import yaml

from tests.conftest import CHECKOUT

REASONS = Path(__file__).with_name("late_imports.yml")
FOLDERS = [CHECKOUT / "include" / "public_credit", CHECKOUT / "include" / "local_stack", CHECKOUT / "dags"]
FILES = sorted(path for folder in FOLDERS for path in folder.rglob("*.py"))


def _absolute(path: Path, statement: ast.ImportFrom) -> str:
    """The module an import names, relative ones spelt out."""
    if not statement.level:
        return statement.module or ""
    base = CHECKOUT / "include" if path.is_relative_to(CHECKOUT / "include") else CHECKOUT / "dags"
    package = path.relative_to(base).parent.parts
    return ".".join([*package[: len(package) - statement.level + 1], *filter(None, [statement.module])])


def late(path: Path, text: str) -> Iterator[tuple[int, str]]:
    """Line and module of every import inside a function; ``from .. import room`` names the room."""
    for function in ast.walk(ast.parse(text)):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for statement in ast.walk(function):
            if isinstance(statement, ast.Import):
                yield from ((statement.lineno, alias.name) for alias in statement.names)
            elif isinstance(statement, ast.ImportFrom):
                module = _absolute(path, statement)
                if module == "public_credit":
                    yield from ((statement.lineno, f"{module}.{alias.name}") for alias in statement.names)
                else:
                    yield statement.lineno, module


def test_an_import_inside_a_function_has_a_reason_and_every_reason_an_import() -> None:
    reasons = yaml.safe_load(REASONS.read_text(encoding="utf-8"))
    found = {(path, *item) for path in FILES for item in late(path, path.read_text(encoding="utf-8"))}
    assert not [f"{path}:{line} {module}" for path, line, module in sorted(found) if module not in reasons]
    assert set(reasons) == {module for _, _, module in found} and all(reasons.values())


def test_an_import_inside_a_function_is_seen_however_it_is_written() -> None:
    text = "def f():\n    import a.b\n    if True:\n        from ..land import stream\n    async def g():\n        from .. import gate\n"
    seen = set(late(CHECKOUT / "include" / "public_credit" / "steps" / "work.py", text))
    assert seen == {(2, "a.b"), (4, "public_credit.land"), (6, "public_credit.gate")}


def test_no_module_makes_up_names() -> None:
    for path in FILES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            assert not (isinstance(node, ast.FunctionDef) and node.name == "__getattr__"), path
