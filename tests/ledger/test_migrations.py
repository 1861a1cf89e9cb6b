"""The migrations and the models describe the same database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from public_credit.base.messages import UserError
from public_credit.ledger.models import Base
from public_credit.steps.migrate import migrate
from sqlalchemy import create_engine, text

from tests.helpers import penalties

_DEFINITIONS = """
    select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint
    where connamespace::regnamespace::text in ('ledger', 'vault', 'subjects', 'desk')
    union all
    select tablename, indexname, indexdef from pg_indexes where schemaname in ('ledger', 'vault', 'subjects', 'desk')
    union all
    select table_name, column_name, concat_ws(' ', data_type, is_nullable, column_default, is_identity)
    from information_schema.columns join information_schema.tables using (table_schema, table_name)
    where table_schema in ('ledger', 'vault', 'subjects', 'desk') and table_name <> 'alembic_version' and table_type = 'BASE TABLE'"""


def _definitions(url: str) -> set[tuple[str, str, str]]:
    with psycopg.connect(url) as connection:
        found = connection.execute(_DEFINITIONS).fetchall()
    return {row for row in found if "alembic" not in "".join(row)}


def test_what_is_migrated_is_what_the_models_say(warehouse) -> None:
    server = warehouse.cluster.server
    with warehouse.cluster.admin() as admin:
        admin.execute("create database from_models")
    try:
        url = server.url("from_models").replace("postgresql://", "postgresql+psycopg://")
        engine = create_engine(url)
        with engine.begin() as connection:
            for schema in ("ledger", "vault", "subjects", "desk"):
                connection.execute(text(f"create schema {schema}"))
            Base.metadata.create_all(connection)
        engine.dispose()
        expected, actual = _definitions(server.url("from_models")), _definitions(server.url(warehouse.database))
        assert actual - expected == set() and expected - actual == set()
    finally:
        with warehouse.cluster.admin() as admin:
            admin.execute("drop database from_models with (force)")


def test_nothing_is_left_to_migrate(warehouse) -> None:
    url = warehouse.cluster.server.url(warehouse.database).replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_schemas": True,
                "include_name": lambda name, kind, parents: (
                    kind != "schema" or name in ("ledger", "vault", "subjects", "desk")
                ),
                "include_object": lambda item, name, kind, reflected, other: name != "alembic_version",
            },
        )
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()
    migrate()


def test_a_warehouse_with_deliveries_is_not_started_without_its_district(
    warehouse: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PCW_DISTRICT", "")
    migrate()
    monkeypatch.setenv("PCW_DISTRICT", "demo")
    penalties.land(tmp_path, "a.csv", penalties.csv_bytes(penalties.rows(1)))
    monkeypatch.setenv("PCW_DISTRICT", "")
    with pytest.raises(UserError, match="没有指定辖区"):
        migrate()
