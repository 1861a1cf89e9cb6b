"""Signing in and out, and where everybody begins."""

from __future__ import annotations

import secrets

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from ...base.messages import UserError
from ...ledger.states import Channel
from .. import codes, guard, oidc, rights, sessions, shown, signins
from ..guard import Form, Signed
from ..person import Person
from . import register


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _form(request: Request, onward: str, fault: UserError | None = None, status: int = 200) -> Response:
    before = request.cookies.get(guard.BEFORE) or secrets.token_urlsafe(18)
    at = oidc.provider()
    answer = shown.page(
        "login.html.j2",
        None,
        status,
        title="登录",
        csrf=guard.before_token(before),
        onward=guard.inside(onward),
        fault=fault,
        provider=at.title if at else "",
    )
    answer.set_cookie(
        guard.BEFORE, before, httponly=True, samesite="strict", secure=guard.secure(), path="/login", max_age=3600
    )
    return answer


def _entered(person: Person, answer: Response) -> Response:
    answer.set_cookie(
        guard.COOKIE,
        person.token,
        httponly=True,
        samesite="strict",
        secure=guard.secure(),
        max_age=int(sessions.LONGEST.total_seconds()),
    )
    answer.delete_cookie(guard.BEFORE, path="/login", secure=guard.secure(), httponly=True, samesite="strict")
    return answer


def show(request: Request, next: str = "/") -> Response:
    """The form."""
    return RedirectResponse("/", 303) if request.state.person else _form(request, next)


def sign_in(request: Request, form: Form) -> Response:
    """A person with account and password."""
    onward = guard.inside(str(form.get("next") or "/"))
    try:
        person = sessions.sign_in(str(form.get("account", ""))[:64], str(form.get("password", "")), _address(request))
    except sessions.Refused as fault:
        return _form(request, onward, fault, 401)
    if old := request.cookies.get(guard.COOKIE):
        sessions.close(old)
    return _entered(person, RedirectResponse(onward, 303))


def _back(request: Request) -> str:
    return f"{guard.public_url() or str(request.base_url)}".rstrip("/") + "/login/oidc/back"


def to_provider(request: Request, next: str = "/") -> Response:
    """Off to the district's identity provider."""
    before = request.cookies.get(guard.COOKIE)
    url, cookie = oidc.leave(_back(request), next, sessions.known_by(before) if before else "")
    answer = RedirectResponse(url, 303)
    answer.set_cookie(  # lax: the way back begins at another site
        oidc.COOKIE, cookie, httponly=True, samesite="lax", secure=guard.secure(), path="/login", max_age=oidc.LONGEST
    )
    return answer


def from_provider(request: Request, state: str = "", code: str = "") -> Response:
    """Back from the provider; a page of ours goes on, as the session's cookie is not sent along on a way from elsewhere."""
    subject, onward, replaces = oidc.come_back(request.cookies.get(oidc.COOKIE, ""), state, code, _back(request))
    person = sessions.admit_known(subject, _address(request))
    if replaces:
        sessions.close_known(replaces)
    answer = shown.page(
        "message.html.j2", None, title="已登录", text=f"{person.name}，您已登录。", remedy="", onward=onward
    )
    answer.delete_cookie(oidc.COOKIE, path="/login", secure=guard.secure(), httponly=True, samesite="lax")
    return _entered(person, answer)


def sign_out(person: Signed) -> Response:
    """The end of a session and of those its codes opened at the command line, in the database too."""
    sessions.close(person.token)
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(guard.COOKIE, secure=guard.secure(), httponly=True, samesite="strict")
    return answer


def at_command_line(request: Request, form: Form) -> Response:
    """A person at the command line, with account and password or with a one-time code; the token is the answer."""
    try:
        if code := str(form.get("code", "")):
            person = sessions.admit_by_code(code[:64], _address(request))
        else:
            account, password = str(form.get("account", ""))[:64], str(form.get("password", ""))
            person = sessions.sign_in(account, password, _address(request), Channel.CLI)
    except sessions.Refused as fault:
        return JSONResponse({"error": fault.text, "remedy": fault.remedy}, 401)
    return JSONResponse({"token": person.token, "account": person.account})


def terminal(person: Signed) -> register.Told:
    """What a code for the command line is, before there is one."""
    return {"code": "", "minutes": int(codes.GOOD_FOR.total_seconds()) // 60}


def give_code(person: Signed) -> Response:
    """A one-time code for the command line, shown once to the person who is signed in."""
    told = terminal(person) | {"code": codes.made_for(person.account, person.token)}
    return shown.page("terminal.html.j2", person, title="命令行登录", here="/terminal", **told)


def home(person: Signed) -> Response:
    """Where a role begins."""
    return RedirectResponse(rights.HOME[person.role], 303)


def file(name: str) -> Response:
    """What pages look like."""
    content, kind = shown.static(name)
    return Response(content, media_type=kind, headers={"Cache-Control": "max-age=300"})


def health() -> Response:
    """Whether the process answers."""
    return JSONResponse({"status": "ok"})


def attempts(person: Signed) -> register.Told:
    """The newest attempts to sign in, and passwords that were set."""
    return {"rows": signins.attempts(), "outcomes": signins.OUTCOMES}


def register_all(app: FastAPI) -> None:
    """Put the routes into the application."""
    register.plain(app, "GET", "/login", show)
    register.plain(app, "POST", "/login", sign_in)
    register.plain(app, "GET", "/login/oidc", to_provider)
    register.plain(app, "GET", "/login/oidc/back", from_provider)
    register.plain(app, "POST", "/api/login", at_command_line)
    register.page(app, "/terminal", "terminal.html.j2", "命令行登录", terminal)
    register.plain(app, "POST", "/terminal", give_code)
    register.plain(app, "POST", "/logout", sign_out)
    register.plain(app, "GET", "/", home)
    register.plain(app, "GET", "/static/{name}", file)
    register.plain(app, "GET", "/health", health)
    register.page(app, "/signins", "signins.html.j2", "登录记录", attempts)
