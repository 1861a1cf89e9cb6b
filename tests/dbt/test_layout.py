"""Where a model stands: its topic's folder, its layer in its name, one yml beside it that says what it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.conftest import CHECKOUT
from tests.helpers.project import parsed

MODELS = CHECKOUT / "dbt_project" / "models"
SQL = sorted(MODELS.rglob("*.sql"))
OF_THE_WHOLE = {"_groups.yml", "_exposures.yml", "_sources.yml", "_raw.yml"}
LAYERS = ("stg_", "int_", "mart_", "fct_", "exp_")
TOPICS = {
    "attention",
    "decisions",
    "exports",
    "food_drug",
    "lists",
    "published",
    "receipts",
    "records",
    "registers",
    "staging",
    "subjects",
    "supervision",
    "targets",
}


def test_every_folder_is_a_topic_and_every_name_begins_with_its_layer() -> None:
    assert {path.parent for path in SQL} == {MODELS / topic for topic in TOPICS}
    apart = {"staging": "stg_", "exports": "exp_"}
    for path in SQL:
        if path.parent.name != "published":  # names of what the code reads, in a schema of their own
            assert path.stem.startswith(LAYERS), path.name
            assert [topic for topic, layer in apart.items() if path.stem.startswith(layer)] == [
                topic for topic in apart if path.parent.name == topic
            ], path.name


@pytest.mark.parametrize("path", SQL, ids=lambda path: path.stem)
def test_a_model_is_described_beside_itself(path: Path) -> None:
    (entry,) = yaml.safe_load(path.with_suffix(".yml").read_text(encoding="utf-8"))["models"]
    assert entry["name"] == path.stem and entry["description"]


def test_a_yml_describes_one_model_and_is_read_at_a_glance() -> None:
    for path in sorted(MODELS.rglob("*.yml")):
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 150, path.name
        if path.name not in OF_THE_WHOLE:
            model = path.stem.removesuffix("_tests")
            assert path.with_name(f"{model}.sql") in SQL, path.name
            assert {test["model"] for test in yaml.safe_load(text).get("unit_tests", [])} <= {model}, path.name


def test_only_staging_reads_raw_tables_and_what_became_of_a_row() -> None:
    asked = re.compile(r"source\('raw'|source\('ledger', '(row_outcome|unchanged_rows)'\)|{{ kept_out\(")
    project = MODELS.parent
    readers = {path for path in project.rglob("*.sql") if asked.search(path.read_text(encoding="utf-8"))}
    assert len(readers) > 3
    assert {path for path in readers if path.parent.name != "staging"} == {
        project / "macros" / name for name in ("staging.sql", "dialect.sql")
    }


def test_a_table_that_every_build_makes_anew_says_why() -> None:
    """It speaks of one build alone (then it is not logged either), or its page says why it is made whole."""
    kept = {"staging", "exports", "published"}  # dbt_project.yml: incremental, incremental, views
    told, whole, of_build = set(), set(), set()
    for path in SQL:
        text = path.read_text(encoding="utf-8")
        (entry,) = yaml.safe_load(path.with_suffix(".yml").read_text(encoding="utf-8"))["models"]
        if entry.get("config", {}).get("meta", {}).get("rebuilt_whole"):
            told.add(path.stem)
        config = re.search(r"materialized='(\w+)'", text)
        if config[1] == "table" if config else path.parent.name not in kept:
            whole.add(path.stem)
            of_build |= {path.stem} if "meta={'of_build': true}" in text else set()
    assert len(whole) > 20 and told & of_build == set()
    assert told | of_build == whole
    topics = yaml.safe_load((MODELS.parent / "dbt_project.yml").read_text(encoding="utf-8"))["models"]["public_credit"]
    unlogged = {
        model
        for topic in topics.values()
        if isinstance(topic, dict)
        for model, config in topic.items()
        if isinstance(config, dict) and config.get("+unlogged")
    }
    assert unlogged == of_build


def test_no_index_is_the_beginning_of_another(tmp_path: Path) -> None:
    """What it finds, the other finds, and every row would be put into both."""
    told, tables, indexes = [], 0, 0
    for name, node in parsed(tmp_path).items():
        config = node["config"]
        plain = [index["columns"] for index in config.get("indexes") or [] if not index.get("unique")]
        unique = [index["columns"] for index in config.get("indexes") or [] if index.get("unique")]
        unique += [config["meta"].get("grain", []), *(key["columns"] for key in node.get("constraints", []))]
        tables, indexes = tables + bool(plain), indexes + len(plain)
        for columns in plain:
            others = [other for other in plain if other is not columns] + unique
            told += [(name, columns) for other in others if other[: len(columns)] == columns]
    assert told == [] and tables > 30 and indexes > 50
