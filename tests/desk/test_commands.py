"""Everything a page shows or does exists on the command line: each route names its commands, and those exist."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import typer
from public_credit.cli import app as commands_app
from public_credit.desk import app, commands, rights
from public_credit.ledger.states import SignIn

from tests.helpers.commands import credit

from .conftest import Desk

ROUTES = sorted(rights.TABLE, key=lambda item: (item[1], item[0]))
LETS_IN = {"/", "/login", "/logout", "/login/oidc", "/login/oidc/back", "/static/{name}", "/health"}


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=[" ".join(route) for route in ROUTES])
def test_a_route_names_commands_that_exist(method: str, path: str) -> None:
    named = commands.of(method, path)
    bare = path.removeprefix("/api")
    assert bool(named) != (bare.startswith("/jobs") or bare in {*LETS_IN, "/openapi.json"})
    for words in named:
        group: Any = typer.main.get_command(commands_app)
        for word in words.split():
            if word.startswith("--"):
                assert word in {option for param in group.params for option in param.opts}, words
            else:
                group = group.commands[word]
        assert not hasattr(group, "commands") or group.invoke_without_command, words


def test_a_route_without_commands_fails_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "_OF", {key: value for key, value in commands._OF.items() if key[1] != "/deliveries"})
    with pytest.raises(KeyError, match="/deliveries"):
        app.create()


def test_a_page_and_its_description_say_the_command(desk: Desk) -> None:
    assert "public-credit release list" in desk.client("leadership").get("/releases").text
    described = desk.client("auditor").get("/api/openapi.json").json()["paths"]
    assert described["/api/quarantine"]["get"]["description"].endswith(
        "public-credit quarantine，public-credit waivers list"
    )


def test_attempts_to_sign_in_are_listed_by_account_and_day(desk: Desk) -> None:
    now = datetime.now(UTC)
    for account, age, outcome in (
        ("engineer", timedelta(minutes=1), SignIn.ADMITTED),
        ("engineer", timedelta(days=40), SignIn.REFUSED),
        ("nobody\x1b[31m", timedelta(hours=1), SignIn.THROTTLED),
    ):
        desk.query(
            "insert into desk.login_attempt (account, address, outcome, at) values (%s, '10.0.0.7', %s, %s) returning id",
            account,
            outcome,
            now - age,
        )
    shown = credit("users", "signins")
    assert shown.code == 0 and "次数过多" in shown.out and "10.0.0.7" in shown.out and "\x1b" not in shown.out
    assert len(shown.out.splitlines()) == 3, "a month, the newest first"
    assert shown.out.index("登录成功") < shown.out.index("次数过多")
    rows = credit("users", "signins", "--account", "engineer", "--days", "60", "--json").json
    assert [(row["account"], row["outcome"]) for row in rows] == [("engineer", "admitted"), ("engineer", "refused")]
    assert credit("users", "signins", "--account", "wang").out.startswith("没有")
    page = desk.client("auditor").get("/api/signins").json()["rows"]
    assert page == credit("users", "signins", "--days", "366", "--json").json
