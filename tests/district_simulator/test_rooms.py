"""The rooms of the simulator; the floors themselves are contracts of import-linter (pyproject.toml)."""

from __future__ import annotations

import ast
from pathlib import Path

import district_simulator

FOLDER = Path(district_simulator.__file__).parent


def test_no_import_hides_in_a_function_or_for_types_only() -> None:
    hidden = []
    for path in sorted(FOLDER.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        top = set(map(id, tree.body))
        hidden += [
            f"{path.relative_to(FOLDER)}:{node.lineno} {ast.unparse(node)}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom) and id(node) not in top
        ]
    assert hidden == []


def test_the_assembly_calls_every_part_once() -> None:
    """A part that adds to the book and is not called would be missed by nobody."""
    parts = {
        path.stem
        for room in ("decisions", "sectors", ".")
        for path in (FOLDER / room).glob("*.py")
        if any(isinstance(n, ast.FunctionDef) and n.name == "add" for n in ast.parse(path.read_text("utf-8")).body)
    }
    calls = [
        ast.unparse(node.func).split(".")[0]
        for node in ast.walk(ast.parse((FOLDER / "assemble.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".add")
    ]
    assert {"roster", "versions", "events", "accidents", "ledger", "later", "history", "stamps"} <= parts
    assert sorted(calls) == sorted(parts - {"ordinary"} | {"ordinary_decisions", "ordinary_records"})
