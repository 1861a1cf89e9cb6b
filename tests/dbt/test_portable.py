"""The SQL of the models means the same on PostgreSQL and Spark: what differs stands in macros/dialect.sql, and nowhere else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CHECKOUT

PROJECT = CHECKOUT / "dbt_project"
DIALECT = PROJECT / "macros" / "dialect.sql"
# How PostgreSQL keeps a relation: not the meaning of a model.
ONLY_POSTGRES = set((PROJECT / "macros" / "materializations").glob("*.sql"))
FORBIDDEN = {
    r"\bconcat\(": "NULL on Spark as soon as one part is, blank on PostgreSQL: concat_ws('', …)",
    r"\|\|": "NULL as soon as one part is: concat_ws('', …)",
    r"\bto_char\(": "date_format on Spark: month_text, day_text",
    r"\btrim_scale\(": "unknown to Spark: plain_number",
    r"\b(string_agg|listagg|array_agg)\(": "no order on Spark: joined",
    r"\bunnest\(|\bstring_to_array\(|\bexplode\(": "lateral view on Spark: cross_join_parts",
    r"\b(isodow|dayofweek\w*|dow)\b": "counted otherwise: weekday",
    r"\bpg_\w+\(": "unknown to Spark: date_if_readable",
    r"\bnormalize\(": "unknown to Spark: names are folded at landing",
    r"\bas (not )?materialized\b": "unknown to Spark: computed_once()",
    r"\bcast\([^()]*(\([^()]*\)[^()]*)* as (text|string|varchar)\b": "text or string: dbt.type_string()",
    r"::": "unknown to Spark: cast(… as …)",
    r"\b(to_)?jsonb?\w*\(|->": "structs on Spark: row_as_json",
    r"\banalyze\b": "another statement on Spark: take_statistics",
    r"\bdistinct on\b": "unknown to Spark: row_number() … = 1",
    r"\b(generate_series|strpos|btrim|position\([^()]*,)": "unknown to Spark: the calendar, position(… in …), trim",
    r"(~\*?|\bsimilar to|\bilike|\bregexp_\w+\() *'": "regular expressions differ; checks are made at landing",
    r"\barray\[|\bany *\(": "no arrays in SQL that both read",
    r"\b(\w+\.)?(\w+_(on|date|day|from|to|end)|day) - (?!\d)(\w+\.)?\w": "an interval on Spark: days_between",
    r"\b(now\(|current_date|current_timestamp|clock_timestamp)": "no model reads the clock: business_day()",
}


def _sql(text: str) -> str:
    """Without comments and without what Jinja computes for itself; arguments of macros are SQL and stay."""
    text = re.sub(r"\{#.*?#\}|--[^\n]*", " ", text, flags=re.DOTALL)
    return re.sub(r"\{%.*?%\}|\{\{.*?\}\}", lambda block: re.sub(r" ~ ", " ", block[0]), text, flags=re.DOTALL)


def found(text: str) -> list[str]:
    """What of a file only PostgreSQL understands, each with the remedy."""
    sql = _sql(text)
    return [f"{hit[0]}: {remedy}" for pattern, remedy in FORBIDDEN.items() for hit in re.finditer(pattern, sql)]


@pytest.mark.parametrize("folder", ["models", "macros", "tests"])
def test_models_speak_no_dialect(folder: str) -> None:
    files = [path for path in (PROJECT / folder).rglob("*.sql") if path not in {DIALECT, *ONLY_POSTGRES}]
    assert files
    told = {path.name: found(path.read_text(encoding="utf-8")) for path in sorted(files)}
    assert {name: hits for name, hits in told.items() if hits} == {}


@pytest.mark.parametrize(
    "sql",
    [
        "select concat(a, b) from t",
        "select a || b from t",
        "select to_char(d.day, 'YYYY-MM') from t",
        "select string_agg(a, ';' order by b) from t",
        "select * from t, unnest(string_to_array(a, ';')) as part (name)",
        "select extract(isodow from day) from t",
        "with a as materialized (select 1) select * from a",
        "select cast(null as text) from t",
        "select cast(coalesce(a, b) as varchar(10)) from t",
        "select a::date from t",
        "select to_jsonb(t) from t",
        "select distinct on (a) a from t",
        "select q.closed_on - q.opened_on from t",
        "select current_date",
    ],
)
def test_what_only_postgres_understands_is_found(sql: str) -> None:
    assert found(sql)


def test_every_word_of_the_dialect_is_said_for_both_databases() -> None:
    text = DIALECT.read_text(encoding="utf-8")
    asked = re.findall(r"adapter\.dispatch\('(\w+)'\)", text)
    defined = re.findall(r"\{% macro (\w+)\(([^)]*)\)", text)
    assert len(asked) > 10
    assert {name: given for name, given in defined} == {
        f"{prefix}{name}": given for name, given in defined if name in asked for prefix in ("", "postgres__", "spark__")
    }
    used = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("models", "macros")
        for path in (PROJECT / folder).rglob("*.sql")
        if path != DIALECT
    )
    assert [name for name in asked if f"{name}(" not in used] == [], "a word nobody says"
    assert [path.name for path in _others() if "adapter.dispatch(" in path.read_text(encoding="utf-8")] == []


def _others() -> list[Path]:
    return [path for path in (PROJECT / "macros").rglob("*.sql") if path != DIALECT]


def merged(taken_out: str | None = None) -> str:
    """The MERGE that keeps a table on Spark, without a Spark."""
    from jinja2 import Environment

    text = (PROJECT / "macros" / "materializations" / "merged.sql").read_text(encoding="utf-8")
    macros: Any = Environment(extensions=["jinja2.ext.do"]).from_string(text).module
    if taken_out is not None:
        keys = {"key": ["record_id"], "where": "change = 'delete'"}
        taken_out = macros.condition_taken_out(keys, taken_out == "of_build", 7, "intermediate.changes")
    return str(
        macros.merge_and_take_out("marts.entry", "entry__dbt_tmp", ["record_id", "state"], ["record_id"], taken_out)
    )


def test_on_spark_one_merge_takes_out_and_puts_in() -> None:
    plain, taking = " ".join(merged().split()), " ".join(merged("").split())
    assert "select record_id, state, false as goes_out from entry__dbt_tmp ) as told" in plain
    assert "kept.record_id <=> told.record_id when matched and told.goes_out then delete" in plain
    assert (
        "where exists ( select 1 from intermediate.changes as gone where change = 'delete' and gone.build_id = 7 "
        "and gone.record_id <=> kept.record_id) and not exists" in taking
    )
    assert "build_id = 7" not in merged("of_build"), "all of what speaks of one build"


def test_every_kept_table_has_a_key_that_a_merge_can_use() -> None:
    """Appended tables merge by their grain on Spark: without one a resumed build would add its rows twice."""
    kept = re.compile(r"materialized='incremental'")
    for path in sorted((PROJECT / "models").rglob("*.sql")):
        text = path.read_text(encoding="utf-8")
        assert not kept.search(text) or "'grain'" in text or "unique_key=" in text, path.name
