"""The SQL of the dbt project is looked at by sqlfluff (``./run lint``): every file, as a daily build and as a full refresh."""

from pathlib import Path

import pytest
from sqlfluff.core import FluffConfig, Linter
from sqlfluff.core.linter.discovery import paths_from_path

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "dbt_project"
MATERIALIZATIONS = PROJECT / "macros" / "materializations"  # a tag that only dbt knows; no SQL of a model
FILES = sorted(path for path in PROJECT.rglob("*.sql") if path.parent != MATERIALIZATIONS)


@pytest.fixture(scope="module")
def linter():
    return Linter(config=FluffConfig.from_path(str(PROJECT)))


def test_no_file_is_passed_over(linter):
    assert sorted(Path(path).resolve() for path in paths_from_path(str(PROJECT))) == FILES and len(FILES) > 100
    assert linter.config.get("large_file_skip_byte_limit") == 0
    assert [path for path in FILES if "noqa" in path.read_text() or "sqlfluff:" in path.read_text()] == []


@pytest.mark.slow
def test_what_a_full_refresh_runs_parses(linter, monkeypatch):
    monkeypatch.setenv("SQLFLUFF_FULL_REFRESH", "1")
    shapes = {path.read_text().replace(path.stem.removeprefix("stg_"), "…"): path for path in FILES}
    failing = [
        str(path)
        for path in shapes.values()
        if path.parent.name != "macros"
        and linter.parse_rendered(linter.render_file(str(path), linter.config)).violations
    ]
    assert failing == []


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("select a from from t\n", "PRS"),
        ("select a from {{ no_such_macro('t') }}\n", "TMP"),
        ("with unused as (select a from t)\nselect a from t\n", "ST03"),
        ("SELECT a from t\n", "CP01"),
        ("select\n    a\n    , b\nfrom t\n", "LT04"),
        ("select 1 as a from t unused_alias\n", "AL05"),
        ("select a " + "b" * 120 + " from t\n", "LT05"),
        ("select a::text as a from t\n", "CV11"),
    ],
)
def test_lint_finds(linter, sql, code):
    found = linter.lint_string(sql, fname=str(PROJECT / "models" / "stg_new.sql")).violations
    assert code in {violation.rule_code() for violation in found}
