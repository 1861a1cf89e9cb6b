"""Signing in: passwords, throttling, forms of the page alone, sessions that end – by time, by hand, with the account."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from local_stack.postgres import free_port
from public_credit.desk import app, guard, passwords, serve, sessions
from public_credit.desk.guard import inside
from starlette.testclient import TestClient

from .conftest import Desk, signed_in

PASSWORD = "长口令-for-the-test"


@pytest.fixture(scope="module", autouse=True)
def password(desk: Desk) -> None:
    for account in ("engineer", "auditor"):
        passwords.set_password(account, PASSWORD)


@pytest.fixture(autouse=True)
def unthrottled(desk: Desk) -> None:
    desk.query("delete from desk.login_attempt returning id")


def _csrf(text: str) -> str:
    found = re.search(r'name="csrf" value="(\w+)"', text)
    assert found, text
    return found[1]


def _sign_in(client: TestClient, account: str, password: str, **more: str) -> Any:
    form = client.get("/login").text
    return client.post("/login", data={"csrf": _csrf(form), "account": account, "password": password} | more)


def test_a_person_signs_in_works_and_signs_out(desk: Desk) -> None:
    client = desk.client("nobody")
    entered = _sign_in(client, "engineer", PASSWORD, next="/batches")
    assert entered.status_code == 303 and entered.headers["location"] == "/batches"
    cookie = next(value for value in entered.headers.get_list("set-cookie") if value.startswith(guard.COOKIE))
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Secure" not in cookie
    page = client.get("/batches")
    assert page.status_code == 200 and "数据工程师甲" in page.text
    token = client.cookies[guard.COOKIE]
    assert desk.query("select count(*) from desk.session where encode(token_hash, 'escape') like %s", f"%{token}%") == [
        (0,)
    ]
    assert client.post("/logout", data={"csrf": _csrf(page.text)}).headers["location"] == "/login"
    client.cookies.set(guard.COOKIE, token)
    assert client.get("/batches").status_code == 303, "the session has ended in the database, too"
    assert desk.query("select outcome from desk.login_attempt") == [("admitted",)]


@pytest.mark.parametrize(
    ("account", "given"),
    [("engineer", "falsch"), ("nobody", PASSWORD), ("leader", PASSWORD), ("", ""), ("engineer", "")],
)
def test_a_wrong_password_and_an_unknown_account_are_told_alike(desk: Desk, account: str, given: str) -> None:
    answer = _sign_in(desk.client("nobody"), account, given)
    assert answer.status_code == 401 and "账号或口令不对" in answer.text
    assert guard.COOKIE not in answer.cookies


def test_too_many_attempts_are_turned_away_even_with_the_password(desk: Desk) -> None:
    for _ in range(sessions.OF_ACCOUNT):
        assert _sign_in(desk.client("nobody"), "engineer", "falsch").status_code == 401
    answer = _sign_in(desk.client("nobody"), "engineer", PASSWORD)
    assert answer.status_code == 401 and "次数过多" in answer.text
    assert _sign_in(desk.client("nobody"), "auditor", PASSWORD).status_code == 303, "others sign in as ever"
    desk.query("update desk.login_attempt set at = at - interval '16 minutes' returning id")
    assert _sign_in(desk.client("nobody"), "engineer", PASSWORD).status_code == 303


def test_an_address_that_tries_many_accounts_is_turned_away(desk: Desk) -> None:
    desk.query(
        "insert into desk.login_attempt (account, address, outcome) select 'a' || n, 'testclient', 'refused' "
        "from generate_series(1, %s) n returning id",
        sessions.OF_ADDRESS,
    )
    assert "次数过多" in _sign_in(desk.client("nobody"), "engineer", PASSWORD).text


@pytest.mark.parametrize(
    ("proxies", "counted"), [("", "10.9.8.7"), ("127.0.0.0/8", "10.9.8.7"), ("172.18.0.1", "127.0.0.1")]
)
def test_what_a_proxy_says_of_an_address_counts_from_the_named_ones(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, proxies: str, counted: str
) -> None:
    port = free_port()
    monkeypatch.setenv("PCW_DESK_URL", "https://desk.example")
    monkeypatch.setenv("PCW_DESK_PROXIES", proxies)
    server = uvicorn.Server(uvicorn.Config(app.application(), **serve.options(port)))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.02)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            form = client.get("/login")
            given = {"csrf": _csrf(form.text), "account": "engineer", "password": "falsch"}
            cookies = {guard.BEFORE: form.cookies[guard.BEFORE]}
            client.post("/login", data=given, headers={"x-forwarded-for": "10.9.8.7"}, cookies=cookies)
    finally:
        server.should_exit = True
        thread.join()
    assert desk.query("select address from desk.login_attempt") == [(counted,)]


def test_the_form_of_another_page_signs_nobody_in(desk: Desk) -> None:
    client = desk.client("nobody")
    given = {"account": "engineer", "password": PASSWORD}
    assert client.post("/login", data=given | {"csrf": "x"}).status_code == 403
    form = desk.client("nobody").get("/login").text
    assert client.post("/login", data=given | {"csrf": _csrf(form)}).status_code == 403, (
        "without the cookie of that form"
    )
    assert desk.query("select count(*) from desk.login_attempt") == [(0,)]


def test_a_form_of_another_session_or_site_does_nothing(desk: Desk) -> None:
    engineer, other = desk.client("engineer"), signed_in("engineer")
    url, form = f"/batches/{desk.good}/set-aside", {"reason": "核实", "confirm": "yes"}
    for csrf in ("", other.csrf, desk.people["clerk"].csrf, desk.people["engineer"].token):
        assert engineer.post(url, data=form | {"csrf": csrf}).status_code == 403
    own = form | {"csrf": desk.people["engineer"].csrf}
    assert engineer.post(url, data=own, headers={"origin": "http://evil.example"}).status_code == 403
    assert desk.query("select count(*) from ledger.step where name = 'set_aside'") == [(0,)]


def test_a_session_ends_when_nobody_uses_it_and_at_last_in_any_case(desk: Desk) -> None:
    person = signed_in("auditor")
    find = "token_hash = sha256(convert_to(%s, 'UTF8')) returning id"
    desk.query(f"update desk.session set seen_at = now() - interval '20 minutes' where {find}", person.token)
    assert sessions.of(person.token) == person
    (left,) = desk.query(
        "select ends_at - clock_timestamp() from desk.session where token_hash = sha256(convert_to(%s, 'UTF8'))",
        person.token,
    )
    assert sessions.IDLE.total_seconds() - 60 < left[0].total_seconds() <= sessions.IDLE.total_seconds()
    desk.query(
        f"update desk.session set opened_at = now() - interval '11 hours', seen_at = now() - interval '2 minutes' where {find}",
        person.token,
    )
    sessions.of(person.token)
    assert sessions.of(person.token) is None, "the longest session is over"
    idle = signed_in("auditor")
    desk.query(f"update desk.session set ends_at = now() - interval '1 second' where {find}", idle.token)
    assert sessions.of(idle.token) is None


def test_a_session_ends_with_its_account_or_role(desk: Desk, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    person, kept = signed_in("engineer"), signed_in("auditor")
    users = root / "include" / "districts" / "demo" / "users.yml"
    users.write_text(
        "- {account: engineer, name: 数据工程师甲, role: auditor}\n- {account: auditor, name: 审计人员, role: auditor}\n",
        encoding="utf-8",
    )
    assert sessions.of(person.token) is None and sessions.of(kept.token) == kept
    users.unlink()
    assert sessions.of(kept.token) is None


def test_cookies_are_secure_where_people_come_by_https(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PCW_DESK_URL", "https://desk.example")
    client = TestClient(app.application(), base_url="https://desk.example", follow_redirects=False)
    answer = _sign_in(client, "engineer", PASSWORD)
    assert answer.status_code == 303 and all("Secure" in value for value in answer.headers.get_list("set-cookie"))
    assert answer.headers["strict-transport-security"].startswith("max-age=")


@pytest.mark.parametrize(
    "path", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nb", "", "javascript:1", "/login"]
)
def test_no_address_leads_out_of_the_house(path: str) -> None:
    assert inside(path) == "/"
