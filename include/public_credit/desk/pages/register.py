"""One declaration for a page and its JSON: the same function answers both."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from .. import commands, shown
from ..actions import Job
from ..guard import Signed

Told = dict[str, Any]


def page(app: FastAPI, path: str, template: str, title: str, data: Callable[..., Told]) -> None:
    """``data`` as a page at ``path`` and as JSON at ``/api`` + ``path``."""

    def html(request: Request, person: Signed, told: Annotated[Told, Depends(data)]) -> HTMLResponse:
        return shown.page(
            template, person, title=title, here=path, address=request.url.path, commands=commands.told(path), **told
        )

    said = " ".join(part for part in (data.__doc__, commands.told(path)) if part)
    app.add_api_route(path, html, methods=["GET"], include_in_schema=False)
    app.add_api_route(f"/api{path}", data, methods=["GET"], summary=title, description=said)


def plain(app: FastAPI, method: str, path: str, answer: Callable[..., Any]) -> None:
    """A route that is no page: a form's target, a file."""
    app.add_api_route(path, answer, methods=[method], include_in_schema=False, response_model=None)


def to_job(job: Job, patience: float = 1.0) -> RedirectResponse:
    """On to the page of a job that was started."""
    job.done.wait(patience)
    return RedirectResponse(f"/jobs/{job.id}", 303)
