"""Signing in at the district's identity provider: OpenID Connect, authorization code with PKCE, through Authlib.

What is remembered between leaving and coming back – state, nonce, verifier – stands in a signed cookie of ten minutes.
"""

from __future__ import annotations

import json
import secrets
from typing import Any

import httpx
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from itsdangerous import BadSignature, URLSafeTimedSerializer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from ..base import settings
from ..base.messages import UserError
from ..catalogue import load_catalogue
from ..catalogue.district import SignInAt
from . import guard

COOKIE = "pcw_oidc"
LONGEST = 600  # seconds between leaving and coming back
_ALGORITHMS = ["RS256", "ES256", "PS256"]
_signer = URLSafeTimedSerializer(secrets.token_hex(), salt="oidc")


def provider() -> SignInAt | None:
    """The provider the district names, None where it names none."""
    return load_catalogue().district.oidc


def _failed(why: str) -> UserError:
    return UserError(f"统一身份认证没有完成：{why}。", remedy="重新登录；仍不行的，请数据管理员查看。", code=5)


def _named() -> SignInAt:
    found = provider()
    if found is None:
        raise UserError("本辖区没有配置统一身份认证。", remedy="用账号和口令登录。", code=4)
    return found


def _metadata(at: SignInAt) -> dict[str, Any]:
    url = f"{at.issuer.rstrip('/')}/.well-known/openid-configuration"
    try:
        found = httpx.get(url, timeout=10, trust_env=False).raise_for_status().json()
    except (httpx.HTTPError, ValueError):
        raise _failed("认证服务没有应答") from None
    if not isinstance(found, dict) or found.get("issuer") != at.issuer:
        raise _failed("认证服务的名称与 district.yml 不符")
    return found


def _client(at: SignInAt, back: str) -> OAuth2Session:
    path = settings.home() / "secrets" / "desk_oidc_secret"
    secret = path.read_text(encoding="utf-8").strip() if path.exists() else None
    made = OAuth2Session(
        at.client_id,
        secret,
        scope="openid profile",
        redirect_uri=back,
        code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_basic" if secret else "none",
    )
    made.trust_env = False  # no proxy that the environment names
    return made


def leave(back: str, onward: str, replaces: str) -> tuple[str, str]:
    """The provider's address to send a person to, and the cookie to remember him by. Raises UserError.

    ``replaces``: the session he has now (``sessions.known_by``), '' for none: its cookie does not come along on the way back.
    """
    at = _named()
    verifier, nonce = generate_token(64), generate_token(32)
    with _client(at, back) as client:
        url, state = client.create_authorization_url(
            _metadata(at)["authorization_endpoint"], nonce=nonce, code_verifier=verifier
        )
    remembered = {"state": state, "nonce": nonce, "verifier": verifier, "next": guard.inside(onward)}
    remembered["replaces"] = replaces
    return url, str(_signer.dumps(json.dumps(remembered)))


def come_back(cookie: str, state: str, code: str, back: str) -> tuple[str, str, str]:
    """(subject, where to go on, the session that is replaced) of a person the provider vouches for. Raises UserError for anything that is not his own return."""
    at = _named()
    try:
        remembered = json.loads(_signer.loads(cookie, max_age=LONGEST))
    except (BadSignature, ValueError):
        raise _failed("登录已过期") from None
    if not secrets.compare_digest(remembered["state"].encode(), state.encode()):
        raise _failed("返回与出发不是同一次登录")
    metadata = _metadata(at)
    try:
        with _client(at, back) as client:
            token = client.fetch_token(
                metadata["token_endpoint"],
                code=code,
                code_verifier=remembered["verifier"],
                grant_type="authorization_code",
            )
        keys = httpx.get(metadata["jwks_uri"], timeout=10, trust_env=False).raise_for_status().json()
        claims = jwt.decode(token["id_token"], KeySet.import_key_set(keys), algorithms=_ALGORITHMS).claims
        jwt.JWTClaimsRegistry(
            leeway=60,
            iss={"essential": True, "value": at.issuer},
            aud={"essential": True, "value": at.client_id},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": remembered["nonce"]},
            sub={"essential": True},
        ).validate(claims)
    except (httpx.HTTPError, OAuthError, JoseError, KeyError, ValueError) as error:
        raise _failed(f"凭证不可用（{type(error).__name__}）") from None
    return str(claims["sub"]), remembered["next"], remembered["replaces"]
