"""How a table is kept from build to build (docs/build-protocol.md): the project's materialization in a project of four models."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import CHECKOUT

PROJECT = CHECKOUT / "dbt_project"
BUILD = "{{ var('build_id') }}"
MODELS = {
    "int_lab__touched": "{{ config(meta={'of_build': true}) }} select distinct key from intermediate.given where build_id = "
    + BUILD,
    "int_lab__kept": """{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail',
              meta={'grain': ['key'], 'takes_out': keys_of('int_lab__touched', ['key'])}) }}
select key, value from intermediate.given
where {% if is_incremental() %}build_id = BUILD{% else %}build_id <= BUILD{% endif %} and value <> 'gone'
  {%- if var('hangs', false) %} and pg_sleep(60) is not null{% endif %}""",
    "int_lab__merged": """{{ config(materialized='incremental', incremental_strategy='merge', unique_key='key',
              meta={'takes_out': keys_of('int_lab__history', ['key'], where="value = 'gone'")}) }}
select key, value from intermediate.given
where {% if is_incremental() %}build_id = BUILD{% else %}build_id <= BUILD{% endif %} and value <> 'gone'""",
    "int_lab__history": """{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false,
              on_schema_change='append_new_columns', meta={'grain': ['build_id', 'key'], 'once': true}) }}
select build_id, key, value from intermediate.given where build_id = BUILD""",
}


class Lab:
    """A dbt project with the product's macros, over one table of given rows."""

    def __init__(self, folder: Path, warehouse: Any):
        self.folder, self.warehouse = folder, warehouse
        (folder / "models").mkdir(parents=True)
        (folder / "macros").symlink_to(PROJECT / "macros")
        (folder / "dbt_project.yml").write_text(
            yaml.safe_dump(
                {
                    "name": "public_credit",
                    "profile": "public_credit",
                    "config-version": 2,
                    "target-path": "target",
                    "vars": {"build_id": 0},
                    "models": {"public_credit": {"+materialized": "table"}},
                }
            ),
            encoding="utf-8",
        )
        for name, sql in MODELS.items():
            (folder / "models" / f"{name}.sql").write_text(sql.replace("BUILD", BUILD), encoding="utf-8")
        with warehouse.connect("owner") as owner:  # the policy does not know the models of these tests
            owner.execute("insert into ledger.relation_right values ('marts.*', '{}')")
        self.run("create table intermediate.given (build_id integer, key text, value text)")

    def run(self, statement: str) -> None:
        with self.warehouse.connect("builder") as builder:
            builder.execute(statement)

    def rows(self, query: str) -> list[Any]:
        with self.warehouse.connect("builder") as builder:
            return builder.execute(query).fetchall()

    def given(self, build_id: int, **rows: str) -> None:
        for key, value in rows.items():
            self.run(f"insert into intermediate.given values ({build_id}, '{key}', '{value}')")

    def arguments(self, build_id: int, *more: str, hangs: bool = False) -> list[str]:
        variables = f"{{build_id: {build_id}, hangs: {str(hangs).lower()}}}"
        places = ["--project-dir", str(self.folder), "--profiles-dir", str(PROJECT)]
        return ["run", "--quiet", "--vars", variables, *places, *more]

    def build(self, build_id: int, *more: str) -> list[str]:
        """Run dbt; the models that failed."""
        from dbt.cli.main import dbtRunner
        from public_credit.build.command import cheaply, environment

        with environment(), cheaply():
            done: Any = dbtRunner().invoke(self.arguments(build_id, *more))
        assert done.exception is None, done.exception
        return [item.node.name for item in done.result if str(item.status) == "error"]

    def start(self, build_id: int) -> subprocess.Popen[bytes]:
        """The same in a process of its own, in which the computation of int_lab__kept hangs."""
        from public_credit.build.command import environment

        with environment():
            dbt = Path(sys.executable).with_name("dbt")
            return subprocess.Popen([dbt, *self.arguments(build_id, hangs=True)], env=dict(os.environ))

    def kept(self) -> list[Any]:
        return self.rows("select key, value from intermediate.int_lab__kept order by key")

    def merged(self) -> list[Any]:
        return self.rows("select key, value from intermediate.int_lab__merged order by key")

    def history(self) -> list[Any]:
        return self.rows("select build_id, key, value from intermediate.int_lab__history order by 1, 2")

    def grain(self, table: str) -> list[str]:
        return [
            columns
            for (columns,) in self.rows(
                "select string_agg(a.attname, ',' order by a.attname) from pg_index i join pg_attribute a "
                "on a.attrelid = i.indrelid and a.attnum = any(i.indkey) "
                f"where i.indisunique and i.indrelid = cast('intermediate.{table}' as regclass) group by i.indexrelid"
            )
        ]

    def stored_as(self, table: str) -> Any:
        return self.rows(f"select cast('intermediate.{table}' as regclass)::oid")


