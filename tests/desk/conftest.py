"""The desk over a warehouse with two judged receipts, one of them with a slip; and somebody of each role signed in."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from local_stack.postgres import free_port
from public_credit.base import settings
from public_credit.catalogue import load_catalogue
from public_credit.desk import app, guard, kept, sessions
from public_credit.desk.person import Person
from public_credit.ledger.states import Audience, Channel
from public_credit.steps.follow_up import follow_up
from sqlalchemy import Connection, Engine, event
from starlette.testclient import TestClient

from tests.conftest import open_warehouse
from tests.helpers import penalties
from tests.helpers.runs import run_on
from tests.papers.leadership.browser import CHROMIUM, Tab, browser

ACCOUNTS = {"engineer": "engineer", "leadership": "leader", "auditor": "auditor", "clerk": "clerk"}

ARCHIVE = "pcw_collector"  # reads an archived original to compute its hash again; nothing of it is shown

NEEDS_CHROMIUM = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on this machine (Debian: apt-get install chromium fonts-noto-cjk)"
)


@contextmanager
def in_browser(folder: Path) -> Iterator[tuple[Tab, str]]:
    """A browser with its profile in ``folder``, and the address of the desk, served while the block runs."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app.application(), host="127.0.0.1", port=port, log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.02)
        with browser(folder) as tab:
            yield tab, f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@dataclass
class Desk:
    """The application, who is signed in, and what the ledger holds."""

    warehouse: Any
    client: Callable[[str], TestClient]
    people: dict[str, Person]
    good: int
    returned: int
    slip: str

    def query(self, sql: str, *given: Any) -> list[tuple[Any, ...]]:
        with self.warehouse.connect("owner") as connection:
            return connection.execute(sql, given).fetchall()


def signed_in(role: str) -> Person:
    """Somebody of a role, without a password."""
    return sessions.admit(load_catalogue().users[ACCOUNTS[role]], Channel.DESK)


def everybody() -> tuple[dict[str, Person], Callable[[str], TestClient]]:
    """Somebody of each role, signed in, and the application as each of them asks it."""
    people = {str(role): signed_in(role) for role in Audience}
    made = app.application()

    def client(role: str) -> TestClient:
        opened = TestClient(
            made, base_url="http://127.0.0.1:8090", follow_redirects=False, raise_server_exceptions=False
        )
        if role in people:
            opened.cookies.set(guard.COOKIE, people[role].token)
        return opened

    return people, client


@pytest.fixture
def asked_as() -> Iterator[set[str]]:
    """The database roles any statement was run as, of this process; not what is computed again beside, for who asked before."""
    roles: set[str] = set()

    def heard(connection: Connection, *_: Any) -> None:
        if threading.current_thread().name != kept.BESIDE:
            roles.add(str(connection.engine.url.username))

    event.listen(Engine, "before_cursor_execute", heard)
    yield roles
    event.remove(Engine, "before_cursor_execute", heard)


@pytest.fixture(scope="module")
def desk(migrated: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PCW_BUSINESS_DATE", "2026-02-25")
        with open_warehouse(migrated, folder, patch) as warehouse:
            given = penalties.rows(4)
            good = penalties.land(folder, "good.csv", penalties.csv_bytes(given[:2]))
            penalties.judge(good)
            wrong = [row | {"decision_date": "2099-01-01"} for row in given[2:]]
            returned = penalties.land(folder, "wrong.csv", penalties.csv_bytes(wrong))
            penalties.judge(returned)
            follow_up(run_on(penalties.ON))
            people, client = everybody()
            with warehouse.connect("owner") as connection:
                slip = connection.execute("select slip_id from ledger.slip where batch_seq = %s", [returned]).fetchone()
            assert slip, "the second receipt has a slip"
            yield Desk(warehouse, client, people, good, returned, slip[0])
    settings.forget_connections()


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    return tmp_path
