"""The application: routes put together, the gate before each of them, errors as sentences."""

from __future__ import annotations

from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.routing import APIRoute
from sqlalchemy.exc import DataError, OperationalError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from ..base import faults
from ..base.messages import UserError
from . import commands, guard, rights, scrape, shown
from .pages import approvals, casefiles, login, mine, records, register, targets, work


class Undeclared(RuntimeError):
    """A route without an audience, or an audience without a route."""


def _declared(app: FastAPI) -> None:
    """Raises Undeclared unless routes and table of rights name each other, KeyError for a route without its commands."""
    routes = [route for route in app.routes if not isinstance(route, APIRoute)]
    made = {(method, route.path) for route in app.routes if isinstance(route, APIRoute) for method in route.methods}
    if routes or made != set(rights.TABLE):
        raise Undeclared(f"{routes} {made ^ set(rights.TABLE)}")
    for route in made:
        commands.of(*route)


def _told(request: Request, status: int, title: str, text: str, remedy: str = "") -> Response:
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": text, "remedy": remedy}, status)
    return shown.message(getattr(request.state, "person", None), title, text, remedy, status)


def _handlers(app: FastAPI) -> None:
    @app.exception_handler(guard.SignInFirst)
    def sign_in_first(request: Request, error: guard.SignInFirst) -> Response:
        if request.url.path.startswith("/api/"):
            return JSONResponse({"error": "没有登录。", "remedy": "先在工作台登录。"}, 401)
        if request.method == "POST":
            return _told(request, 401, "请先登录", "没有登录，或登录已过期：未执行。", "登录后重新提交。")
        return RedirectResponse(guard.to_sign_in(request.url.path), 303)

    @app.exception_handler(UserError)
    def known(request: Request, error: UserError) -> Response:
        status = 403 if isinstance(error, guard.NotYours) else shown.STATUS.get(error.code, 400)
        return _told(request, status, "未能完成", error.text, error.remedy)

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> Response:
        return _told(request, 400, "未能完成", "地址或表单中的值不可用。", "从页面上的链接进入，或改正后重试。")

    @app.exception_handler(DataError)
    def too_much(request: Request, error: DataError) -> Response:
        return _told(request, 400, "未能完成", "给出的值超出数据库能表示的范围。", "核对编号、日期与数字。")

    @app.exception_handler(OperationalError)
    def no_database(request: Request, error: OperationalError) -> Response:
        return _told(request, 503, "暂时不能使用", "连接不上数据库。", "稍后再试；请数据管理员运行 doctor 检查。")

    @app.exception_handler(HTTPException)
    def of_http(request: Request, error: HTTPException) -> Response:
        text = "没有这一页。" if error.status_code == 404 else "不能这样使用这个地址。"
        return _told(request, error.status_code, "未能完成", text, "从导航中选择页面。")

    @app.exception_handler(Exception)
    def of_ours(request: Request, error: Exception) -> Response:
        faults.note("desk", error)
        return _told(request, 500, "程序内部错误", f"程序内部错误（{faults.name(error)}）。", "请数据工程师查看日志。")


def application() -> ASGIApp:
    """The desk as it is served: no request reaches it but through the shield, no answer leaves without its headers."""
    return guard.Shield(create())


def create() -> FastAPI:
    """The desk. Raises Undeclared when a route has no audience."""
    app = FastAPI(
        title="公共信用信息数仓工作台",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[Depends(guard.admitted)],
        redirect_slashes=False,
    )
    _handlers(app)
    app.add_exception_handler(scrape.NoToken, scrape.refused)
    for part in (login, work, approvals, mine, targets, records, casefiles):
        part.register_all(app)
    register.plain(app, *scrape.ROUTE, scrape.read)

    def description(person: guard.Signed) -> dict[str, Any]:
        return app.openapi()

    register.plain(app, "GET", "/api/openapi.json", description)
    _declared(app)
    return app