@pytest.fixture
def lab(warehouse: Any, tmp_path: Path) -> Iterator[Lab]:
    lab = Lab(tmp_path / "lab", warehouse)
    lab.given(1, a="1", b="1", c="1")
    assert lab.build(1) == []
    yield lab


def test_a_build_takes_out_what_it_changes_and_a_resumed_one_is_the_same_build(lab: Lab) -> None:
    first = [("a", "1"), ("b", "1"), ("c", "1")]
    assert lab.kept() == lab.merged() == first
    assert lab.history() == [(1, *row) for row in first]
    assert lab.grain("int_lab__kept") == ["key"] and lab.grain("int_lab__history") == ["build_id,key"]
    assert lab.rows("select reltuples from pg_class where relname = 'int_lab__kept'") == [(3,)], "planned, not blind"

    lab.given(2, b="2", c="gone", d="2")
    for _ in range(2):
        assert lab.build(2) == []
        assert lab.kept() == lab.merged() == [("a", "1"), ("b", "2"), ("d", "2")]
        assert lab.history()[3:] == [(2, "b", "2"), (2, "c", "gone"), (2, "d", "2")]
    lab.run("update intermediate.given set value = '3' where build_id = 2 and key = 'b'")
    assert lab.build(2) == []
    assert lab.kept()[1] == ("b", "3") and lab.history()[3] == (2, "b", "2"), "what it compared with has moved on"


def test_where_nothing_goes_out_nothing_is_computed(lab: Lab) -> None:
    before = lab.kept()
    assert lab.build(2) == []
    lab.run("alter table intermediate.given rename to not_to_be_read")
    assert lab.build(2, "--select", "int_lab__kept", "int_lab__merged") == ["int_lab__merged"]
    assert lab.kept() == before


def test_autovacuum_has_nothing_to_do_again(lab: Lab) -> None:
    """Statistics that count, and none of what the next build makes anew."""
    assert lab.rows("select n_mod_since_analyze from pg_stat_user_tables where relname = 'int_lab__kept'") == [(0,)]
    assert lab.rows("select relname from pg_class where reloptions @> array['autovacuum_enabled=false']") == [
        ("int_lab__touched",)
    ]


def test_a_full_refresh_makes_anew_what_is_no_history(lab: Lab) -> None:
    lab.run("delete from intermediate.int_lab__kept")
    before = {name: lab.stored_as(name) for name in ("int_lab__kept", "int_lab__merged", "int_lab__history")}
    assert lab.build(1, "--full-refresh") == []
    assert lab.kept() == lab.merged() == [("a", "1"), ("b", "1"), ("c", "1")] and len(lab.history()) == 3
    assert [name for name, was in before.items() if lab.stored_as(name) == was] == ["int_lab__history"]
    assert lab.grain("int_lab__kept") == ["key"]
    assert lab.rows("select 1 from pg_class where relname like '%\\_\\_dbt\\_%'") == [], "nothing is left lying about"


def test_what_fails_on_the_way_was_never_there(lab: Lab) -> None:
    before = lab.kept()
    lab.given(2, b="2", d="2")
    lab.given(2, d="twice")
    assert "int_lab__kept" in lab.build(2), "the grain takes no key twice"
    assert lab.kept() == before, "what was taken out is back"
    lab.run("delete from intermediate.given where value = 'twice'")

    killed = lab.start(2)
    asleep = "select pid from pg_stat_activity where query like '%int_lab__kept%pg_sleep%' and pid <> pg_backend_pid()"
    for _ in range(1200):
        if found := lab.rows(asleep):
            break
        assert killed.poll() is None, "dbt ended before it was killed"
        time.sleep(0.1)
    killed.kill()
    killed.wait()
    assert lab.kept() == before
    lab.rows(f"select pg_terminate_backend({found[0][0]})")
    assert lab.build(2) == []
    assert lab.kept() == [("a", "1"), ("b", "2"), ("c", "1"), ("d", "2")]


