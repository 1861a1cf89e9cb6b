"""Fixtures: one embedded PostgreSQL per session, one fresh migrated warehouse per test that asks for one."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import psycopg
import pytest
import yaml

from tests import seeds

CHECKOUT = Path(__file__).resolve().parents[1]
DEMO = CHECKOUT / "include" / "districts" / "demo"
SHARED = CHECKOUT.parent / "shared"
_numbers = itertools.count(1)
os.environ["PCW_DISTRICT"] = "demo"  # the invented district, unless a test names another
hypothesis.settings.register_profile("fixed", derandomize=True, database=None)
hypothesis.settings.register_profile("exploring", database=None)
hypothesis.settings.load_profile("exploring" if "PCW_TEST_SEED" in os.environ else "fixed")


_SERVERS = {"postgres", "migrated", "warehouse", "lone_warehouse"}  # fixtures that start a database


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fast", action="store_true", help="only what needs no database and no minute (daily work)")


def pytest_configure(config: pytest.Config) -> None:
    if "PCW_TEST_SEED" in os.environ:
        hypothesis.core.global_force_seed = seeds.SEED  # type: ignore[assignment]  # made for this


def _fast(item: pytest.Item) -> bool:
    """Whether a test needs neither a database nor a minute: functions, rules, catalogue, dbt's parsing, DAG files."""
    fixtures = set(getattr(item, "fixturenames", ()))
    return not fixtures & _SERVERS and not any(item.get_closest_marker(name) for name in ("slow", "chain"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest first: with several workers, the whole chain ends with the others."""
    if config.getoption("--fast"):
        left_out = [item for item in items if not _fast(item)]
        items[:] = [item for item in items if _fast(item)]
        config.hook.pytest_deselected(items=left_out)
    items.sort(key=lambda item: not item.path.is_relative_to(CHECKOUT / "tests" / "chain"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line(f"PCW_TEST_SEED={seeds.SEED}")


@dataclass
class Cluster:
    """A running PostgreSQL with the product's roles and a migrated template database."""

    server: Any
    home: Path
    connections: dict[str, str]

    def admin(self) -> psycopg.Connection:
        return psycopg.connect(self.server.url("postgres", "postgres"), autocommit=True)


@dataclass
class Warehouse:
    """A fresh warehouse: its state folder and its database."""

    home: Path
    database: str
    cluster: Cluster

    def connect(self, role: str = "owner") -> psycopg.Connection:
        from public_credit.base import settings

        return psycopg.connect(settings.dsn(role))

    def add_connections(self, **uris: str) -> None:
        """Offer more connections (departments, city) to the product."""
        path = self.home / "secrets" / "connections.yaml"
        content = yaml.safe_load(path.read_text(encoding="utf-8")) | uris
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


@contextmanager
def open_cluster(home: Path) -> Iterator[Cluster]:
    """A PostgreSQL server with the product's roles and databases while the block runs."""
    from local_stack.bootstrap import bootstrap
    from local_stack.postgres import Server

    # A killed process loses nothing by it, and no test turns the machine off.
    server = Server(home / "postgres", fsync="off", full_page_writes="off")
    server.start()
    try:
        connections = bootstrap(server.url(), server.url, home, ("airflow", "exchange"))
        yield Cluster(server, home, connections)
    finally:
        server.stop()


def migrate_template(cluster: Cluster) -> None:
    """Migrate the database ``public_credit``; it serves as the template of every test's own."""
    from public_credit.base import settings
    from public_credit.steps.migrate import migrate

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PCW_HOME", str(cluster.home))
        patch.setenv("PCW_DISTRICT", "")  # what a test names is remembered by its own warehouse
        migrate()
        for role in settings.ROLES:
            settings.engine(role).dispose()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The session's PostgreSQL cluster, without any table of ours yet."""
    with open_cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def migrated(postgres: Cluster) -> Cluster:
    """The session's cluster with its template database migrated."""
    migrate_template(postgres)
    return postgres


@contextmanager
def open_warehouse(migrated: Cluster, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Warehouse]:
    """A fresh migrated database and state folder; the environment points at them while the block runs."""
    from local_stack.files import file_of
    from public_credit.base import settings

    database = f"test_{next(_numbers)}"
    with migrated.admin() as admin:
        admin.execute(f"create database {database} template public_credit owner pcw_owner")
    home = folder / "state"
    shutil.copytree(migrated.home / "secrets", home / "secrets")
    connections = {
        name: uri.replace("/public_credit", f"/{database}") if name.startswith("pcw_db_") else uri
        for name, uri in migrated.connections.items()
    }
    connections["alert"] = (home / "alerts").as_uri()
    for path in {file_of(home, name) for name in connections}:
        here = {name: uri for name, uri in connections.items() if file_of(home, name) == path}
        path.write_text(yaml.safe_dump(here), encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setenv("PCW_HOME", str(home))
        try:
            yield Warehouse(home, database, migrated)
        finally:
            for role in settings.ROLES:
                settings.engine(role).dispose()
            with migrated.admin() as admin:
                admin.execute(f"drop database {database} with (force)")


@pytest.fixture
def warehouse(migrated: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Warehouse]:
    """A fresh warehouse for one test."""
    with open_warehouse(migrated, tmp_path, monkeypatch) as opened:
        yield opened


@pytest.fixture
def lone_warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Warehouse]:
    """A fresh warehouse on a server of its own, where no other test ever wrote a byte."""
    (tmp_path / "lone").mkdir()
    with open_cluster(tmp_path / "lone") as cluster:
        migrate_template(cluster)
        with open_warehouse(cluster, tmp_path, monkeypatch) as opened:
            yield opened


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what a build reads of the checkout, to be edited."""
    copy = tmp_path / "checkout"
    for name in ("dbt_project", "expectations", "include/catalogue", "include/districts"):
        shutil.copytree(CHECKOUT / name, copy / name)
    monkeypatch.setenv("PCW_ROOT", str(copy))
    return copy


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real registry data beside the project; tests that read it skip where it is absent."""
    folder = SHARED / "data"
    if not (folder / "zibo_registry_1980_2000.csv").exists():
        pytest.skip("真实登记数据 ../shared/data 不在本机（非商业许可，不随项目分发）")
    return folder
