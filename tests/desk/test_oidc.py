"""Signing in at an identity provider, a real one of this process: code with PKCE, keys, nonce; anything amiss lets nobody in."""

from __future__ import annotations

import base64
import hashlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from local_stack.postgres import free_port
from public_credit.catalogue import load_catalogue
from public_credit.desk import guard, sessions
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .conftest import Desk


class Provider:
    """A small OpenID provider that knows one client; ``wrong`` says what it gets wrong."""

    def __init__(self) -> None:
        self.port, self.wrong, self.subject = free_port(), "", "sub-1"
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.key, self.other = RSAKey.generate_key(2048, {"kid": "1"}), RSAKey.generate_key(2048, {"kid": "1"})
        self.asked: dict[str, dict[str, str]] = {}
        app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.configuration),
                Route("/token", self.token, methods=["POST"]),
                Route("/keys", self.keys),
            ]
        )
        self.server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=self.port, log_level="critical"))
        self.thread = threading.Thread(target=self.server.run)

    def authorize(self, url: str) -> dict[str, str]:
        """What a browser does at the provider: the parameters it comes back with."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert asked["response_type"] == "code" and asked["code_challenge_method"] == "S256" and asked["nonce"]
        self.asked["code-1"] = asked
        return {"state": asked["state"], "code": "code-1"}

    async def configuration(self, request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            }
        )

    async def keys(self, request: Request) -> Response:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def token(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        asked = self.asked.pop(form["code"], None)
        digest = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=")
        if asked is None or digest.decode() != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": "desk",
            "sub": self.subject,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
        }
        wrong: dict[str, dict[str, Any]] = {
            "issuer": {"iss": "http://evil.example"},
            "audience": {"aud": "another"},
            "nonce": {"nonce": "another"},
            "expired": {"exp": now - 600},
        }
        claims |= wrong.get(self.wrong, {})
        key = self.other if self.wrong == "key" else self.key
        token = jwt.encode({"alg": "RS256", "kid": "1"}, claims, key)
        if self.wrong == "unsigned":
            head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
            token = f"{head}.{token.split('.')[1]}."
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": token})


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    made = Provider()
    made.thread.start()
    while not made.server.started:
        time.sleep(0.02)
    yield made
    made.server.should_exit = True
    made.thread.join()


@pytest.fixture
def district(desk: Desk, provider: Provider, root: Path) -> None:
    folder = root / "include" / "districts" / "demo"
    with (folder / "district.yml").open("a", encoding="utf-8") as file:
        file.write(f"\noidc: {{issuer: '{provider.issuer}', client_id: desk}}\n")
    (folder / "users.yml").write_text("- {account: wang, name: 王, role: auditor, oidc: sub-1}\n", encoding="utf-8")
    assert load_catalogue().district.oidc
    provider.wrong, provider.subject = "", "sub-1"


def _come_back(desk: Desk, provider: Provider, client: Any, **changed: str) -> Any:
    left = client.get("/login/oidc", params={"next": "/batches"})
    assert left.status_code == 303 and left.headers["location"].startswith(provider.issuer)
    return client.get("/login/oidc/back", params=provider.authorize(left.headers["location"]) | changed)


def test_whom_the_provider_vouches_for_is_signed_in(desk: Desk, provider: Provider, district: None) -> None:
    client = desk.client("nobody")
    assert "统一身份认证" in client.get("/login").text
    answer = _come_back(desk, provider, client)
    assert answer.status_code == 200 and 'href="/batches"' in answer.text and guard.COOKIE in answer.cookies
    assert client.get("/batches").status_code == 200
    assert desk.query("select outcome from desk.login_attempt where account = 'wang'") == [("admitted",)]


def test_the_session_there_was_ends_when_the_provider_lets_somebody_in(
    desk: Desk, provider: Provider, district: None
) -> None:
    client = desk.client("nobody")
    _come_back(desk, provider, client)
    before = client.cookies[guard.COOKIE]
    left = client.get("/login/oidc")
    client.cookies.delete(guard.COOKIE)  # strict: it does not come along from another site
    assert sessions.of(before) is not None, "as long as nobody else is let in"
    client.get("/login/oidc/back", params=provider.authorize(left.headers["location"]))
    assert sessions.of(before) is None and sessions.of(client.cookies[guard.COOKIE]) is not None


@pytest.mark.parametrize("wrong", ["issuer", "audience", "nonce", "expired", "key", "unsigned"])
def test_a_token_with_anything_amiss_lets_nobody_in(desk: Desk, provider: Provider, district: None, wrong: str) -> None:
    provider.wrong = wrong
    client = desk.client("nobody")
    answer = _come_back(desk, provider, client)
    assert answer.status_code == 502 and "没有完成" in answer.text and guard.COOKIE not in client.cookies


def test_the_return_of_another_sign_in_or_an_unknown_person_lets_nobody_in(
    desk: Desk, provider: Provider, district: None
) -> None:
    client = desk.client("nobody")
    assert _come_back(desk, provider, client, state="another").status_code == 502
    assert _come_back(desk, provider, client, code="another").status_code == 502
    assert desk.client("nobody").get("/login/oidc/back", params={"state": "s", "code": "code-1"}).status_code == 502
    provider.subject = "sub-2"
    unknown = _come_back(desk, provider, client)
    assert unknown.status_code == 404 and "没有工作台账号" in unknown.text and guard.COOKIE not in client.cookies


def test_without_a_provider_there_is_no_such_door(desk: Desk) -> None:
    assert desk.client("nobody").get("/login/oidc").status_code == 404
    assert "统一身份认证" not in desk.client("nobody").get("/login").text