def test_a_table_of_an_earlier_version_gets_its_grain(lab: Lab) -> None:
    (index,) = lab.rows(
        "select cast(indexrelid as regclass) from pg_index where indisunique "
        "and indrelid = cast('intermediate.int_lab__history' as regclass)"
    )[0]
    lab.run(f"drop index {index}; insert into intermediate.int_lab__history values (1, 'a', '1')")
    lab.given(2, b="2")
    assert lab.build(2) == []
    assert lab.grain("int_lab__history") == ["build_id,key"]
    assert lab.history() == [(1, "a", "1"), (1, "b", "1"), (1, "c", "1"), (2, "b", "2")]


def test_an_index_of_an_earlier_version_that_the_grain_begins_with_goes(lab: Lab) -> None:
    found = "select indexdef from pg_indexes where tablename = 'int_lab__history' and not indexdef like '%UNIQUE%'"
    lab.run(
        "create index on intermediate.int_lab__history (build_id); create index on intermediate.int_lab__history (key)"
    )
    lab.run("create index on intermediate.int_lab__history (build_id, key) where value = '1'")
    lab.run("create index on intermediate.int_lab__history (lower(key))")
    before = {row for row in lab.rows(found) if not row[0].endswith("(build_id)")}
    assert len(before) == 3 and len(lab.rows(found)) == 4
    assert lab.build(2) == []
    assert set(lab.rows(found)) == before


def test_a_new_column_is_refused_or_empty_in_what_was_there_as_the_model_says(lab: Lab) -> None:
    for name in ("int_lab__kept", "int_lab__history"):
        path = lab.folder / "models" / f"{name}.sql"
        path.write_text(path.read_text(encoding="utf-8").replace("key, value", "key, value, 7 as more", 1))
    lab.given(2, b="2")
    assert lab.build(2) == ["int_lab__kept"]
    assert lab.kept() == [("a", "1"), ("b", "1"), ("c", "1")]
    assert lab.rows("select key, more from intermediate.int_lab__history order by build_id, key") == [
        ("a", None),
        ("b", None),
        ("c", None),
        ("b", 7),
    ]


def test_models_share_a_session_and_none_finds_what_another_left_in_it(lab: Lab) -> None:
    """A connection a model is a process of PostgreSQL that reads the catalogue anew: half a second of ten models."""
    leaves = "{{ config(pre_hook=['set work_mem = \\'1234kB\\'', 'create temporary table left_behind (key text)']) }} "
    finds = "select current_setting('work_mem') as memory, cast(to_regclass('pg_temp.left_behind') as text) as found"
    for number in range(4):
        (lab.folder / "models" / f"mart_lab__leaves_{number}.sql").write_text(leaves + finds)
        (lab.folder / "models" / f"mart_lab__finds_{number}.sql").write_text(
            f"{finds} from {{{{ ref('mart_lab__leaves_{number}') }}}}"
        )
    sessions = "select sessions from pg_stat_database where datname = current_database()"
    before = lab.rows(sessions)[0][0]
    assert lab.build(1, "--select", "mart_lab__leaves_0+", "mart_lab__leaves_1+", "mart_lab__leaves_2+") == []
    made = lab.rows(sessions)[0][0] - before
    assert (
        lab.rows(
            "select application_name from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() "
            "and usename = current_user"
        )
        == []
    ), "they end with the command"
    assert 2 <= made <= 6, f"{made} sessions for six models on two threads"
    for number in range(3):
        assert lab.rows(f"select memory, found from marts.mart_lab__leaves_{number}") == [("1234kB", "left_behind")]
        memory, found = lab.rows(f"select memory, found from marts.mart_lab__finds_{number}")[0]
        assert memory != "1234kB" and found is None
