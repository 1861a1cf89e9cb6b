"""The code reads of dbt what ``ledger.published`` lists and nothing else, and dbt promises it by contract."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from public_credit.catalogue import load_catalogue
from public_credit.ledger.published import RELATIONS
from public_credit.steps.migrate import DBT_SCHEMAS

from tests.helpers.project import parsed

ROOT = Path(__file__).resolve().parents[2]
CODE = ROOT / "include" / "public_credit"
NAMED = re.compile(rf"\b(?:{'|'.join(DBT_SCHEMAS)})\.\w*")
HALF = re.compile(rf"(?:\b(?:{'|'.join(DBT_SCHEMAS)})\.\w*|\b(?:mart|fct|int|stg|exp)_\w*)$")
# These write dbt's models of a kind, list what is read, give and compare rights, ask for the columns of raw tables, or whether the
# table of persons, which the database alone reads, was made.
OWN = {
    CODE / name
    for name in (
        "catalogue/generate.py",
        "catalogue/generate_records.py",
        "land/digests.py",
        "ledger/published.py",
        "ledger/rights/compare.py",
        "ledger/rights/policy.py",
        "papers/person.py",
        "steps/migrate.py",
    )
}


def texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of every string; what is filled in stands as ``{}``."""
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield (
                node.lineno,
                "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values),
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield node.lineno, node.value


def violations(source: str) -> list[tuple[int, str]]:
    """Relations of dbt that are named but not listed, or put together, and probing."""
    found = []
    for line, text in texts(ast.parse(source)):
        found += [(line, name) for name in NAMED.findall(text) if name not in RELATIONS]
        found += [(line, part) for part in text.split("{}")[:-1] if HALF.search(part)]
        found += [(line, name) for name in ("to_regclass", "pg_attribute") if name in text]
    return found


@pytest.mark.parametrize(
    "source",
    [
        'sql = "select 1 from intermediate.int_records__current"',
        "sql = f'select 1 from staging.stg_{kind.id}'",
        "sql = f'select 1 from marts.mart_subjects__{name}'",
        "sql = 'select 1 from marts.' + name",
        "sql = f'select 1 from {schema}.int_{kind}__current'",
        "sql = \"select to_regclass('x')\"",
    ],
)
def test_reading_past_the_list_is_seen(source: str) -> None:
    assert violations(source)


def test_the_code_names_no_other_relation_of_dbt() -> None:
    files = [path for path in CODE.rglob("*.py") if "migrations" not in path.parts and path not in OWN]
    assert len(files) > 100
    assert [(str(path), *found) for path in files for found in violations(path.read_text(encoding="utf-8"))] == []


def test_what_is_listed_is_read() -> None:
    read = "".join(path.read_text(encoding="utf-8") for path in CODE.rglob("*.py") if path not in OWN)
    assert [name for name in RELATIONS if name not in read] == []


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return parsed(tmp_path_factory.mktemp("dbt"))


@pytest.mark.parametrize("relation", sorted(RELATIONS))
def test_dbt_promises_what_is_read(nodes: dict[str, Any], relation: str) -> None:
    node = nodes[relation]
    if node["resource_type"] == "seed":
        promised = node["config"]["column_types"]
    else:
        assert node["contract"]["enforced"] and node["description"]
        assert all(column["description"] for column in node["columns"].values())
        promised = {name: column["data_type"] for name, column in node["columns"].items()}
        promised |= {name: "text" for name, kind in promised.items() if kind == "string"}  # as PostgreSQL says it
    read = {name: kind for kind, names in RELATIONS[relation].items() for name in names.split()}
    assert read.items() <= promised.items()
    if relation.startswith("published."):
        assert read == promised


def test_nothing_is_published_that_is_not_listed(nodes: dict[str, Any]) -> None:
    published = {name for name in nodes if name.startswith("published.")}
    assert published == {name for name in RELATIONS if name.startswith("published.")}


def test_versions_are_of_every_kind_and_export_changes_of_every_interface(nodes: dict[str, Any]) -> None:
    def read_by(relation: str) -> set[str]:
        return {name.split(".")[-1] for name in nodes[relation]["depends_on"]["nodes"]}

    kinds = {name.removeprefix("stg_") for name in read_by("published.versions")}
    assert kinds == set(load_catalogue().kinds)
    assert read_by("published.export_changes") == {
        f"exp_{receiver.id}__{interface}"
        for receiver in load_catalogue().receivers.values()
        for interface in receiver.interfaces
    }
