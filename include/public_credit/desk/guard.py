"""What every request passes: size, host, security headers; then, by route, who asks – nobody gets further by default."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import AsyncIterator
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, MutableHeaders, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..base import settings
from ..base.messages import UserError
from ..ledger.session import acting
from ..ledger.written import clear
from . import rights, scrape, sessions
from .person import Person

COOKIE, BEFORE = "pcw_desk", "pcw_before"  # of a session; of a form to sign in
NOBODY = "desk"  # whose rights a request has until somebody is let in: those of signing in
LARGEST = 64 * 1024 * 1024  # bytes of a request
LARGEST_WITHOUT_FILE = 256 * 1024  # of a form that brings no file
_LONGEST = 2_000  # characters of a field
_HOST = re.compile(r"(\[::1\]|[a-z0-9._-]+)(:[0-9]{1,5})?", re.I)
CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


class SignInFirst(Exception):
    """Nobody is signed in, and the route is not for everybody."""


class NotYours(UserError):
    """Somebody is signed in, and the route is not for this role, or the form is not from this session."""


def public_url() -> str:
    """The address people use, '' where none is named."""
    return settings.current().desk_url or ""


def secure() -> bool:
    """Whether people reach the desk by https, so that cookies never travel otherwise."""
    return public_url().startswith("https:")


class Shield:
    """The outermost layer: refuses requests that are too large or for another host, and puts headers on every answer."""

    def __init__(self, app: ASGIApp):
        self.app = app

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        hosts = {"127.0.0.1", "localhost", "[::1]", urlsplit(public_url()).hostname or "127.0.0.1"}
        host = _HOST.fullmatch(headers.get(b"host", ""))
        if host is None or host[1].lower() not in hosts:
            return PlainTextResponse("没有这个站点。请用工作台的地址打开。", 421)
        if scope["method"] not in ("GET", "HEAD"):
            length = headers.get(b"content-length", "")
            if not length.isdecimal():
                return PlainTextResponse("请求没有写明长度。请从工作台的页面提交。", 411)
            most = (
                LARGEST if headers.get(b"content-type", "").lower().startswith("multipart/") else LARGEST_WITHOUT_FILE
            )
            if len(length) > 12 or int(length) > most:
                return PlainTextResponse(f"内容过大，上限 {most // 1024} KB。请缩减后重新提交。", 413)
        return None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    if name not in headers:
                        headers[name] = value
                if secure():
                    headers["Strict-Transport-Security"] = "max-age=31536000"
            await send(message)

        try:
            with acting(NOBODY, ""):
                await (self._refusal(scope) or self.app)(scope, receive, with_headers)
        except (
            Exception
        ) as error:  # told and noted already; the server would log its text, which may hold a delivered value
            clear(error)


def before_token(cookie: str) -> str:
    """What the form to sign in carries: made of its cookie, so that only a page of ours can know it."""
    return hashlib.sha256(f"login {cookie}".encode()).hexdigest()


def _same(given: object, wanted: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode(), wanted.encode())


def _strange(text: str, fine: str = "\r\n\t") -> bool:
    """Whether a text holds control characters other than ``fine``, or halves of characters, which no encoding can write."""
    return any(unicodedata.category(char) in ("Cc", "Cs") and char not in fine for char in text)


async def _form(request: Request) -> FormData:
    """The form of a request. Raises UserError for one that cannot be read or holds characters no text has."""
    try:
        form = await request.form(max_files=1, max_fields=40, max_part_size=64 * 1024)
    except (HTTPException, MultiPartException, ValueError):
        raise UserError("表单读不了。", remedy="返回上一页重新填写。") from None
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            if _strange(value.filename or "", ""):
                raise UserError("文件名含有控制字符。", remedy="给文件改名后重新上传。")
        elif len(value) > _LONGEST or _strange(value):
            raise UserError(
                f"表单的一项（{name[:20] if name.isalnum() else '未知'}）过长或含有控制字符。",
                remedy="改正后重新提交。",
            )
    return form


async def admitted(request: Request) -> AsyncIterator[None]:
    """The gate of every route: who is let in has the rights of the own role in the database until the answer is made.

    Raises SignInFirst, NotYours; scrape.NoToken for the metrics.
    """
    request.state.person = None
    await _let_in(request)
    person = request.state.person
    role, token = (person.role, person.token) if person else (NOBODY, "")
    if (request.method, request.scope["route"].path) == scrape.ROUTE:
        role = scrape.READS_AS
    with acting(role, token):
        yield


async def _let_in(request: Request) -> None:
    """The audience of the route, who is signed in, and for a POST that the form is from a page of that session."""
    path: str = request.scope["route"].path
    if (request.method, path) == scrape.ROUTE:
        await run_in_threadpool(scrape.admitted, request)
        return
    audience = rights.TABLE.get((request.method, path), frozenset())
    token = request.cookies.get(COOKIE, "")
    person = await run_in_threadpool(sessions.of, token) if token and path != "/static/{name}" else None
    request.state.person = person
    if audience is not None and person is None:
        raise SignInFirst
    if audience is not None and person is not None and person.role not in audience:
        raise NotYours("这一页不对您的角色开放。", remedy="从导航中选择您可以使用的页面。", code=4)
    if request.method != "POST":
        return
    origin = request.headers.get("origin")
    if origin and origin != "null" and origin.partition("://")[2] != request.headers.get("host"):
        raise NotYours("请求来自别的站点，未执行。", remedy="从工作台自己的页面提交。", code=4)
    request.state.form = form = await _form(request)
    before = request.cookies.get(BEFORE, "")
    wanted = person.csrf if person and audience is not None else before_token(before) if before else secrets.token_hex()
    if not _same(form.get("csrf") or request.headers.get("x-csrf-token"), wanted):
        raise NotYours("页面已过期，未执行。", remedy="刷新页面后重新提交。", code=4)


def signed_in(request: Request) -> Person:
    """The person a route is answered for."""
    person = request.state.person
    if not isinstance(person, Person):
        raise SignInFirst
    return person


def form_of(request: Request) -> FormData:
    """The form that came with a request, looked through by the gate."""
    form: FormData = request.state.form
    return form


Signed = Annotated[Person, Depends(signed_in)]
Form = Annotated[FormData, Depends(form_of)]


def to_sign_in(path: str) -> str:
    """Where somebody is sent who has to sign in first; afterwards he comes back."""
    return f"/login?next={quote(path)}"


def inside(path: str) -> str:
    """A path of ours to go on to, '/' for anything else: no address leads out of the house."""
    fine = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if fine and not path.startswith("/login") else "/"
