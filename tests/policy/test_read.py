"""Policy that nobody reads is none: every key of the catalogue, the rules and the reports, and every column of a seed, is used."""

from __future__ import annotations

import ast
import csv
import importlib
import inspect
import re
from functools import cache
from pathlib import Path

import pytest
from pydantic import BaseModel

from tests.conftest import CHECKOUT

GRAMMARS = ("catalogue.models", "catalogue.sectors", "land.rules.model", "papers.policy")
# Read by the grammar alone: it has one value, anything else is refused.
ONE_VALUE = {("HttpApi", "signing")}
# What a seed says to its reader, not to a program: where it stands in the law, and since when.
CITED = {"clause", "explanation", "scope", "effective_from"}


@cache
def read() -> set[str]:
    """Names that the product and its DAGs get from objects: attributes, templates, and texts for ``getattr``."""
    names: set[str] = set()
    places = [*(CHECKOUT / "include" / "public_credit").rglob("*.py"), *(CHECKOUT / "dags").glob("*.py")]
    for path in places:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                names.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
                names.add(node.value)
    for path in (CHECKOUT / "include" / "public_credit").rglob("*.j2"):
        names |= set(re.findall(r"\.(\w+)", path.read_text(encoding="utf-8")))
    for path in (CHECKOUT / "expectations").glob("*.yml"):  # bounds that name a setting of the dataset
        names |= set(re.findall(r"dataset\.(\w+)", path.read_text(encoding="utf-8")))
    return names


@pytest.mark.parametrize("grammar", GRAMMARS)
def test_every_key_of_a_grammar_is_read(grammar: str) -> None:
    module = importlib.import_module(f"public_credit.{grammar}")
    models = [
        found
        for found in vars(module).values()
        if inspect.isclass(found) and issubclass(found, BaseModel) and found.__module__ == module.__name__
    ]
    assert models
    unread = {(model.__name__, name) for model in models for name in model.model_fields if name not in read()}
    assert unread - ONE_VALUE == set()


def _seeds() -> list[Path]:
    return sorted((CHECKOUT / "dbt_project" / "seeds").rglob("*.csv"))


@pytest.mark.parametrize("seed", _seeds(), ids=lambda path: path.stem)
def test_every_column_of_a_seed_is_read(seed: Path) -> None:
    """In a model, macro or module that names the seed."""
    places = [*(CHECKOUT / "dbt_project").glob("m*/**/*.sql"), *(CHECKOUT / "include" / "public_credit").rglob("*.py")]
    texts = [path.read_text(encoding="utf-8") for path in places]
    readers = [text for text in texts if re.search(rf"\b{seed.stem}\b", text)]
    assert readers, "no model reads this seed"
    with seed.open(encoding="utf-8") as rows:
        columns = set(next(csv.reader(rows)))
    unread = {name for name in columns - CITED if not any(re.search(rf"\b{name}\b", text) for text in readers)}
    assert unread == set()


def test_every_variable_of_the_models_is_read() -> None:
    project = (CHECKOUT / "dbt_project" / "dbt_project.yml").read_text(encoding="utf-8")
    block = re.search(r"^vars:\n((?:  .*\n)+)", project, re.MULTILINE)
    assert block
    texts = "".join(path.read_text(encoding="utf-8") for path in (CHECKOUT / "dbt_project").glob("m*/**/*.sql"))
    assert [
        name
        for name in re.findall(r"^  (\w+):", block.group(1), re.MULTILINE)
        if f"var('{name}')" not in texts and f'var("{name}")' not in texts
    ] == []
