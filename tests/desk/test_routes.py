"""Default deny: every route, anonymously and as each role; nothing is executed without the form of the session."""

from __future__ import annotations

import re
from typing import Any

import pytest
from public_credit.desk import app, rights
from public_credit.ledger.states import Audience
from starlette.testclient import TestClient

from .conftest import ARCHIVE, Desk

ROUTES = sorted(rights.TABLE, key=lambda item: (item[1], item[0]))


def _path(desk: Desk, path: str) -> str:
    fitting = {
        "seq": desk.returned, "release_id": 1, "job_id": "0" * 16, "slip_id": desk.slip, "name": "desk.css", "case": 1, "edition": 1,
        "key": "无此号", "row_no": 1, "number": 1 if path.startswith("/approvals") else "T05/1/all/2026", "column": "%20",
        "move": "merge" if path.startswith("/subjects") else "approve" if path.startswith(("/approvals", "/editions", "/releases")) else "replay",
    }  # fmt: skip
    return re.sub(r"\{(\w+)(?::path)?\}", lambda found: str(fitting[found[1]]), path)


def _ask(client: TestClient, method: str, path: str, **data: Any) -> Any:
    return client.get(path) if method == "GET" else client.post(path, data=data)


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=[" ".join(route) for route in ROUTES])
def test_nobody_gets_in_without_signing_in(desk: Desk, asked_as: set[str], method: str, path: str) -> None:
    answer = _ask(desk.client("nobody"), method, _path(desk, path))
    assert asked_as <= {"pcw_desk"}, "nobody is let in, and something is read"
    if rights.TABLE[(method, path)] is None:
        assert answer.status_code != 401
    elif method == "GET" and not path.startswith("/api") and path != "/metrics":
        assert answer.status_code == 303 and answer.headers["location"].startswith("/login?next=")
    else:
        assert answer.status_code == 401
    assert "示罚决" not in answer.text and "wrong.csv" not in answer.text


@pytest.mark.parametrize("role", [str(role) for role in Audience])
@pytest.mark.parametrize(("method", "path"), ROUTES, ids=[" ".join(route) for route in ROUTES])
def test_a_role_gets_what_the_table_gives_it_and_nothing_else(
    desk: Desk, asked_as: set[str], role: str, method: str, path: str
) -> None:
    audience = rights.TABLE[(method, path)]
    if path in ("/logout", "/login", "/login/oidc", "/login/oidc/back"):
        return
    answer = _ask(desk.client(role), method, _path(desk, path))
    if path == "/metrics":
        assert answer.status_code == 401, "no person's session opens it"
    elif audience is not None and Audience(role) not in audience:
        assert answer.status_code == 403, answer.text
        assert "不对您的角色开放" in answer.text and "wrong.csv" not in answer.text
    elif method == "POST":
        assert answer.status_code == 403 and "页面已过期" in answer.text, "no form of this session came along"
    else:
        assert answer.status_code in (200, 303, 404) or path.endswith("/find") or "figures" in path, answer.text
        assert answer.status_code != 404 or re.search("没有", answer.text)
    original = {ARCHIVE} if "/rows/" in path else set()
    assert asked_as <= {"pcw_desk", f"pcw_{role}"} | original, "a page reads with other rights than those of who asks"


def test_a_route_without_an_audience_fails_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = dict(rights.TABLE)
    monkeypatch.delitem(rights.TABLE, ("GET", "/deliveries"))
    with pytest.raises(app.Undeclared, match="/deliveries"):
        app.create()
    monkeypatch.setattr(rights, "TABLE", kept | {("GET", "/forgotten"): None})
    with pytest.raises(app.Undeclared, match="/forgotten"):
        app.create()


@pytest.mark.parametrize(
    "page", ["/intake", "/batches", "/quarantine", "/releases", "/deliveries", "/trends", "/subjects"]
)
def test_every_page_is_there_as_json_with_the_same_rights(desk: Desk, page: str) -> None:
    told = desk.client("engineer").get(f"/api{page}")
    assert told.status_code == 200 and told.headers["content-type"] == "application/json"
    assert desk.client("clerk").get(f"/api{page}").status_code == 403
    described = desk.client("auditor").get("/api/openapi.json").json()["paths"]
    assert f"/api{page}" in described and not any("/login" in path for path in described)


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/api/nothing",
        "/static/../app.py",
        "/static/desk.py",
        "/targets/../../etc",
        "/docs",
        "/openapi.json",
    ],
)
def test_there_is_nothing_else(desk: Desk, path: str) -> None:
    for role in ("nobody", "engineer"):
        assert desk.client(role).get(path).status_code in (303, 404)


def test_headers_forbid_everything_from_outside(desk: Desk) -> None:
    for role, path in (("nobody", "/login"), ("engineer", "/intake"), ("engineer", "/nothing"), ("clerk", "/intake")):
        answer = desk.client(role).get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert answer.headers["x-frame-options"] == "DENY" and answer.headers["cache-control"] == "no-store"
        assert (
            answer.headers["referrer-policy"] == "no-referrer" and answer.headers["x-content-type-options"] == "nosniff"
        )
        assert not re.search(r"""(src|href|action)=["']?(https?:)?//|<style|style=|<script>|onclick""", answer.text)


def test_another_host_or_an_endless_form_is_turned_away(desk: Desk) -> None:
    client = desk.client("engineer")
    assert client.get("/intake", headers={"host": "evil.example"}).status_code == 421
    assert client.post("/gate", content=iter([b"x"])).status_code == 411
    assert client.post("/gate", headers={"content-length": str(10**9)}, content=b"x").status_code == 413


def test_a_clerk_sees_his_unit_and_no_other(desk: Desk) -> None:
    desk.query("update ledger.batch set unit_id = 'scjg' where seq = %s returning seq", desk.good)
    try:
        client = desk.client("clerk")
        assert client.get(f"/mine/batches/{desk.returned}").status_code == 200
        refused = client.get(f"/mine/batches/{desk.good}")
        assert refused.status_code == 404 and "good.csv" not in refused.text
        listed = {row["unit_id"] for row in client.get("/api/mine").json()["batches"]}
        assert listed == {"zhzf"}
    finally:
        desk.query("update ledger.batch set unit_id = 'zhzf' where seq = %s returning seq", desk.good)
