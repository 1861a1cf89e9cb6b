"""The metrics at the desk: closed without the district's token; this machine only where that is set, never behind a proxy."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Any

import pytest
from local_stack.desk import make_metrics_token
from public_credit.base import settings
from public_credit.desk import app, scrape
from starlette.testclient import TestClient

from tests.helpers.commands import credit

from .conftest import Desk

ALTERS = re.compile(r"^pcw_(collected|disk|database|backup|steps|step|outbox|info).*\n", re.MULTILINE)


@pytest.fixture
def token(desk: Desk) -> Any:
    make_metrics_token(settings.home())
    path = scrape.token_file()
    yield path.read_text(encoding="ascii")
    path.unlink()


def _client(address: str = "10.1.2.3") -> TestClient:
    return TestClient(
        app.application(), base_url="http://127.0.0.1:8090", raise_server_exceptions=False, client=(address, 50000)
    )


def _asked(client: TestClient, **headers: str) -> Any:
    return client.get("/metrics", headers=headers)


def test_the_token_opens_what_the_command_prints(desk: Desk, token: str) -> None:
    answer = _asked(_client(), authorization=f"Bearer {token}")
    assert answer.status_code == 200 and answer.headers["content-type"] == scrape.TYPE
    assert answer.headers["cache-control"] == "no-store"
    printed = credit("metrics").out
    assert "pcw_batches{" in printed and ALTERS.sub("", answer.text) == ALTERS.sub("", printed)
    assert stat.S_IMODE(scrape.token_file().stat().st_mode) == 0o600 and len(token) >= 64


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer ", "Bearer {}x", "Bearer {short}", "Basic {}", "{}", "Bearer é"]
)
def test_anything_else_is_turned_away(desk: Desk, token: str, given: str) -> None:
    given = given.replace("{short}", token[:-1]).replace("{}", token)
    for address in ("10.1.2.3", "127.0.0.1"):
        answer = _client(address).get("/metrics", headers={"authorization": given.encode()} if given else {})
        assert answer.status_code == 401 and "pcw_" not in answer.text
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_without_a_token_in_its_file_nobody_gets_in(desk: Desk) -> None:
    path = scrape.token_file()
    assert not path.exists() and _asked(_client(), authorization="Bearer ").status_code == 401
    path.write_text("\n", encoding="ascii")
    try:
        answer = _asked(_client(), authorization="Bearer ")
        assert answer.status_code == 503 and "过短" in answer.text, "an empty file is no token"
    finally:
        path.unlink()
    assert desk.client("engineer").get("/metrics").status_code == 401, "a person reads pages"


def test_this_machine_needs_none_where_that_is_set_and_no_proxy_stands_before_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _asked(_client("127.0.0.1")).status_code == 401
    monkeypatch.setenv("PCW_METRICS", "local")
    assert _asked(_client("127.0.0.1")).status_code == 200 and _asked(_client("::1")).status_code == 200
    assert _asked(_client()).status_code == 401
    monkeypatch.setenv("PCW_DESK_URL", "https://desk.example")
    assert _asked(_client("127.0.0.1")).status_code == 401


def test_the_token_may_stand_elsewhere(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "token"
    path.write_text("z" * scrape.SHORTEST + "\n", encoding="ascii")
    monkeypatch.setenv("PCW_METRICS_TOKEN_FILE", str(path))
    make_metrics_token(settings.home())
    assert not (settings.home() / "secrets" / scrape.TOKEN).exists()
    assert _asked(_client(), authorization="bearer " + "z" * scrape.SHORTEST).status_code == 200
